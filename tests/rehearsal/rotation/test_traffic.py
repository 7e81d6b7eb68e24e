"""What traffic sees of changes that are made by hand, and that it would see a judge or a sender that fails."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from rehearsal.cluster.model import ClusterView, ConfigMap, Secret
from rehearsal.mqtt.client import ClientPlan
from rehearsal.mqtt.flow import Sender
from rehearsal.rotation.reload import MODELS
from rehearsal.rotation.result import LinkResult, Moment, Result
from rehearsal.rotation.traffic import Traffic, traffic
from tests.conftest import THREE_SITES, TWO_CLUSTERS
from tests.rehearsal.mqtt.plant import Plant, changed, plant

SITE, BROKER = "arck-myorga-dev-001", "arck-myorgb-dev-001"
Change = Callable[[Any], None]


@dataclass
class Run:
    """Traffic over a plant whose clusters a test changes step by step."""

    traffic: Traffic
    views: dict[str, ClusterView]
    number: int = 0
    past: list[Moment] = field(default_factory=list)

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            self.past.append(Moment(self.number, f"step-{self.number}"))
            self.traffic.see([*self.views.values()], self.past[-1])
            self.number += 1

    def change(self, cluster: str, change: Change) -> None:
        """Change a cluster, and look."""
        self.views[cluster] = changed(self.views[cluster], change)
        self.step()

    def put_back(self, cluster: str, view: ClusterView) -> None:
        self.views[cluster] = view
        self.step()

    @property
    def links(self) -> Sequence[LinkResult]:
        return [*self.traffic.results()]

    @property
    def link(self) -> LinkResult:
        (link,) = self.links
        return link

    @property
    def reasons(self) -> list[tuple[int, str]]:
        """After which step, and why."""
        return [(refusal.after.number, refusal.what) for refusal in self.link.refusals]


@contextmanager
def run(deployed: Plant, reload: str = "at once") -> Iterator[Run]:
    """Traffic that has begun."""
    with traffic(MODELS[reload]) as flow:
        begun = Run(flow, {view.name: view for view in deployed.all})
        begun.step()
        yield begun


@pytest.fixture(scope="module")
def two() -> Plant:
    return plant(TWO_CLUSTERS)


@pytest.fixture(scope="module")
def stranger() -> Plant:
    """Another deployment of the same settings: same names, other keys."""
    return plant(TWO_CLUSTERS)


def forget_rules(view: Any) -> None:
    for body in view.authorizations.values():
        body["authorizationPolicies"]["rules"] = []


def forget_subjects(view: Any) -> None:
    for body in view.authentications.values():
        for method in body["authenticationMethods"]:
            method.get("x509Settings", {}).get("authorizationAttributes", {}).clear()


def empty(view: Any) -> None:
    """Leave what the model says of a cluster whose node does not answer."""
    for part in (view.secrets, view.config_maps, view.listeners, view.authentications, view.endpoints, view.dataflows):
        part.clear()
    view.frontends_up = False


def test_messages_arrive_once_each_while_nothing_changes(two: Plant) -> None:
    with run(two) as here:
        here.step(3)
        assert (here.link.sent, here.link.arrived, here.link.lost, here.link.duplicates) == (20, 20, 0, 0)
        assert here.reasons == []


def test_what_waits_on_a_quiet_link_is_sent_before_its_ends_change(two: Plant) -> None:
    with run(two) as here:
        here.step(3)
        here.change(BROKER, forget_rules)
        assert (here.link.sent, here.link.arrived) == (25, 20)


def test_a_quiet_link_is_left_alone(two: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = list[int]()
    offer = Sender._offer

    def note_and_offer(sender: Sender, plan: ClientPlan) -> str:
        offered.append(sender.sent)
        return offer(sender, plan)

    monkeypatch.setattr(Sender, "_offer", note_and_offer)
    with run(two) as here:
        here.step(3)
        here.change(BROKER, forget_subjects)
    assert offered[:2] == [5, 20]


def test_each_link_has_messages_of_its_own() -> None:
    with run(plant(THREE_SITES)) as here:
        here.change("arck-myorgb-dev-001", lambda view: view.endpoints.clear())  # it is no longer deployed
        del here.views["arck-myorgl-dev-001"]
        here.step()
        assert [(link.sent, link.lost, link.refused) for link in here.links] == [(5, 0, 0), (10, 0, 0), (15, 0, 0)]


def test_a_policy_that_forgets_the_link_refuses_it_until_it_is_back(two: Plant) -> None:
    with run(two) as here:
        good = here.views[BROKER]
        here.change(BROKER, forget_rules)
        here.step()
        assert here.reasons == [(1, "PUBACK: Not authorized"), (2, "PUBACK: Not authorized")]
        assert here.link.lost == 10
        here.put_back(BROKER, good)
        assert (here.link.sent, here.link.arrived, here.link.refused) == (20, 20, 2)


BROKEN: Mapping[str, tuple[str, Callable[[Plant], Change], str]] = {
    "subject unknown": (BROKER, lambda _: forget_subjects, "PUBACK: Not authorized"),
    "client authority replaced": (
        BROKER, lambda other: lambda view: view.config_maps.update(other.views["enterprise"].config_maps),
        "TLS: certificate verify failed",
    ),
    "certificate by a stranger": (
        BROKER, lambda other: lambda view: view.secrets.update(other.views["enterprise"].secrets),
        "the client refuses the broker: unable to get local issuer certificate",
    ),
    "certificate gone": (
        BROKER, lambda _: lambda view: view.secrets.clear(),
        "no frontend of the broker runs: Secret broker-tls-cert-g1: is missing",
    ),
    "frontends down": (
        BROKER, lambda _: lambda view: setattr(view, "frontends_up", False),
        "no frontend of the broker runs: one listener waits for its Secret",
    ),
    "listener gone": (
        BROKER, lambda _: lambda view: view.listeners.pop("default-loadbalancer"),
        "no frontend of the broker runs: the listener is gone",
    ),
    "client key gone": (
        SITE, lambda _: lambda view: view.secrets.clear(),
        "the dataflow does not run: Secret client-secret-enterprise-g1: is missing",
    ),
    "client key by a stranger": (
        SITE, lambda other: lambda view: view.secrets.update(other.views["site"].secrets),
        "TLS: certificate verify failed",
    ),
    "trust replaced": (
        SITE, lambda other: lambda view: view.config_maps.update(other.views["site"].config_maps),
        "the client refuses the broker: unable to get local issuer certificate",
    ),
    "dataflow gone": (
        SITE, lambda _: lambda view: view.dataflows.clear(),
        "the dataflow does not run: endpoint mqtt-enterprise: no dataflow sends to it",
    ),
    "site without its node": (
        SITE, lambda _: empty, "the dataflow does not run: endpoint mqtt-enterprise: is missing",
    ),
    "broker without its node": (BROKER, lambda _: empty, "no frontend of the broker runs: the node is gone"),
    "address of nobody": (
        SITE, lambda _: lambda view: view.endpoints["mqtt-enterprise"]["mqttSettings"].update(host="10.9.9.9:28883"),
        "no listener is at 10.9.9.9:28883",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused_for_its_reason_and_forgotten_when_mended(
    two: Plant, stranger: Plant, name: str
) -> None:
    cluster, make, reason = BROKEN[name]
    with run(two) as here:
        good = here.views[cluster]
        here.change(cluster, make(stranger))
        assert here.reasons == [(1, reason)]
        here.put_back(cluster, good)
        assert (here.link.lost, here.link.refused, here.link.duplicates) == (0, 1, 0)


def test_brokers_that_end_refuse_nobody(two: Plant) -> None:
    with run(two) as here:
        for _ in range(3):
            here.traffic.restart(BROKER, "broker")
            here.step()
        (port,) = here.traffic._ports.values()
        assert port.broker
        os.kill(port.broker.process_id, signal.SIGKILL)  # also one of which nobody has been told
        here.step()
        assert here.reasons == []
        assert here.link.lost == 5
        here.traffic.restart(BROKER, "broker")
        here.step()
        assert (here.link.sent, here.link.arrived, here.link.refused) == (30, 30, 0)


def test_a_cluster_that_is_cut_off_waits_with_what_it_has(two: Plant) -> None:
    with run(two) as here:
        here.traffic.cut_off(SITE)
        here.change(SITE, lambda view: view.secrets.clear())
        assert (here.link.lost, here.link.refused) == (5, 0)
        here.traffic.bring_back(SITE)
        here.put_back(SITE, two.views["site"])
        assert (here.link.lost, here.link.refused) == (0, 0)


def test_a_sender_that_forgets_loses_messages(two: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = Sender._offer

    def offer_and_forget(sender: Sender, plan: ClientPlan) -> str:
        refusal = offer(sender, plan)
        sender._open.clear()
        return refusal

    monkeypatch.setattr(Sender, "_offer", offer_and_forget)
    with run(two) as here:
        good = here.views[BROKER]
        here.change(BROKER, forget_rules)
        here.put_back(BROKER, good)
        # Each of both brokers has ended with five on the way.
        assert (here.link.sent, here.link.arrived, here.link.lost, here.link.refused) == (15, 5, 10, 0)


def test_a_sender_that_overlooks_answers_sends_twice(two: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    overlooked = {3}

    def acknowledge(sender: Sender, number: int) -> None:
        if number not in overlooked:
            del sender._open[number]
        overlooked.discard(number)

    monkeypatch.setattr(Sender, "_acknowledge", acknowledge)
    with run(two) as here:
        assert (here.link.sent, here.link.arrived, here.link.lost, here.link.duplicates) == (5, 5, 0, 1)


@pytest.mark.parametrize(
    ("reload", "change", "steps"),
    [
        ("at once", forget_rules, 0),
        ("late", forget_rules, 8),
        ("late broker", forget_subjects, 8),
        ("late dataflow", forget_subjects, 0),
        ("only on restart", forget_rules, 0),
        ("only on restart", forget_subjects, None),
        ("only on restart", lambda view: view.secrets.clear(), None),
    ],
)
def test_a_broker_takes_up_what_its_model_says(two: Plant, reload: str, change: Change, steps: int | None) -> None:
    with run(two, reload) as here:
        here.change(BROKER, change)
        here.step(10)
        first = next((refusal.after.number - 1 for refusal in here.link.refusals), None)
        assert first == steps
        here.traffic.restart(BROKER, "broker")
        here.step()
        assert here.link.refusals[-1].after.number == 12


def test_what_pods_are_made_from_rolls_them(two: Plant) -> None:
    """A listener that names another Secret, and a trust of another name, count although nobody restarts anything."""

    def rename(view: Any) -> None:
        secret = view.secrets.pop("broker-tls-cert-g1")
        view.secrets["broker-tls-cert-g2"] = Secret("broker-tls-cert-g2", secret.type, secret.data)
        (port,) = view.listeners["default-loadbalancer"]["ports"]
        port["tls"]["manual"]["secretRef"] = "broker-tls-cert-g2"

    def rename_trust(view: Any) -> None:
        trust = view.config_maps.pop("client-ca-g1")
        view.config_maps["client-ca-g2"] = ConfigMap("client-ca-g2", trust.data)
        for body in view.authentications.values():
            for method in body["authenticationMethods"]:
                method.get("x509Settings", {})["trustedClientCaCert"] = "client-ca-g2"

    for change in (rename, rename_trust):
        with run(two, "only on restart") as here:
            here.change(BROKER, forget_subjects)
            assert here.reasons == []
            here.change(BROKER, change)
            assert here.reasons == [(2, "PUBACK: Not authorized")]


def test_nothing_is_left_afterwards(two: Plant) -> None:
    with run(two) as here:
        (port,) = here.traffic._ports.values()
        broker, sessions = port.broker, port._place.sessions
        assert broker and broker.folder.exists() and sessions.exists()
    assert not broker.folder.exists()
    assert not sessions.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(broker.process_id, 0)


def test_a_result_says_what_it_has_seen(two: Plant) -> None:
    with run(two) as here:
        here.change(BROKER, forget_rules)
        here.step()
        result = Result("at once", here.links, [], here.past, ["error: it went wrong"], [])
    assert not result.ok
    assert not replace(result, failures=[]).ok
    assert (result.lost, result.refused) == (10, 2)
    head, names, link, failure = result.table().splitlines()
    assert head == "reload at once, 3 steps"
    assert names == "link                                 sent  arrived  lost  duplicates  refused  first refusal"
    assert link.startswith(
        "arck-myorga-dev-001/mqtt-enterprise    15        5    10           0        2  after 1 step-1"
    )
    assert link.endswith("step-1 until after 2 step-2: PUBACK: Not authorized")
    assert failure == "failed: error: it went wrong"
