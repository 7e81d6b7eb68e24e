"""A broker cluster's listeners, authentications, authorizations, Secrets and ConfigMaps -> what Mosquitto has to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt.reading import Body, UnmappedError, trusted

_SIMPLE_SUBJECT = re.compile(r"\s*CN\s*=\s*([A-Za-z0-9](?:[A-Za-z0-9 ._@-]*[A-Za-z0-9])?)\s*")
"""One common name without escapes: in which order AIO compares several parts is not documented (aio-cli-facts §5.2)."""


@dataclass(frozen=True)
class ServerCertificate:
    """What the broker shows to clients."""

    chain_pem: str = field(repr=False)
    key_pem: str = field(repr=False)


@dataclass(frozen=True)
class Grants:
    """What one certificate subject may do."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


@dataclass(frozen=True)
class PortPlan:
    """One port that the broker opens to other machines."""

    cluster: str
    listener: str
    port: int
    """As deployed; Mosquitto takes a free one."""
    certificate: ServerCertificate | None
    """None: plain TCP."""
    client_ca_pem: str | None = field(repr=False)
    """None: clients stay anonymous."""
    grants: Mapping[str, Grants] | None
    """By subject as Mosquitto writes it, `CN=site-g1`. None: everything is allowed."""


def exposed_ports(view: ClusterView) -> list[PortPlan]:
    """Every port of a LoadBalancer listener; ClusterIp is inside the cluster only, where no link comes.

    Raises:
        UnmappedError: something deployed is not carried over to Mosquitto.
    """
    plans: list[PortPlan] = []
    for name, properties in view.listeners.items():
        if properties.get("serviceType") == "ClusterIp":
            continue
        body = Body(f"listener {name}", properties, ("serviceType", "serviceName", "ports"))
        body.one_of("serviceType", "LoadBalancer")
        body.text("serviceName")
        ports = body.children("ports", ("port", "protocol"), ("authenticationRef", "authorizationRef", "tls"))
        plans += [_port(view, name, port) for port in ports]
    return plans


def _port(view: ClusterView, listener: str, port: Body) -> PortPlan:
    port.one_of("protocol", "Mqtt")
    if "authorizationRef" in port and "authenticationRef" not in port:
        raise UnmappedError(f"{port.where}.authorizationRef", "needs an authenticationRef")
    certificate = _certificate(view, port.child("tls", ("mode", "manual"))) if "tls" in port else None
    client_ca: str | None = None
    attributes: dict[str, dict[str, str]] = {}
    if "authenticationRef" in port:
        if certificate is None:
            raise UnmappedError(f"{port.where}.authenticationRef", "certificates without tls are not mapped")
        client_ca, attributes = _authentication(view, port.text("authenticationRef"))
    grants = _grants(view, port.text("authorizationRef"), attributes) if "authorizationRef" in port else None
    return PortPlan(view.name, listener, port.number("port", 1, 65535), certificate, client_ca, grants)


def _certificate(view: ClusterView, tls: Body) -> ServerCertificate:
    tls.one_of("mode", "Manual")
    name = tls.child("manual", ("secretRef",)).text("secretRef")
    secret = view.secrets.get(name)
    if secret is None:
        raise UnmappedError(f"Secret {name}", "is missing")
    if secret.type != "kubernetes.io/tls":
        raise UnmappedError(f"Secret {name}", f"type {secret.type} is not mapped; only kubernetes.io/tls")
    if sorted(secret.data) != ["tls.crt", "tls.key"]:
        raise UnmappedError(f"Secret {name}", f"keys {sorted(secret.data)} are not tls.crt and tls.key")
    return ServerCertificate(secret.data["tls.crt"], secret.data["tls.key"])


