"""Prove the messages of a whole deployment: those of every link arrive, and what must be refused is refused."""

from __future__ import annotations

import ssl
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version

from cryptography import x509

from graph import pem
from rehearsal.cluster.links import DeployedLink, find_links
from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt.attacks import CLIENT_ID, UNPROVABLE, Target, attack, list_not_exercised, list_shared, make_impostor
from rehearsal.mqtt.authority import Sign
from rehearsal.mqtt.bodies import UnmappedError
from rehearsal.mqtt.client import ClientPlan, read_client, tls_context
from rehearsal.mqtt.compare import Comparison, compare
from rehearsal.mqtt.delivery import deliver
from rehearsal.mqtt.install import find_mosquitto, find_plugin
from rehearsal.mqtt.mosquitto import BrokerFailedError, run_broker
from rehearsal.mqtt.observer import DESCRIPTION, observe
from rehearsal.mqtt.oracle import decide, list_named_client_ids
from rehearsal.mqtt.probe import AT_TLS, Case, Probe
from rehearsal.mqtt.result import LinkProof, PortProof, Proof
from rehearsal.mqtt.translate import PortPlan, read_ports
from rehearsal.mqtt.verify import verify_client, verify_server
from rehearsal.mqtt.wire import LostError, Options

_COMPARISONS = 40


@dataclass(frozen=True)
class _Client:
    """The client's end of a link; without a plan, problems say why."""

    link: DeployedLink
    plan: ClientPlan | None
    problems: Sequence[str]

    def fail(self, *problems: str) -> LinkProof:
        return LinkProof(self.link.name, self.link.address, [*self.problems, *problems])


@dataclass(frozen=True)
class _Run:
    """What the proof of every port needs."""

    clients: Sequence[_Client]
    messages: int
    sign: Sign | None
    seed: int
    results: dict[str, LinkProof] = field(default_factory=dict)
    """By the link's name."""
    shared: list[str] = field(default_factory=list)
    """What is not tried because links share topics."""


