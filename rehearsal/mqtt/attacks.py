"""Try one by one what must be refused on a link, and what must not, else refusals would prove little."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from cryptography import x509

from graph import pem
from rehearsal.mqtt.authority import (
    CLIENT,
    SERVER,
    Authority,
    Sign,
    build_leaf,
    common_name,
    key_to_pem,
    new_key,
    to_pem,
)
from rehearsal.mqtt.bodies import Credentials
from rehearsal.mqtt.client import ClientPlan, Flow, tls_context
from rehearsal.mqtt.probe import (
    AT_TLS,
    BY_CLIENT,
    BY_POLICY,
    BY_PROTOCOL,
    CONFIGURATION_ECHO,
    DELIVERED,
    NOT_DELIVERED,
    Case,
    Probe,
)
from rehearsal.mqtt.translate import PortPlan
from rehearsal.mqtt.wire import Options

_OTHERS = 3
"""How many other links a link is tried against, those with the most similar names first."""
CLIENT_ID = "edge-stamps-attack"

UNPROVABLE = (
    "a client id bound to its certificate: Mosquitto asks no policy at CONNECT when the certificate is the identity",
    "a live session's client id taken over by another certificate: for the same reason",
    "a CONNECT refused for an unmapped subject: Mosquitto connects it, and refuses what it then does",
)
"""What AIO's policy decides at CONNECT, and Mosquitto cannot: with `use_subject_as_username` its handler for CONNECT
asks no plugin (eclipse-mosquitto/mosquitto, src/handle_connect.c)."""
NEVER_SENT_OVER = "the site's own leg, from its broker to the dataflow: read, not run"
_NEEDS_SIGNATURE = (
    "trusted leaf with an unmapped subject",
    "subject of the generation before",
    "subject that begins alike",
    "trusted leaf without the use for clients",
    "expired leaf of the deployed authority",
)


@dataclass(frozen=True)
class Rival:
    """Another link to the same port."""

    plan: ClientPlan
    foreign: str
    """A topic of it that the link under attack may not publish; empty where that one may publish all of them."""
    own: str
    """A topic of the link under attack that it may not publish; empty where it may publish all of them."""


@dataclass(frozen=True)
class Target:
    """A link whose messages arrive, and everything that attacks need."""

    probe: Probe
    impostor: Probe
    """A broker at the same host, with a certificate by an authority that no site trusts."""
    plan: ClientPlan
    siblings: Sequence[ClientPlan]
    """Other links to the same port."""
    strangers: Sequence[ClientPlan]
    """Links to other brokers."""
    sign: Sign | None

    @property
    def flow(self) -> Flow:
        return self.plan.flows[0]

    @property
    def subject(self) -> x509.Name:
        return pem.certificates(self.plan.credentials.chain_pem)[0].subject

    @property
    def rivals(self) -> list[Rival]:
        """Return the links to the same port, those with the most similar names first."""
        ranked = sorted(self.siblings, key=lambda one: -SequenceMatcher(None, one.cluster, self.plan.cluster).ratio())
        return [Rival(one, _only(one, self.plan), _only(self.plan, one)) for one in ranked]

    def options(self, credentials: Credentials | None) -> Options:
        """Return how to connect with these credentials under the link's own client id."""
        return Options(self.flow.client_id, tls_context(self.plan, credentials, self.probe.broker.folder))

    def publish_as(self, name: str, expected: str, credentials: Credentials | None) -> Case:
        """Publish to the link's own topic with other credentials."""
        return self.probe.publish(name, expected, self.options(credentials), self.flow.destination)


def _only(one: ClientPlan, other: ClientPlan) -> str:
    """Return the first topic of one link that is not the other's too."""
    shared = {flow.destination for flow in other.flows}
    return next((flow.destination for flow in one.flows if flow.destination not in shared), "")


def attack(target: Target) -> Iterator[Case]:
    """Try every case that can be tried here."""
    yield from _try_own_certificate(target)
    yield from _try_subscriptions(target)
    yield from _try_other_links(target)
    yield from _try_certificates(target)
    yield from _try_protocols(target)
    if target.sign:
        yield from _try_signed_certificates(target, target.sign)


def list_not_exercised(sign: Sign | None, links_at: Mapping[str, int], only_json: Sequence[str]) -> list[str]:
    """Return the cases that are not tried.

    Args:
        sign: the deployed client authority's signature, which some cases need.
        links_at: how many links end at an address; some cases need several.
        only_json: dataflows that let JSON alone pass.
    """
    unsigned = "the deployed client authority's signature is not at hand"
    return [
        NEVER_SENT_OVER,
        *(f"payloads that are no JSON over dataflow {name}: its transformation reads JSON" for name in only_json),
        *(f"{name}: {unsigned}" for name in _NEEDS_SIGNATURE if sign is None),
        *(
            f"another link's certificate and topic at {address}: no other link ends there"
            for address, count in links_at.items()
            if count == 1
        ),
        *(
            f"all other links at {address}: each link is tried against the {_OTHERS} with the most similar names"
            for address, count in links_at.items()
            if count > _OTHERS + 1
        ),
    ]