def _authentication(view: ClusterView, name: str) -> tuple[str, dict[str, dict[str, str]]]:
    """Trusted certificates, and the attributes of each subject."""
    where = f"authentication {name}"
    if name not in view.authentications:
        raise UnmappedError(where, "is missing")
    methods = Body(where, view.authentications[name], ("authenticationMethods",)).children(
        "authenticationMethods", ("method", "x509Settings")
    )
    if len(methods) != 1:
        raise UnmappedError(f"{where}.authenticationMethods", f"{len(methods)} methods; only one is mapped")
    methods[0].one_of("method", "X509")
    settings = methods[0].child("x509Settings", ("trustedClientCaCert", "authorizationAttributes"))
    attributes: dict[str, dict[str, str]] = {}
    for entry in settings.named("authorizationAttributes", ("subject", "attributes")):
        subject = _subject(entry)
        if subject in attributes:
            raise UnmappedError(f"{entry.where}.subject", f"{subject} is there twice")
        attributes[subject] = entry.text_map("attributes")
    return trusted(view.config_maps, settings.text("trustedClientCaCert")), attributes


def _subject(entry: Body) -> str:
    given = entry.text("subject")
    found = _SIMPLE_SUBJECT.fullmatch(given)
    if not found:
        raise UnmappedError(
            f"{entry.where}.subject", f"{given!r} is not mapped; only one CN without special characters"
        )
    return f"CN={found[1]}"


def _grants(view: ClusterView, name: str, subjects: Mapping[str, Mapping[str, str]]) -> dict[str, Grants]:
    where = f"authorization {name}"
    if name not in view.authorizations:
        raise UnmappedError(where, "is missing")
    policies = Body(where, view.authorizations[name], ("authorizationPolicies",)).child(
        "authorizationPolicies", ("cache", "rules")
    )
    policies.one_of("cache", "Enabled", "Disabled")  # how fast, not what
    rules = [_rule(rule) for rule in policies.children("rules", ("principals", "brokerResources"))]
    return {subject: _granted(rules, attributes) for subject, attributes in subjects.items()}


@dataclass(frozen=True)
class _Rule:
    entries: Sequence[Mapping[str, str]]
    """OR-ed; the attributes within one are AND-ed."""
    connects: bool
    publish: Sequence[str]
    subscribe: Sequence[str]


def _rule(rule: Body) -> _Rule:
    entries = rule.child("principals", ("attributes",)).text_maps("attributes")
    topics: dict[str, list[str]] = {"Publish": [], "Subscribe": []}
    connects = False
    for resource in rule.children("brokerResources", ("method",), ("clientIds", "topics")):
        method = resource.one_of("method", "Connect", "Publish", "Subscribe")
        wanted, other = ("clientIds", "topics") if method == "Connect" else ("topics", "clientIds")
        if wanted not in resource or other in resource:
            raise UnmappedError(f"{resource.where}", f"{method} is mapped with {wanted}, and without {other}")
        texts = resource.texts(wanted)
        if method == "Connect":
            connects = True
        else:
            topics[method] += [_topic(resource.where, text) for text in texts]
    return _Rule(entries, connects, topics["Publish"], topics["Subscribe"])


def _topic(where: str, topic: str) -> str:
    segments = topic.split("/")
    if "{" in topic or topic.startswith("$"):
        raise UnmappedError(f"{where}.topics", f"{topic!r}: tokens and topics that begin with $ are not mapped")
    if any(("+" in segment or "#" in segment) and len(segment) > 1 for segment in segments) or "#" in segments[:-1]:
        raise UnmappedError(f"{where}.topics", f"{topic!r} has a wildcard that is not a whole segment")
    return topic


def _granted(rules: Sequence[_Rule], attributes: Mapping[str, str]) -> Grants:
    open_to = [rule for rule in rules if any(entry.items() <= attributes.items() for entry in rule.entries)]
    # Mosquitto cannot bind client ids to subjects (field-review §5.2), but who may not connect at all gets nothing.
    if not any(rule.connects for rule in open_to):
        open_to = []
    return Grants(
        tuple(topic for rule in open_to for topic in rule.publish),
        tuple(topic for rule in open_to for topic in rule.subscribe),
    )
