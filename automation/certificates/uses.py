"""Where each certificate is used, read from a state by what bodies refer to, never by how something is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arm.hosting import BY_SCRIPT_TYPE
from arm.types import ResourceType
from arm.types.iotoperations import BROKER_AUTHENTICATION, BROKER_LISTENER, DATAFLOW_ENDPOINT
from arm.types.keyvault import SECRET
from arm.types.secretsynccontroller import SECRET_SYNC
from automation.certificates.published import find_subject
from graph import pem
from graph.graph import Graph, Resource
from graph.grouping import places
from graph.inputs import list_at, map_at, text_at
from graph.local_commands import LOCAL_COMMAND
from graph.property_diff import known
from graph.tls_values import REQUEST, SELF_SIGNED, SIGNED
from rules.lookup import read_bundles
from settings.external_ca import REQUESTS

_VAULT_SECRET, _SECRET, _CONFIG_MAP = "vault secret", "Secret", "ConfigMap"
_READ = {
    "secretRef": _SECRET,
    "trustedCaCertificateConfigMapRef": _CONFIG_MAP,
    "trustedClientCaCert": _CONFIG_MAP,
}
"""Members of AIO's bodies that name what certificates are read from
(learn.microsoft.com/rest/api/iotoperations, BrokerListener, BrokerAuthentication, DataflowEndpoint)."""
_READERS: Mapping[ResourceType, tuple[str, str]] = {
    BROKER_LISTENER: ("listener", "listenerName"),
    BROKER_AUTHENTICATION: ("authentication", "authenticationName"),
    DATAFLOW_ENDPOINT: ("endpoint", "dataflowEndpointName"),
}
_Place = tuple[str, str, str]
"""Cluster, kind, name."""


@dataclass(frozen=True)
class Use:
    """One thing that holds a certificate, refers to what holds it, or admits its subject."""

    cluster: str
    """Empty where it is on none: another certificate that this one signs."""
    kind: str
    """vault secret | Secret | ConfigMap | listener | authentication | endpoint | certificate"""
    name: str
    of: str = ""
    """`link site-to-enterprise` or `broker enterprise`, of what AIO has."""

    def __str__(self) -> str:
        if not self.cluster:
            return f"signs {self.name}"
        return f"{self.kind} {self.name} on {self.cluster}{f', of {self.of}' if self.of else ''}"


def find_uses(state: Graph) -> dict[str, list[Use]]:
    """Return fingerprint -> uses, from the vault to what connects. A chain is in use wherever its leaf is."""
    certificates = find_certificates(state)
    cluster_of = places(state)
    held = _find_holders(state, certificates, cluster_of)
    known_here = [*certificates.values(), *(one["sha256"] for one in _list_published(state))]
    found: dict[str, list[Use]] = {fingerprint: [] for fingerprint in known_here}
    for (cluster, kind, name), fingerprints in held.items():
        for fingerprint in fingerprints & found.keys():
            found[fingerprint].append(Use(cluster, kind, name))
    by_subject: dict[str, list[str]] = {}
    for urn, fingerprint in certificates.items():
        by_subject.setdefault(find_subject(state, state.resources[urn]), []).append(fingerprint)
    for reader in state.of_type(*_READERS):
        cluster = cluster_of[reader.urn]
        use = _describe(reader, cluster, state.outputs)
        read = {one for kind, name in _find_read(reader.plain_inputs) for one in held.get((cluster, kind, name), ())}
        read |= {one for subject in _find_admitted(reader) for one in by_subject.get(subject, ())}
        for fingerprint in read & found.keys():
            found[fingerprint].append(use)
    for signed in state.of_type(SIGNED):
        for issuer in _fingerprints(signed.plain_inputs.get("caCertPem")) & found.keys():
            found[issuer].append(Use("", "certificate", find_subject(state, signed)))
    return found


def find_certificates(graph: Graph) -> dict[str, str]:
    """Return URN -> fingerprint of every certificate that is there; what was signed outside stands for its request."""
    made = graph.of_type(SELF_SIGNED, SIGNED)
    published = _list_published(graph) if map_at(graph.outputs, REQUESTS) else []
    outside = {one["subject"]: one["sha256"] for one in published}
    asked = {one.urn: find_subject(graph, one) for one in graph.of_type(REQUEST)}
    signed = {urn: outside[subject] for urn, subject in asked.items() if subject in outside}
    return signed | {one.urn: found for one in made for found in _fingerprints(one.plain_outputs.get("certPem"))}


def _list_published(graph: Graph) -> list[Mapping[str, Any]]:
    return [one for one in map_at(known(graph.outputs), "certificates").values() if one]


def _find_holders(
    state: Graph, certificates: Mapping[str, str], cluster_of: Mapping[str, str]
) -> dict[_Place, set[str]]:
    """Return what holds certificates. A vault's values are encrypted in a state: what they are made from is not."""
    held: dict[_Place, set[str]] = {}
    vault: dict[tuple[str, str], set[str]] = {}
    for secret in state.of_type(SECRET):
        inputs, cluster = secret.plain_inputs, cluster_of[secret.urn]
        made_from = secret.property_dependencies.get("properties", ())
        name, found = text_at(inputs, "secretName"), {certificates[urn] for urn in made_from if urn in certificates}
        vault[cluster, name] = held[cluster, _VAULT_SECRET, f"{inputs.get('vaultName')}/{name}"] = found
    for sync in state.of_type(SECRET_SYNC):
        inputs, cluster = sync.plain_inputs, cluster_of[sync.urn]
        sources = [text_at(one, "sourcePath") for one in list_at(inputs, "objectSecretMapping")]
        found = set[str]().union(*(vault.get((cluster, source), ()) for source in sources))
        held[cluster, _SECRET, text_at(inputs, "secretSyncName")] = found
    for command in state.of_type(*BY_SCRIPT_TYPE, LOCAL_COMMAND):
        for bundle in read_bundles(command):
            held.setdefault((cluster_of[command.urn], _CONFIG_MAP, bundle.name), set()).update(
                _fingerprints(bundle.pem)
            )
    return held


def _find_read(body: Any) -> Iterator[tuple[str, str]]:
    """Yield kind and name of what a body refers to, wherever in it."""
    if isinstance(body, Mapping):
        for key, value in body.items():
            if key in _READ and isinstance(value, str):
                yield _READ[key], value
            yield from _find_read(value)
    elif isinstance(body, list):
        for item in body:
            yield from _find_read(item)


def _find_admitted(reader: Resource) -> Iterator[str]:
    """Yield the subjects that an authentication knows, as certificates have them: without spaces."""
    for method in list_at(reader.plain_inputs, "properties.authenticationMethods"):
        for admitted in map_at(method, "x509Settings.authorizationAttributes").values():
            yield text_at(admitted, "subject").replace(" = ", "=")


def _describe(reader: Resource, cluster: str, outputs: Mapping[str, Any]) -> Use:
    (kind, key) = next(words for type_, words in _READERS.items() if type_.arm_type == reader.arm_type)
    name = text_at(reader.plain_inputs, key)
    if kind != "endpoint":
        return Use(cluster, kind, name, f"broker {cluster}")
    links = map_at(outputs, "links").items()
    ours = (link for link, one in links if (one.get("from"), one.get("endpoint")) == (cluster, name))
    return Use(cluster, kind, name, next((f"link {link}" for link in ours), ""))


def _fingerprints(text: object) -> set[str]:
    return {pem.sha256(one) for one in pem.certificates(text)} if isinstance(text, str) else set()