def list_shared(target: Target) -> list[str]:
    """Return what cannot be tried, as the link may do it: publish every topic of another one."""
    names = [rival.plan.name for rival in target.rivals if not rival.foreign]
    what = "another link's topics with the certificate of"
    return [f"{what} {target.plan.name}: it may publish all those of {', '.join(names)} too"] if names else []


def make_impostor(plan: PortPlan, host: str) -> PortPlan:
    """Return the same port with a certificate for the host by a foreign authority."""
    key = new_key()
    leaf = build_leaf(common_name("impostor"), key, uses=(SERVER,), hosts=[pem.to_name(host)])
    chain = Authority.root("foreign root").sign(leaf)
    return replace(plan, certificate=Credentials(to_pem(chain), key_to_pem(key)))


def _try_own_certificate(target: Target) -> Iterator[Case]:
    probe, own, topic = target.probe, target.options(target.plan.credentials), target.flow.destination
    foreign = f"{topic}/attack"
    yield probe.publish("own topic", DELIVERED, own, topic)
    yield probe.publish("another topic", BY_POLICY, own, foreign)
    yield probe.publish("retained message to another topic", BY_POLICY, own, foreign, retain=True)
    yield probe.leave_will("Will message to the own topic", DELIVERED, own, topic)
    yield probe.leave_will("Will message to another topic", NOT_DELIVERED, own, foreign)


def _try_subscriptions(target: Target) -> Iterator[Case]:
    own, topic = replace(target.options(target.plan.credentials), client_id=CLIENT_ID), target.flow.destination
    for topic_filter in ("#", "$share/x/#", topic):
        yield target.probe.subscribe(f"subscribe to {topic_filter}", own, topic_filter, topic)


def _try_other_links(target: Target) -> Iterator[Case]:
    probe, own = target.probe, target.options(target.plan.credentials)
    for rival in [one for one in target.rivals if one.foreign or one.own][:_OTHERS]:
        name, topic = rival.plan.name, rival.foreign
        if topic:
            yield probe.publish(f"topic {topic} of {name}", BY_POLICY, own, topic)
            yield probe.leave_will(f"Will message to topic {topic} of {name}", NOT_DELIVERED, own, topic)
            yield probe.subscribe(f"subscribe to {topic} of {name}", own, topic, topic)
        if rival.own:
            options = target.options(rival.plan.credentials)
            yield probe.publish(f"certificate of {name}", BY_POLICY, options, rival.own)
    for stranger in target.strangers[:_OTHERS]:
        name = f"certificate of {stranger.name}, a link to another broker"
        yield target.publish_as(name, BY_POLICY, stranger.credentials)


def _try_certificates(target: Target) -> Iterator[Case]:
    yield target.publish_as("no certificate", AT_TLS, None)
    foreign = _issue(Authority.root("foreign root").intermediate("foreign intermediate").sign, target.subject)
    yield target.publish_as("same subject by a foreign authority", AT_TLS, foreign)
    if server := target.probe.broker.plan.certificate:
        yield target.publish_as("the broker's own certificate", AT_TLS, server)
    own = target.options(target.plan.credentials)
    yield target.impostor.publish("broker with a foreign certificate", BY_CLIENT, own, target.flow.destination)


def _try_protocols(target: Target) -> Iterator[Case]:
    probe, flow = target.probe, target.flow
    yield probe.publish("plain TCP", AT_TLS, Options(flow.client_id), flow.destination)
    old, own = target.options(target.plan.credentials), target.options(target.plan.credentials)
    assert old.tls
    old.tls.minimum_version = old.tls.maximum_version = ssl.TLSVersion.TLSv1_2
    yield probe.publish("TLS 1.2", AT_TLS, old, flow.destination, label=CONFIGURATION_ECHO)
    yield probe.publish("QoS 2", BY_PROTOCOL, own, flow.destination, qos=2, label=CONFIGURATION_ECHO)


def _try_signed_certificates(target: Target, sign: Sign) -> Iterator[Case]:
    unmapped, previous, alike, useless, expired = _NEEDS_SIGNATURE
    own = pem.subject(target.subject).removeprefix("CN=")
    generation_before = re.sub(r"\d+$", lambda found: str(int(found[0]) - 1), own)
    yield target.publish_as(unmapped, BY_POLICY, _issue(sign, common_name("edge-stamps-unmapped")))
    yield target.publish_as(previous, BY_POLICY, _issue(sign, common_name(generation_before)))
    yield target.publish_as(alike, BY_POLICY, _issue(sign, common_name(f"{own}0")))
    yield target.publish_as(useless, AT_TLS, _issue(sign, target.subject, uses=(SERVER,)))
    yield target.publish_as(expired, AT_TLS, _issue(sign, target.subject, days=(-2, -1)))


def _issue(
    sign: Sign, subject: x509.Name, uses: Sequence[x509.ObjectIdentifier] = (CLIENT,), days: tuple[int, int] = (-1, 30)
) -> Credentials:
    key = new_key()
    return Credentials(to_pem(sign(build_leaf(subject, key, uses=uses, days=days))), key_to_pem(key))
