"""Compare Mosquitto with the policy oracle on random identities, client ids and topics."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from graph import pem
from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt.client import ClientPlan, tls_context
from rehearsal.mqtt.mosquitto import Broker
from rehearsal.mqtt.oracle import Action, decide
from rehearsal.mqtt.wire import Connection, LostError, Message, Options, Tls

_CLIENT_ID = "edge-stamps-comparison"
_SEGMENTS = 3


@dataclass(frozen=True)
class Comparison:
    """How often both decided the same."""

    agreed: int
    by_client_id: int
    """Of these, how often AIO would have refused the client id already, which Mosquitto cannot."""
    differences: Sequence[str]


@dataclass(frozen=True)
class _Identity:
    """Who asks."""

    name: str
    chain: Sequence[x509.Certificate]
    tls: Tls


def compare(
    view: ClusterView, broker: Broker, client: ClientPlan, identities: Sequence[ClientPlan], *, tries: int, seed: int
) -> Comparison:
    """Ask both the same question, this many times; the seed decides which.

    The client's trust and host, with which it reaches the broker, serve all identities.
    """
    chance = random.Random(seed)  # noqa: S311 picks what to try
    client_ids = [flow.client_id for plan in identities for flow in plan.flows] + [_CLIENT_ID]
    known = [_read_identity(plan, client, broker) for plan in identities]
    by_client_id, differences = 0, []
    for _ in range(tries):
        identity, client_id = chance.choice(known), chance.choice(client_ids)
        action: Action = chance.choice(["Publish", "Subscribe"])
        topic = _choose_topic(chance, broker, identities, action)
        port = broker.plan.port
        full = decide(view, port, identity.chain, client_id, action, topic)
        by_client_id += full.by == "client id"
        expected = decide(view, port, identity.chain, None, action, topic) if full.by == "client id" else full
        if _is_allowed(broker, Options(client_id, identity.tls), action, topic) != expected.allowed:
            who = f"{identity.name} as {client_id}"
            says = f"AIO: {expected.reason}; Mosquitto {'refuses' if expected.allowed else 'allows'} it"
            differences.append(f"{who}, {action} {topic}: {says}")
    return Comparison(tries - len(differences), by_client_id, differences)


def _read_identity(plan: ClientPlan, client: ClientPlan, broker: Broker) -> _Identity:
    tls = tls_context(client, plan.credentials, broker.folder)
    return _Identity(plan.name, pem.certificates(plan.credentials.chain_pem), tls)


def _choose_topic(chance: random.Random, broker: Broker, identities: Sequence[ClientPlan], action: Action) -> str:
    known = [flow.destination for plan in identities for flow in plan.flows]
    granted = [topic for grants in (broker.plan.grants or {}).values() for topic in grants.publish + grants.subscribe]
    segments = sorted({segment for topic in (*known, *granted) for segment in topic.split("/")} - {"+", "#"})
    if chance.random() < 0.5:
        parts = chance.choice(known).split("/")
    else:
        parts = chance.choices([*segments, "other"], k=chance.randint(1, _SEGMENTS))
    if action == "Subscribe":
        parts = ["+" if chance.random() < 0.2 else part for part in parts]
        if chance.random() < 0.3:
            parts[-1] = "#"
        if chance.random() < 0.1:
            parts = ["$share", "group", *parts]
    return "/".join(parts)


def _is_allowed(broker: Broker, options: Options, action: Action, topic: str) -> bool:
    try:
        with Connection(broker.port, options).open() as connection:
            if action == "Publish":
                return not connection.publish([Message(topic, b"{}")])[0].is_failure
            return not connection.subscribe(topic).is_failure
    except LostError:
        return False
