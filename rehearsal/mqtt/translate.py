"""Read from a broker cluster's listeners, policies, Secrets and ConfigMaps what Mosquitto has to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rehearsal.cluster.model import ClusterView
from rehearsal.mqtt.bodies import Credentials, UnmappedError, find, read_body, read_trust


@dataclass(frozen=True)
class Grants:
    """The topics that one certificate subject may use."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


@dataclass(frozen=True)
class PortPlan:
    """One port that the broker opens to other machines."""

    cluster: str
    listener: str
    port: int
    """As deployed; Mosquitto takes a free one."""
    certificate: Credentials | None
    """What the broker presents to clients; None: plain TCP."""
    client_ca_pem: str | None = field(repr=False)
    """None: clients stay anonymous."""
    grants: Mapping[str, Grants] | None
    """By subject as Mosquitto writes it, `CN=site-g1`. None: everything is allowed."""


def read_ports(view: ClusterView) -> list[PortPlan]:
    """Return every port of a LoadBalancer listener; ClusterIp is inside the cluster only, where no link comes.

    Raises:
        UnmappedError: something deployed is not carried over to Mosquitto.
    """
    return [
        _read_port(view, name, port)
        for name, properties in view.listeners.items()
        if properties.get("serviceType") != "ClusterIp"
        for port in read_body("listener", name, view.listeners)["ports"]
    ]


def _read_port(view: ClusterView, listener: str, port: Mapping[str, Any]) -> PortPlan:
    certificate, client_ca, grants = None, None, None
    attributes: dict[str, Mapping[str, str]] = {}
    if "tls" in port:
        certificate = _read_certificate(view, port["tls"]["manual"]["secretRef"])
    if "authenticationRef" in port:
        client_ca, attributes = _read_authentication(view, port["authenticationRef"])
    if "authorizationRef" in port:
        grants = _read_grants(view, port["authorizationRef"], attributes)
    return PortPlan(view.name, listener, int(port["port"]), certificate, client_ca, grants)


def _read_certificate(view: ClusterView, name: str) -> Credentials:
    secret = find("Secret", name, view.secrets)
    if secret.type != "kubernetes.io/tls":
        raise UnmappedError(f"Secret {name}", f"type {secret.type} is not mapped; only kubernetes.io/tls")
    if sorted(secret.data) != ["tls.crt", "tls.key"]:
        raise UnmappedError(f"Secret {name}", f"keys {sorted(secret.data)} are not tls.crt and tls.key")
    return Credentials(secret.data["tls.crt"], secret.data["tls.key"])


def _read_authentication(view: ClusterView, name: str) -> tuple[str, dict[str, Mapping[str, str]]]:
    """Return the trusted certificates, and the attributes of each subject."""
    settings = read_body("authentication", name, view.authentications)["authenticationMethods"][0]["x509Settings"]
    attributes: dict[str, Mapping[str, str]] = {}
    for entry in settings["authorizationAttributes"].values():
        subject = f"CN={entry['subject'].partition('=')[2].strip()}"
        if subject in attributes:
            raise UnmappedError(f"authentication {name}", f"{subject} is there twice")
        attributes[subject] = entry["attributes"]
    return read_trust(view.config_maps, settings["trustedClientCaCert"]), attributes


def _read_grants(view: ClusterView, name: str, subjects: Mapping[str, Mapping[str, str]]) -> dict[str, Grants]:
    rules = read_body("authorization", name, view.authorizations)["authorizationPolicies"]["rules"]
    return {subject: _collect_grants(rules, attributes) for subject, attributes in subjects.items()}


def _collect_grants(rules: Sequence[Mapping[str, Any]], attributes: Mapping[str, str]) -> Grants:
    """Return what the rules grant to these attributes: entries are OR-ed, the attributes within one are AND-ed."""
    topics: dict[str, list[str]] = {"Connect": [], "Publish": [], "Subscribe": []}
    for rule in rules:
        if any(entry.items() <= attributes.items() for entry in rule["principals"]["attributes"]):
            for resource in rule["brokerResources"]:
                topics[resource["method"]] += resource.get("topics") or resource["clientIds"]
    # Mosquitto cannot bind client ids to subjects (`attacks.UNPROVABLE`); who may not connect at all gets nothing.
    return Grants(tuple(topics["Publish"]), tuple(topics["Subscribe"])) if topics["Connect"] else Grants((), ())
