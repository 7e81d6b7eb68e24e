"""What must be refused on a link, tried one by one (field-review §4)."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509

from graph import pem
from rehearsal.mqtt import authority
from rehearsal.mqtt.attempts import (
    AT_TLS,
    BY_CLIENT,
    BY_POLICY,
    BY_PROTOCOL,
    CONFIGURATION_ECHO,
    DELIVERED,
    NOT_DELIVERED,
    Case,
    Stage,
)
from rehearsal.mqtt.authority import Authority, Sign, key_pem, leaf, new_key, to_pem
from rehearsal.mqtt.client import ClientPlan, Credentials, Flow, tls_context
from rehearsal.mqtt.translate import PortPlan, ServerCertificate
from rehearsal.mqtt.wire import Options, Tls

_OTHERS = 3
"""How many other links a link is tried against, those with the most similar names first."""
_CLIENT_ID = "edge-stamps-attack"

UNPROVABLE = (
    "a client id bound to its certificate: Mosquitto asks no policy at CONNECT when the certificate is the identity",
    "a live session's client id taken over by another certificate: for the same reason",
    "a CONNECT refused for an unmapped subject: Mosquitto connects it, and refuses what it then does",
)
"""What AIO's policy decides at CONNECT, and Mosquitto cannot (field-review §5.2)."""
_NEEDS_SIGNATURE = (
    "trusted leaf with an unmapped subject",
    "subject of the generation before",
    "subject that begins alike",
    "trusted leaf without the use for clients",
    "expired leaf of the deployed authority",
)


@dataclass(frozen=True)
class Target:
    """A link whose messages arrive, and everything that attacks need."""

    stage: Stage
    impostor: Stage
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
    def foreign_topic(self) -> str:
        return f"{self.flow.destination}/attack"

    @property
    def others(self) -> list[ClientPlan]:
        """Siblings whose topics are not this link's own too."""
        own = {flow.destination for flow in self.plan.flows}
        apart = [one for one in self.siblings if not own & {flow.destination for flow in one.flows}]
        likeness = {id(one): SequenceMatcher(None, one.cluster, self.plan.cluster).ratio() for one in apart}
        return sorted(apart, key=lambda one: -likeness[id(one)])[:_OTHERS]

    def tls(self, credentials: Credentials | None) -> Tls:
        return tls_context(self.plan, credentials, self._folder)

    def options(self, credentials: Credentials | None, client_id: str = _CLIENT_ID) -> Options:
        return Options(client_id, self.tls(credentials))

    @property
    def _folder(self) -> Path:
        return self.stage.broker.folder


def attack(target: Target) -> Iterator[Case]:
    """Every case that can be tried here; what is allowed is tried too, else refusals would prove little."""
    yield from _own_certificate(target)
    yield from _subscriptions(target)
    yield from _other_links(target)
    yield from _certificates(target)
    yield from _protocol(target)
    if target.sign:
        yield from _signed(target, target.sign)


NEVER_SENT_OVER = "the site's own leg, from its broker to the dataflow: read, not run"


