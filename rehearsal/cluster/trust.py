"""trust-manager: which ConfigMaps the applied Bundles bring into AIO's namespace (aio-cli-facts §5.7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from graph import pem
from graph.inputs import items, mapping, text
from rehearsal.azure.state import Entry
from rehearsal.cluster.model import ConfigMap, Problem
from rehearsal.cluster.node_state import Facts
from rehearsal.cluster.pairs import ca_faults
from rehearsal.cluster.placement import Reached

_NAME_LABEL = "kubernetes.io/metadata.name"
"""Kubernetes gives every namespace a label with its own name."""


@dataclass(frozen=True)
class Trusted:
    """The ConfigMaps of AIO's namespace."""

    config_maps: Mapping[str, ConfigMap] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def trusted(cluster: Entry, facts: Facts, here: Reached) -> Trusted:
    """What becomes of every applied Bundle, and ConfigMaps that were applied as they are."""
    bundles = [one for one in facts.objects if _is_bundle(one)]
    if not here.namespace:
        return Trusted()
    plain = {
        text(one, "metadata.name"): ConfigMap(text(one, "metadata.name"), dict(mapping(one, "data")))
        for one in facts.objects
        if text(one, "kind") == "ConfigMap" and text(one, "metadata.namespace") == here.namespace
    }
    if bundles and not here.has_trust_manager:
        what = "is not installed, so nobody serves Bundles and apply-objects cannot have applied them"
        remedy = "install the cert-manager extension, which brings trust-manager, until it is Succeeded"
        problem = Problem("CLUSTER-15", cluster.name, "extension microsoft.certmanagement", what, remedy)
        return Trusted(plain, (problem,))
    labels = _labels(facts, here.namespace)
    problems, delivered = [], {}
    for bundle in bundles:
        for rule, what, remedy in _faults(bundle, labels):
            problems.append(Problem(rule, cluster.name, f"Bundle {text(bundle, 'metadata.name')}", what, remedy))
        if config_map := _config_map(bundle, labels):
            delivered[config_map.name] = config_map
    return Trusted({**plain, **delivered}, tuple(problems))


def _is_bundle(one: Mapping[str, Any]) -> bool:
    return text(one, "kind") == "Bundle" and text(one, "apiVersion").startswith("trust.cert-manager.io/")


def _labels(facts: Facts, namespace: str) -> dict[str, str]:
    """Labels of the namespace: its name, and what an applied Namespace object gives it."""
    found = {_NAME_LABEL: namespace}
    for one in facts.objects:
        if text(one, "kind") == "Namespace" and text(one, "metadata.name") == namespace:
            found.update({str(label): str(value) for label, value in mapping(one, "metadata.labels").items()})
    return found


def _selects(bundle: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether the Bundle goes into a namespace with these labels; without a selector it goes into every one."""
    selector = mapping(bundle, "spec.target.namespaceSelector")
    return mapping(selector, "matchLabels").items() <= labels.items() and not selector.get("matchExpressions")


def _source(bundle: Mapping[str, Any]) -> str:
    return "\n".join(text(one, "inLine") for one in items(bundle, "spec.sources"))


def _faults(bundle: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """(rule, what, remedy)."""
    if not _selects(bundle, labels):
        wanted = dict(mapping(bundle, "spec.target.namespaceSelector.matchLabels"))
        what = f"its namespaceSelector {wanted} does not match AIO's namespace, which has the labels {dict(labels)}"
        yield "CLUSTER-16", what, f"select {_NAME_LABEL}: {labels[_NAME_LABEL]}"
    if not text(bundle, "spec.target.configMap.key"):
        yield "CLUSTER-16", "names no key of its ConfigMap", "give spec.target.configMap.key"
    for source in items(bundle, "spec.sources"):
        if not text(source, "inLine") and source != {"useDefaultCAs": False}:
            what = f"a source {sorted(source)} besides inLine: AIO would trust whatever it holds"
            yield "CLUSTER-16", what, "give the one CA certificate inLine"
    if why := ca_faults(_source(bundle)):
        yield "CLUSTER-17", f"its PEM {why}", "give the certificate of the root"


def _config_map(bundle: Mapping[str, Any], labels: Mapping[str, str]) -> ConfigMap | None:
    """The ConfigMap, named as its Bundle; none where trust-manager finds no certificate or no place for it."""
    key, found = text(bundle, "spec.target.configMap.key"), pem.certificates(_source(bundle))
    if not (key and found and _selects(bundle, labels)):
        return None
    return ConfigMap(
        text(bundle, "metadata.name"), {key: "".join(one.public_bytes(Encoding.PEM).decode() for one in found)}
    )