def prove(
    views: Sequence[ClusterView],
    links: Sequence[DeployedLink] | None = None,
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
    chosen = find_links(views) if links is None else links
    run = _Run([_read_client(link) for link in chosen], messages, sign, seed)
    brokers = {(link.broker.name, link.port): link.broker for link in chosen if link.broker}
    ports = [proof for (_, port), broker in brokers.items() if (proof := _prove_port(run, broker, port))]
    for client in run.clients:
        if client.link.broker is None:
            what = f"no cluster has a LoadBalancer listener at {client.link.address}"
            run.results[client.link.name] = client.fail(what)
    untried = list_not_exercised(sign, Counter(link.address for link in chosen), _list_only_json(run.clients))
    return Proof(
        links=[run.results[link.name] for link in chosen],
        ports=ports,
        mosquitto=next((port.mosquitto for port in ports), ""),
        paho=version("paho-mqtt"),
        seconds=time.monotonic() - started,
        not_exercised=[*untried, *run.shared],
        unprovable=UNPROVABLE,
        observer=DESCRIPTION,
    )


def _list_only_json(clients: Sequence[_Client]) -> list[str]:
    flows = [(client.plan.cluster, flow) for client in clients if client.plan for flow in client.plan.flows]
    return [f"{cluster}/{flow.name}" for cluster, flow in flows if flow.only_json]


def _read_client(link: DeployedLink) -> _Client:
    problems = _list_problems(link.site)
    try:
        plan = read_client(link.site, link.endpoint)
    except UnmappedError as error:
        return _Client(link, None, [*problems, str(error)])
    return _Client(link, None if problems else plan, problems)


def _list_problems(view: ClusterView) -> list[str]:
    problems = [str(problem) for problem in view.problems]
    return problems if view.frontends_up else [*problems, f"the broker frontends of {view.name} do not run"]


def _prove_port(run: _Run, broker: ClusterView, port: int) -> PortProof | None:
    """Prove every link to a port, into the run's results; None if the broker cannot be set up as deployed."""
    clients = [one for one in run.clients if one.link.broker is broker and one.link.port == port]
    run.results.update({one.link.name: one.fail() for one in clients})
    problems, proof = _list_problems(broker), None
    try:
        plans = {} if problems else {plan.port: plan for plan in read_ports(broker)}
        if port in plans and any(one.plan for one in clients):
            own = plans.pop(port)
            proof = _prove_links(run, broker, own, list(plans.values()), clients)
    except (UnmappedError, BrokerFailedError, LostError, ssl.SSLError) as error:
        problems = [f"broker {broker.name}: {error}"]
    if proof is None:
        run.results.update({one.link.name: one.fail(*problems) for one in clients})
    return proof


def _prove_links(
    run: _Run, view: ClusterView, port: PortPlan, other_ports: Sequence[PortPlan], clients: Sequence[_Client]
) -> PortProof:
    plans = [one.plan for one in clients if one.plan]
    others = [one.plan for one in run.clients if one.plan and one not in clients]
    strangers = [plan for plan in others if _is_trusted(view, port, plan)]
    with ExitStack() as stack:
        probe = _set_up(stack, port)
        impostor = _set_up(stack, make_impostor(port, plans[0].host))
        delivered = []
        for client in clients:
            if client.plan:
                siblings = [plan for plan in plans if plan is not client.plan]
                target = Target(probe, impostor, client.plan, siblings, strangers, run.sign)
                run.shared.extend(list_shared(target))
                proof = run.results[client.link.name] = _prove_link(run, view, client.link, target)
                delivered += [client.plan] if proof.delivered else []
        comparison = Comparison(0, 0, [])
        if delivered:
            identities = [*delivered, *strangers]
            comparison = compare(view, probe.broker, delivered[0], identities, tries=_COMPARISONS, seed=run.seed)
        cases = [_try_other_port(plan, plans[0]) for plan in other_ports]
        return PortProof(view.name, port.listener, port.port, probe.broker.version, comparison, cases)


def _is_trusted(view: ClusterView, port: PortPlan, plan: ClientPlan) -> bool:
    return decide(view, port.port, pem.certificates(plan.credentials.chain_pem), None, "Connect").by != "authentication"


def _set_up(stack: ExitStack, plan: PortPlan) -> Probe:
    broker = stack.enter_context(run_broker(plan))
    return Probe(broker, stack.enter_context(observe(broker)))


def _prove_link(run: _Run, view: ClusterView, link: DeployedLink, target: Target) -> LinkProof:
    delivery = deliver(target.probe.broker, target.probe.observer, target.plan, run.messages)
    problems = [*_ask_second_opinions(view, target), *delivery.problems]
    cases = [] if problems else list(attack(target))
    return LinkProof(link.name, link.address, problems, delivery, cases)


def _ask_second_opinions(view: ClusterView, target: Target) -> Iterator[str]:
    """Yield what the strict verifier and the policy oracle refuse of what is deployed, Mosquitto or not."""
    plan, port = target.plan, target.probe.broker.plan
    for variant, credentials in plan.credential_variants.items():
        if port.client_ca_pem and (fault := verify_client(credentials.chain_pem, port.client_ca_pem)):
            yield f"strict verification of the client certificate, {variant}: {fault}"
    if port.certificate and (fault := verify_server(port.certificate.chain_pem, plan.trust_pem, plan.host)):
        yield f"strict verification of the broker's certificate for {plan.host}: {fault}"
    chain = pem.certificates(plan.credentials.chain_pem)
    named = list_named_client_ids(view, port.port)
    yield from _ask_about_dataflows(view, target, chain, named)
    yield from _ask_about_sessions(view, target, chain, named)


def _ask_about_dataflows(
    view: ClusterView, target: Target, chain: Sequence[x509.Certificate], named: Sequence[str]
) -> Iterator[str]:
    port = target.probe.broker.plan.port
    for flow in target.plan.flows:
        ids = [flow.client_id, *target.plan.own_of(named)]
        decisions = [decide(view, port, chain, one, "Publish", flow.destination) for one in ids]
        if not any(decision.allowed for decision in decisions):
            yield f"policy oracle, dataflow {flow.name}: {decisions[0].reason}"


def _ask_about_sessions(
    view: ClusterView, target: Target, chain: Sequence[x509.Certificate], named: Sequence[str]
) -> Iterator[str]:
    """Yield whose session the link may end: connecting with another's id does (OASIS MQTT 5.0, §3.1.4)."""
    for other in target.siblings:
        for client_id in (*(flow.client_id for flow in other.flows), *other.own_of(named)):
            if decide(view, target.probe.broker.plan.port, chain, client_id, "Connect").allowed:
                yield f"policy oracle: may connect as {client_id}, and so end a session of {other.name}"


def _try_other_port(plan: PortPlan, client: ClientPlan) -> Case:
    name = f"port {plan.port}, which no link uses, without a certificate"
    with ExitStack() as stack:
        probe = _set_up(stack, plan)
        tls = tls_context(client, None, probe.broker.folder) if plan.certificate else None
        return probe.publish(name, AT_TLS, Options(CLIENT_ID, tls), client.flows[0].destination)
