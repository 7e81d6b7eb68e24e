"""Deliver the applied Bundles into AIO's namespace, as trust-manager does.

cert-manager.io/docs/trust/trust-manager
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from graph import pem
from graph.inputs import list_at, map_at, text_at
from rehearsal.azure.entries import Entry
from rehearsal.cluster.key_pairs import find_ca_fault
from rehearsal.cluster.model import ConfigMap, Symptom
from rehearsal.cluster.node_state import NodeState
from rehearsal.cluster.placement import Placement
from rules.facts.extensions import CERT_MANAGER

_NAME_LABEL = "kubernetes.io/metadata.name"
"""Kubernetes gives every namespace a label with its own name."""


def deliver_bundles(
    cluster: Entry, node: NodeState, here: Placement
) -> tuple[Mapping[str, ConfigMap], Sequence[Symptom]]:
    """Return the ConfigMaps of every applied Bundle, and those that were applied as they are; and what is wrong."""
    bundles = [one for one in node.objects if _is_bundle(one)]
    if not here.namespace:
        return {}, ()
    config_maps = {
        text_at(one, "metadata.name"): ConfigMap(text_at(one, "metadata.name"), dict(map_at(one, "data")))
        for one in node.objects
        if text_at(one, "kind") == "ConfigMap" and text_at(one, "metadata.namespace") == here.namespace
    }
    if bundles and not here.has_trust_manager:
        what = "is not installed, so nobody serves Bundles and apply-objects cannot have applied them"
        remedy = "install the cert-manager extension, which brings trust-manager, until it is Succeeded"
        return config_maps, [Symptom("CLUSTER-15", cluster.name, f"extension {CERT_MANAGER.type}", what, remedy)]
    labels, problems = _read_labels(node, here.namespace), []
    for bundle in bundles:
        name = text_at(bundle, "metadata.name")
        problems += [
            Symptom(rule, cluster.name, f"Bundle {name}", *rest) for rule, *rest in _find_faults(bundle, labels)
        ]
        if config_map := _make_config_map(bundle, labels):
            config_maps[name] = config_map
    return config_maps, problems


def _is_bundle(one: Mapping[str, Any]) -> bool:
    return text_at(one, "kind") == "Bundle" and text_at(one, "apiVersion").startswith("trust.cert-manager.io/")


def _read_labels(node: NodeState, namespace: str) -> dict[str, str]:
    """Return the labels of the namespace: its name, and what an applied Namespace object gives it."""
    found = {_NAME_LABEL: namespace}
    for one in node.objects:
        if text_at(one, "kind") == "Namespace" and text_at(one, "metadata.name") == namespace:
            found.update({str(label): str(value) for label, value in map_at(one, "metadata.labels").items()})
    return found


def _selects(bundle: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return whether the Bundle goes into a namespace with these labels; without a selector it goes into every one."""
    selector = map_at(bundle, "spec.target.namespaceSelector")
    return map_at(selector, "matchLabels").items() <= labels.items() and not selector.get("matchExpressions")


def _read_source(bundle: Mapping[str, Any]) -> str:
    return "\n".join(text_at(one, "inLine") for one in list_at(bundle, "spec.sources"))


def _find_faults(bundle: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield (rule, what, remedy)."""
    if not _selects(bundle, labels):
        selector = dict(map_at(bundle, "spec.target.namespaceSelector.matchLabels"))
        what = f"its namespaceSelector {selector} does not match AIO's namespace, which has the labels {dict(labels)}"
        yield "CLUSTER-16", what, f"select {_NAME_LABEL}: {labels[_NAME_LABEL]}"
    if unknown := _find_unknown_fields(bundle):
        what = f"has fields that no Bundle has, so it is not applied: {', '.join(unknown)}"
        yield "CLUSTER-16", what, "leave them out"
    if not text_at(bundle, "spec.target.configMap.key"):
        yield "CLUSTER-16", "names no key of its ConfigMap", "give spec.target.configMap.key"
    for source in list_at(bundle, "spec.sources"):
        if not text_at(source, "inLine") and source != {"useDefaultCAs": False}:
            what = f"a source {sorted(source)} besides inLine: AIO would trust whatever it holds"
            yield "CLUSTER-16", what, "give the one CA certificate inLine"
    if fault := find_ca_fault(_read_source(bundle)):
        yield "CLUSTER-17", f"its PEM {fault}", "give the certificate of the root"


def _find_unknown_fields(bundle: Mapping[str, Any]) -> list[str]:
    """Return fields that the kind lacks, which kubectl refuses.

    cert-manager.io/docs/trust/trust-manager/api-reference
    """
    return sorted({*map_at(bundle, "spec")} - {"sources", "target"})


def _make_config_map(bundle: Mapping[str, Any], labels: Mapping[str, str]) -> ConfigMap | None:
    """Return the ConfigMap, named as its Bundle; none if trust-manager finds no certificate or no place for it.

    No line end after the last certificate: cert-manager/trust-manager, pkg/util/cert_pool.go.
    """
    key, found = text_at(bundle, "spec.target.configMap.key"), pem.certificates(_read_source(bundle))
    if not (key and found and _selects(bundle, labels)) or _find_unknown_fields(bundle):
        return None
    certificates = "".join(one.public_bytes(Encoding.PEM).decode() for one in found)
    return ConfigMap(text_at(bundle, "metadata.name"), {key: certificates.strip()})
