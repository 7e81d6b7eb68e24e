"""Real deployments into a modelled Azure, each made once, to look at and to break."""

from __future__ import annotations

import atexit
import base64
import copy
import functools
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from arm import ids
from automation.deployment.signing import make_stand_in
from graph import tls_values
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.entries import Entries, Entry
from rehearsal.azure.refusals import access
from rehearsal.azure.state import AzureState as AzureState
from rehearsal.azure.world import Surroundings, World
from rehearsal.cluster.build import Seen, build_views
from rehearsal.cluster.model import ClusterView, Secret
from rehearsal.engine import Engine, Options, Result, State
from rehearsal.modelled_azure import make_surroundings, surroundings_of
from rehearsal.node.runner import ScriptRunner
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers
from settings import stack_file
from settings.loaded_stack import load_stack, read_signed_from
from settings.stand_ins import STAND_INS, with_stand_ins
from tests.conftest import PROGRAM

SURROUNDINGS = make_surroundings(STAND_INS["subscription_id"], STAND_INS["tenant_id"])

SITE, ENTERPRISE = "arck-myorga-dev-001", "arck-myorgb-dev-001"
"""The clusters of stack dev."""


class Stack:
    """A stack of its own, in an Azure of its own."""

    def __init__(
        self, stack: str, surroundings: Surroundings = SURROUNDINGS, on_write: Callable[[str], None] = lambda _: None
    ) -> None:
        self.clock = ManualClock(1_000_000)
        self.config, _ = with_stand_ins(stack_file.read(PROGRAM, stack))
        self._sign: Callable[[Mapping[str, Any]], bool] = lambda _: False
        loaded = load_stack(PROGRAM, stack, stand_ins=True)
        if loaded.settings.pki.has_external_ca:
            folder = Path(tempfile.mkdtemp())
            atexit.register(shutil.rmtree, folder)
            loaded = read_signed_from(loaded, folder)
            self.config, self._sign = dict(loaded.config), make_stand_in(loaded, folder)
        around = replace(
            surroundings_of(loaded.settings),
            role_spread_seconds=surroundings.role_spread_seconds,
            principal_spread_seconds=surroundings.principal_spread_seconds,
        )
        self.world = World(around, self.clock, on_write=on_write, run_script=ScriptRunner())
        providers = all_providers(AzureProvider(self.world))
        options = Options(continue_on_error=True)
        self.engine = Engine(PROGRAM, stack, self.config, providers, State(), options)

    def up(self) -> Result:
        """Deploy; what waits for an external CA, a stand-in signs."""
        result = self.engine.up()
        return self.engine.up() if self._sign(self.engine.state.export()["deployment"]) else result


@functools.cache
def deployed(stack: str) -> Stack:
    """A stack that is up; do not change it."""
    made = Stack(stack)
    result = made.up()
    assert result.succeeded, result.summary()
    return made


