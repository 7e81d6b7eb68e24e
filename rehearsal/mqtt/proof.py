"""The message proof of a whole deployment: every link's messages arrive, and what must be refused is refused."""

from __future__ import annotations

import ssl
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version

from graph import pem
from rehearsal.cluster.links import Link, find_links
from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt.attacks import UNPROVABLE, Target, attack, impostor, not_exercised
from rehearsal.mqtt.attempts import AT_TLS, Case, Stage
from rehearsal.mqtt.authority import Sign
from rehearsal.mqtt.bodies import UnmappedError
from rehearsal.mqtt.client import ClientPlan, read_client, tls_context
from rehearsal.mqtt.compare import Comparison, compare
from rehearsal.mqtt.delivery import deliver
from rehearsal.mqtt.install import find_mosquitto, find_plugin
from rehearsal.mqtt.mosquitto import Broker, BrokerFailedError, running
from rehearsal.mqtt.observer import HOW_IT_OBSERVES, observing
from rehearsal.mqtt.oracle import decide
from rehearsal.mqtt.result import LinkProof, PortProof, Proof
from rehearsal.mqtt.translate import PortPlan, read_ports
from rehearsal.mqtt.verify import why_not_client, why_not_server
from rehearsal.mqtt.wire import LostError, Options

_COMPARISONS = 40


@dataclass(frozen=True)
class _End:
    """The client's end of a link: what it does, or why that is not known."""

    link: Link
    plan: ClientPlan | None
    problems: Sequence[str]

    @property
    def usable(self) -> bool:
        return self.plan is not None and not self.problems

    def failed(self, *problems: str) -> LinkProof:
        return LinkProof(self.link.name, self.link.address, [*self.problems, *problems])


@dataclass(frozen=True)
class _Run:
    """What every port's proof needs."""

    ends: Sequence[_End]
    messages: int
    sign: Sign | None
    seed: int
    results: dict[str, LinkProof] = field(default_factory=dict)
    """By link."""


def prove(
    views: Sequence[ClusterView],
    links: Sequence[Link] | None = None,
    *,
    messages: int = 200,
    sign: Sign | None = None,
    seed: int = 1,
) -> Proof:
    """Send messages over each link (all of the views, if none are given), and try what must be refused.

    `sign` signs as the deployed client authority, for the cases that need its signature.

    Raises:
        MosquittoMissingError: Mosquitto is not installed.
    """
    find_mosquitto()
    find_plugin()
    started = time.monotonic()
    found = find_links(views) if links is None else links
    run = _Run([_end(link) for link in found], messages, sign, seed)
    ports = [proof for broker, port in _places(found) if (proof := _port(run, broker, port))]
    for end in run.ends:
        if end.link.broker is None:
            run.results[end.link.name] = end.failed(f"no cluster has a LoadBalancer listener at {end.link.address}")
    ends_at = Counter(link.address for link in found)
    return Proof(
        links=[run.results[link.name] for link in found],
        ports=ports,
        mosquitto=next((port.mosquitto for port in ports), ""),
        paho=version("paho-mqtt"),
        seconds=time.monotonic() - started,
        not_exercised=not_exercised(sign, ends_at),
        unprovable=UNPROVABLE,
        observer=HOW_IT_OBSERVES,
    )


def _places(links: Sequence[Link]) -> list[tuple[ClusterView, int]]:
    """Each broker port that a link ends at, once."""
    return list({(link.broker.name, link.port): (link.broker, link.port) for link in links if link.broker}.values())


def _end(link: Link) -> _End:
    problems = _unfit(link.site)
    try:
        return _End(link, read_client(link.site, link.endpoint), problems)
    except UnmappedError as error:
        return _End(link, None, [*problems, str(error)])


def _unfit(view: ClusterView) -> list[str]:
    problems = [str(problem) for problem in view.problems]
    return problems if view.frontends_up else [*problems, f"the broker frontends of {view.name} do not run"]


