"""What attacks are tried on: one deployment, what becomes of it in rotations, and a broker for each that is asked."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from arm.values import reveal
from graph import pem
from graph.urns import name_of
from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt.authority import Authority
from rehearsal.mqtt.bodies import Credentials
from rehearsal.mqtt.client import ClientPlan, read_client, tls_context
from rehearsal.mqtt.mosquitto import run_broker
from rehearsal.mqtt.observer import observe
from rehearsal.mqtt.oracle import Action, Decision, decide
from rehearsal.mqtt.probe import DELIVERED, Case, Probe
from rehearsal.mqtt.translate import PortPlan, read_ports
from rehearsal.mqtt.wire import Options
from rehearsal.rotation.run import Deployed, deploy
from tests.conftest import TWO_CLUSTERS
from tests.rehearsal.mqtt.plant import changed

SETTINGS: dict[str, Any] = {
    **TWO_CLUSTERS,
    "clusters": {
        "site-1": {"code": "a", "address_space": "10.1.0.0/16"},
        "site-10": {"code": "b", "address_space": "10.2.0.0/16"},
        "enterprise": {"code": "e", "address_space": "10.20.0.0/16"},
    },
    "links": [{"from": site, "to": "enterprise"} for site in ("site-1", "site-10")],
}
"""Two sites whose names begin alike."""
ONE, TEN, BROKER = "arck-myorga-dev-001", "arck-myorgb-dev-001", "arck-myorge-dev-001"
OWN, OTHER = "site-1/output", "site-10/output"
"""Topics of the two links."""
SUBJECT = "site-1-to-enterprise-g1"


def _replace(settings: dict[str, Any], **pki: int) -> None:
    settings["pki"] = {"generation": 2, **pki}


STAGES: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "link renewed": lambda settings: settings["links"][0].update(generation=2),
    "link revoked": lambda settings: settings["links"][0].update(generation=2, revoked_generation=1),
    "authorities renewed": _replace,
    "authorities revoked": lambda settings: _replace(settings, revoked_generation=1),
}
"""What was changed of the first deployment, and is over."""
FIRST = "first step of: "
"""Before a stage: the clusters as they are once the broker has been told, with no site being any further."""
_TELL = ("update enterprise-link-authentication", "update enterprise-link-authorization")


@dataclass(frozen=True)
class Stage:
    """Clusters at one moment, and the keys that the stack's state has then."""

    views: Mapping[str, ClusterView]
    outputs: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """By logical name."""

    def client(self, site: str = ONE) -> ClientPlan:
        return read_client(self.views[site], "mqtt-enterprise")

    def port(self) -> PortPlan:
        (port,) = read_ports(self.views[BROKER])
        return port

    def authority(self, side: str = "client", generation: int = 1) -> Authority:
        """The deployed intermediate, which signs: the attacker has its key."""
        return self._authority(f"{side}-intermediate", generation, is_root=False)

    def root(self, side: str = "client", generation: int = 1) -> Authority:
        return self._authority(f"{side}-root", generation, is_root=True)

    def _authority(self, name: str, generation: int, *, is_root: bool) -> Authority:
        key: Any = load_pem_private_key(
            self.outputs[f"{name.replace('-intermediate', '-intermediate-key').replace('-root', '-root-key')}"
                         f"-g{generation}"]["privateKeyPemPkcs8"].encode(), None)  # fmt: skip
        (certificate,) = pem.certificates(self.outputs[f"{name}-g{generation}"]["certPem"])
        return Authority(certificate, key, () if is_root else (certificate,))


class Lab:
    """Everything is made when it is first asked for."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack, self.folder = stack, folder
        self._stages: dict[str, Stage] = {}
        self._probes: dict[str, Probe] = {}

    @cached_property
    def _deployed(self) -> Deployed:
        return deploy(SETTINGS)

    def stage(self, name: str = "deployed") -> Stage:
        if name not in self._stages:
            self._make(name)
        return self._stages[name]

    def _make(self, name: str) -> None:
        if name == "deployed":
            self._keep(name, self._deployed, self._deployed.views())
        elif name == "with a reader":
            now = self.stage()
            views = {**now.views, BROKER: changed(now.views[BROKER], _grant_everything)}
            self._stages[name] = Stage(views, now.outputs)
        else:
            self._rotate(name.removeprefix(FIRST))

    def _rotate(self, name: str) -> None:
        """Keep two stages: as the broker has been told, and the end."""
        settings, one = copy.deepcopy(SETTINGS), self._deployed.copy()
        STAGES[name](settings)

        told = set[str]()

        def look(_: object, after: Any) -> None:
            told.update(what for what in _TELL if after.what.startswith(what))
            if len(told) == len(_TELL) and FIRST + name not in self._stages:
                self._keep(FIRST + name, one, one.views())

        assert one.change_here(settings, hold="site-1", after_step=look).failures == []
        self._keep(name, one, one.views())

    def _keep(self, name: str, deployed: Deployed, views: Sequence[ClusterView]) -> None:
        outputs = {name_of(one.urn): reveal(one.outputs) for one in deployed._state.resources}
        self._stages[name] = Stage({view.name: view for view in views}, outputs)

    def probe(self, name: str = "deployed") -> Probe:
        """Mosquitto with what the stage has deployed, and who sees all that it distributes."""
        if name not in self._probes:
            broker = self._stack.enter_context(run_broker(self.stage(name).port()))
            self._probes[name] = Probe(broker, self._stack.enter_context(observe(broker)))
        return self._probes[name]

    def options(self, name: str, credentials: Credentials | None, client_id: str = "") -> Options:
        """How the first site connects, with these credentials."""
        plan = self.stage(name).client()
        tls = tls_context(plan, credentials, self.probe(name).broker.folder)
        return Options(client_id or plan.flows[0].client_id, tls)

    def decide(
        self, name: str, credentials: Credentials, client_id: str | None, action: Action, topic: str = ""
    ) -> Decision:
        """What AIO is documented to decide."""
        stage = self.stage(name)
        chain = pem.certificates(credentials.chain_pem)
        return decide(stage.views[BROKER], stage.port().port, chain, client_id, action, topic)


def _grant_everything(view: Any) -> None:
    rules = view.authorizations["links"]["authorizationPolicies"]["rules"]
    rules[0]["brokerResources"].append({"method": "Subscribe", "topics": ["#"]})
    rules[0]["brokerResources"].append({"method": "Publish", "topics": ["#"]})


def refusal(case: Case) -> str:
    """Why it was refused; empty if it was delivered."""
    return "" if case.observed == DELIVERED else case.observed