class Bench:
    """The entries of a deployment, to break. A resource is meant by the end of its ARM id."""

    def __init__(self, stack: str) -> None:
        self.entries: dict[str, Entry] = {ids.key(entry.id): entry for entry in deployed(stack).world.entries()}
        self.resources: Sequence[Any] = deployed(stack).engine.state.resources
        self.at: datetime | None = None
        self.unmanaged: Mapping[str, Sequence[Secret]] = {}
        self.role_spread_seconds = 0.0
        self.seen: Seen | None = None
        self.routes = deployed(stack).world.surroundings.routes

    def views(self) -> dict[str, ClusterView]:
        surroundings = replace(SURROUNDINGS, role_spread_seconds=self.role_spread_seconds)
        state = AzureState(surroundings, ManualClock(1_000_000), entries=Entries(self.entries))
        is_effective = functools.partial(access.is_effective, state)
        found = build_views(
            self.entries.values(),
            is_effective,
            at=self.at,
            unmanaged=self.unmanaged,
            seen=self.seen,
            routes=self.routes,
        )
        return {view.name: view for view in found}

    def entry(self, end: str) -> Entry:
        found = [entry for key, entry in self.entries.items() if key.endswith(f"/{end.lower()}")]
        assert len(found) == 1, f"{end}: {[entry.id for entry in found]}"
        return found[0]

    def set(self, end: str, path: str, value: Any, *, where: str = "inputs") -> None:
        """Change one value of a body."""
        entry = self.entry(end)
        body = copy.deepcopy(getattr(entry, where))
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        target = body
        for step in steps:
            target = target[step]
        target[last] = value
        self._put(replace(entry, **{where: body}))

    def say(self, end: str, word: str) -> None:
        """Let it be Failed, or whatever ARM may call it."""
        self._put(replace(self.entry(end), state=word))

    def remove(self, end: str) -> None:
        for entry in [one for one in self.entries.values() if ids.is_below(one.id, self.entry(end).id)]:
            del self.entries[ids.key(entry.id)]

    def _put(self, entry: Entry) -> None:
        self.entries[ids.key(entry.id)] = entry

    # Run Commands

    def parameter(self, end: str, name: str, value: str) -> None:
        parameters = copy.deepcopy(self.entry(end).inputs["parameters"])
        for one in parameters:
            if one["name"] == name:
                one["value"] = value
        self.set(end, "parameters", parameters)

    def objects(self, end: str, change: Callable[[list[dict[str, Any]]], object]) -> None:
        """Change the list that apply-objects is given, and with it what is on the cluster."""
        given = {one["name"]: one["value"] for one in self.entry(end).inputs["parameters"]}
        found = json.loads(base64.b64decode(given["OBJECTS"]))
        change(found)
        self.parameter(end, "OBJECTS", base64.b64encode(json.dumps(found).encode()).decode())
        self.set(end, "run.stdout", json.dumps({"applied": len(found), "pruned": 0}) + "\n", where="facts")
        self.set(end.partition("/")[0], "machine.objects", found, where="facts")

    def take_port(self, vm: str, port: int) -> None:
        """Let somebody else's Service have a port of the node."""
        spec = {"type": "LoadBalancer", "ports": [{"port": port}]}
        service = {"kind": "Service", "metadata": {"namespace": "default", "name": "ingress"}, "spec": spec}
        self.set(vm, "machine.objects", [*self.entry(vm).facts["machine"]["objects"], service], where="facts")

    # Certificates

    def published(self, secret: str) -> str:
        value: str = self.entry(f"secrets/{secret}").inputs["properties"]["value"]
        return value

    def publish(self, secret: str, value: str) -> None:
        self.set(f"secrets/{secret}", "properties.value", value)

    def issue(self, side: str, common_name: str, **inputs: Any) -> tuple[str, str]:
        """A certificate signed by one side's intermediate, with it, and its key; as pulumi-tls issues them."""
        owner = {"server": "enterprise-server", "client": "client"}[side]
        ca, ca_key = (
            _output(self.resources, f"{owner}-intermediate-g1", "certPem"),
            _output(self.resources, f"{owner}-intermediate-key-g1", "privateKeyPemPkcs8"),
        )
        key = private_key(inputs.pop("algorithm", "ECDSA"))
        names: dict[str, Any] = {name: inputs.pop(name) for name in ("dnsNames", "ipAddresses") if name in inputs}
        subject = {"commonName": common_name}
        request = tls_values.create("CertRequest", {"privateKeyPem": key, "subject": subject, **names})[1][
            "certRequestPem"
        ]
        signed = tls_values.create(
            "LocallySignedCert",
            {
                "certRequestPem": request,
                "caCertPem": ca,
                "caPrivateKeyPem": ca_key,
                "allowedUses": ["digital_signature", f"{side}_auth"],
                "validityPeriodHours": 24,
                **inputs,
            },
        )[1]["certPem"]
        return signed + ca, key


def _output(resources: Sequence[Any], name: str, output: str) -> str:
    value = next(one.outputs for one in resources if one.urn.endswith(f"::{name}"))[output]
    return str(getattr(value, "value", value))


def private_key(algorithm: str = "ECDSA") -> str:
    return str(tls_values.create("PrivateKey", {"algorithm": algorithm})[1]["privateKeyPemPkcs8"])


def problems(bench: Bench) -> set[tuple[str, str, str]]:
    """(rule, cluster, where) of everything that is wrong."""
    return {(one.rule, one.cluster, one.where) for view in bench.views().values() for one in view.problems}