def _port(run: _Run, broker: ClusterView, port: int) -> PortProof | None:
    """Prove every link to a port, into the run's results; None if the broker cannot be set up as deployed."""
    ends = [end for end in run.ends if end.link.broker is broker and end.link.port == port]
    run.results.update({end.link.name: end.failed() for end in ends})
    problems, proof = _unfit(broker), None
    try:
        plans = {} if problems else {plan.port: plan for plan in read_ports(broker)}
        if port in plans and any(end.usable for end in ends):
            own = plans.pop(port)
            proof = _proven(run, broker, own, list(plans.values()), ends)
    except (UnmappedError, BrokerFailedError, LostError, ssl.SSLError) as error:
        problems = [f"broker {broker.name}: {error}"]
    if proof is None:
        run.results.update({end.link.name: end.failed(*problems) for end in ends})
    return proof


def _proven(
    run: _Run, view: ClusterView, port: PortPlan, other_ports: Sequence[PortPlan], ends: Sequence[_End]
) -> PortProof:
    usable = [end.plan for end in ends if end.plan and end.usable]
    elsewhere = [end.plan for end in run.ends if end.plan and all(end is not one for one in ends)]
    strangers = [plan for plan in elsewhere if _trusted(view, port, plan)]
    with ExitStack() as stack:
        stage = _stage(stack, port)
        pretended = _stage(stack, impostor(port, usable[0].host))
        for end in ends:
            if end.plan and end.usable:
                siblings = [plan for plan in usable if plan is not end.plan]
                target = Target(stage, pretended, end.plan, siblings, strangers, run.sign)
                run.results[end.link.name] = _link(run, view, end, target)
        delivered = [end.plan for end in ends if end.plan and run.results[end.link.name].delivered]
        comparison = Comparison(0, 0, [])
        if delivered:
            identities = [*delivered, *strangers]
            comparison = compare(view, stage.broker, delivered[0], identities, tries=_COMPARISONS, seed=run.seed)
        cases = [_other_port(plan, usable[0]) for plan in other_ports]
        return PortProof(view.name, port.listener, port.port, stage.broker.version, comparison, cases)


def _trusted(view: ClusterView, port: PortPlan, plan: ClientPlan) -> bool:
    return decide(view, port.port, pem.certificates(plan.credentials.chain_pem), None, "Connect").by != "authentication"


def _stage(stack: ExitStack, plan: PortPlan) -> Stage:
    broker: Broker = stack.enter_context(running(plan))
    return Stage(broker, stack.enter_context(observing(broker)))


def _link(run: _Run, view: ClusterView, end: _End, target: Target) -> LinkProof:
    delivery = deliver(target.stage.broker, target.stage.observer, target.plan, run.messages)
    problems = [*_second_opinions(view, target), *delivery.problems]
    cases = [] if problems else list(attack(target))
    return LinkProof(end.link.name, end.link.address, problems, delivery, cases)


def _second_opinions(view: ClusterView, target: Target) -> Iterator[str]:
    """What the strict verifier and the policy oracle refuse of what is deployed, Mosquitto or not."""
    plan, port = target.plan, target.stage.broker.plan
    for reading, credentials in plan.readings.items():
        if port.client_ca_pem and (why := why_not_client(credentials.chain_pem, port.client_ca_pem)):
            yield f"strict verification of the client certificate, {reading}: {why}"
    if port.certificate and (why := why_not_server(port.certificate.chain_pem, plan.trust_pem, plan.host)):
        yield f"strict verification of the broker's certificate for {plan.host}: {why}"
    chain = pem.certificates(plan.credentials.chain_pem)
    for flow in plan.flows:
        decision = decide(view, port.port, chain, flow.client_id, "Publish", flow.destination)
        if not decision.allowed:
            yield f"policy oracle, dataflow {flow.name}: {decision.reason}"


def _other_port(plan: PortPlan, client: ClientPlan) -> Case:
    name = f"port {plan.port}, which no link uses, without a certificate"
    with ExitStack() as stack:
        stage = _stage(stack, plan)
        tls = tls_context(client, None, stage.broker.folder) if plan.certificate else None
        return stage.publish(name, AT_TLS, Options("edge-stamps-attack", tls), client.flows[0].destination)