def not_exercised(sign: Sign | None, links_at: Mapping[str, int]) -> list[str]:
    """Cases that nobody tries, that need the deployed client authority to sign, or other links to the same port.

    `links_at`: how many links end at an address.
    """
    unsigned = "the deployed client authority's signature is not at hand"
    return [
        NEVER_SENT_OVER,
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


def impostor(plan: PortPlan, host: str) -> PortPlan:
    """The same port with a certificate for the host by a foreign authority."""
    key = new_key()
    address: x509.GeneralName = x509.IPAddress(ip_address(host)) if pem.is_ip(host) else x509.DNSName(host)
    chain = Authority.root("foreign root").sign(
        leaf(authority.name("impostor"), key, uses=(authority.SERVER,), hosts=[address])
    )
    certificate = ServerCertificate(to_pem(chain), key_pem(key))
    return replace(plan, certificate=certificate)


def _own_certificate(target: Target) -> Iterator[Case]:
    stage, own = target.stage, target.options(target.plan.credentials, target.flow.client_id)
    topic, foreign = target.flow.destination, target.foreign_topic
    yield stage.publish("own topic", DELIVERED, own, topic)
    yield stage.publish("another topic", BY_POLICY, own, foreign)
    yield stage.publish("retained message to another topic", BY_POLICY, own, foreign, retain=True)
    yield stage.will("Will message to the own topic", DELIVERED, own, topic)
    yield stage.will("Will message to another topic", NOT_DELIVERED, own, foreign)


def _subscriptions(target: Target) -> Iterator[Case]:
    own, topic = target.options(target.plan.credentials), target.flow.destination
    for topic_filter in ("#", "$share/x/#", topic):
        yield target.stage.subscribe(f"subscribe to {topic_filter}", own, topic_filter, topic)


def _other_links(target: Target) -> Iterator[Case]:
    stage, plan, flow = target.stage, target.plan, target.flow
    own = target.options(plan.credentials, flow.client_id)
    for other in target.others:
        name, theirs = f"{other.cluster}/{other.endpoint}", other.flows[0].destination
        yield stage.publish(f"topic {theirs} of {name}", BY_POLICY, own, theirs)
        yield stage.will(f"Will message to topic {theirs} of {name}", NOT_DELIVERED, own, theirs)
        yield stage.subscribe(f"subscribe to {theirs} of {name}", own, theirs, theirs)
        as_this = target.options(other.credentials, flow.client_id)
        yield stage.publish(f"certificate of {name}", BY_POLICY, as_this, flow.destination)
    for stranger in target.strangers[:_OTHERS]:
        name, as_this = f"{stranger.cluster}/{stranger.endpoint}", target.options(stranger.credentials, flow.client_id)
        case = stage.publish(f"certificate of {name}, a link to another broker", BY_POLICY, as_this, flow.destination)
        yield case


def _certificates(target: Target) -> Iterator[Case]:
    stage, flow, client_id = target.stage, target.flow, target.flow.client_id
    yield stage.publish("no certificate", AT_TLS, target.options(None, client_id), flow.destination)
    subject = pem.certificates(target.plan.credentials.chain_pem)[0].subject
    foreign = _issued(Authority.root("foreign root").intermediate("foreign intermediate").sign, subject)
    name = "same subject by a foreign authority"
    yield stage.publish(name, AT_TLS, target.options(foreign, client_id), flow.destination)
    server = stage.broker.plan.certificate
    if server:
        as_client = target.options(Credentials(server.chain_pem, server.key_pem), client_id)
        yield stage.publish("the broker's own certificate", AT_TLS, as_client, flow.destination)
    own = target.options(target.plan.credentials, client_id)
    yield target.impostor.publish("broker with a foreign certificate", BY_CLIENT, own, flow.destination)


def _protocol(target: Target) -> Iterator[Case]:
    stage, flow = target.stage, target.flow
    yield stage.publish("plain TCP", AT_TLS, Options(flow.client_id), flow.destination)
    old = target.tls(target.plan.credentials)
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
    yield stage.publish("TLS 1.2", AT_TLS, Options(flow.client_id, old), flow.destination, label=CONFIGURATION_ECHO)
    own = target.options(target.plan.credentials, flow.client_id)
    yield stage.publish("QoS 2", BY_PROTOCOL, own, flow.destination, qos=2, label=CONFIGURATION_ECHO)


def _signed(target: Target, sign: Sign) -> Iterator[Case]:
    unmapped, previous, alike, useless, expired = _NEEDS_SIGNATURE
    subject = pem.certificates(target.plan.credentials.chain_pem)[0].subject
    common_name = pem.subject(subject).removeprefix("CN=")
    tries = [
        (unmapped, BY_POLICY, _issued(sign, authority.name("edge-stamps-unmapped"))),
        (previous, BY_POLICY, _issued(sign, authority.name(_generation_before(common_name)))),
        (alike, BY_POLICY, _issued(sign, authority.name(f"{common_name}0"))),
        (useless, AT_TLS, _issued(sign, subject, uses=(authority.SERVER,))),
        (expired, AT_TLS, _issued(sign, subject, days=(-2, -1))),
    ]
    for name, expected, credentials in tries:
        options = target.options(credentials, target.flow.client_id)
        yield target.stage.publish(name, expected, options, target.flow.destination)


def _generation_before(common_name: str) -> str:
    return re.sub(r"\d+$", lambda found: str(int(found[0]) - 1), common_name)


def _issued(
    sign: Sign,
    subject: x509.Name,
    uses: Sequence[x509.ObjectIdentifier] = (authority.CLIENT,),
    days: tuple[int, int] = (-1, 30),
) -> Credentials:
    key = new_key()
    return Credentials(to_pem(sign(leaf(subject, key, uses=uses, days=days))), key_pem(key))
