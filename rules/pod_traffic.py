"""Say which connections of pods NetworkPolicies let through, as Kubernetes documents them.

kubernetes.io/docs/concepts/services-networking/network-policies; kubernetes/api, networking/v1/types.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Literal

from graph.inputs import list_at, map_at, text_at, texts_at

Policy = Mapping[str, Any]
_NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Label that Kubernetes itself gives every namespace; others of a namespace are not known here."""
_OPERATORS: Mapping[str, Callable[[str | None, Sequence[str]], bool]] = {
    "In": lambda value, values: value in values,
    "NotIn": lambda value, values: value not in values,
    "Exists": lambda value, _: value is not None,
    "DoesNotExist": lambda value, _: value is None,
}


@dataclass(frozen=True)
class End:
    """One end of a connection: a pod by namespace and labels, or whatever is outside by its address."""

    what: str
    namespace: str = ""
    """Empty: no pod."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Those that are known; a selector that asks for others does not choose it."""
    address: str = ""
    """Empty for a pod: it has one by chance."""


def lets_through(policies: Sequence[Policy], source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    """Return whether both ends may: the source to send it, and the target to take it."""
    sends = _may(policies, source, target, "Egress", port, protocol)
    return sends and _may(policies, target, source, "Ingress", port, protocol)


def isolates(policies: Sequence[Policy], pod: End, way: Literal["Ingress", "Egress"]) -> bool:
    """Return whether any policy of this way selects the pod: then nothing passes but what one of them lists."""
    return bool(_select(policies, pod, way))


def _may(policies: Sequence[Policy], pod: End, other: End, way: Literal["Ingress", "Egress"], *to: Any) -> bool:
    selecting = _select(policies, pod, way)
    rules = [(one, rule) for one in selecting for rule in list_at(one, f"spec.{way.lower()}")]
    peers = {"Ingress": "from", "Egress": "to"}[way]
    return not selecting or any(_admits_port(rule, *to) and _admits(one, rule, peers, other) for one, rule in rules)


def _select(policies: Sequence[Policy], pod: End, way: str) -> list[Policy]:
    return [
        one
        for one in policies
        if pod.namespace == (text_at(one, "metadata.namespace") or "default") and way in _list_types(one)
        if _chooses(map_at(one, "spec.podSelector"), pod.labels)
    ]


def _list_types(policy: Policy) -> Sequence[str]:
    """Return its ways: without policyTypes always Ingress, and Egress where it has such rules."""
    given = texts_at(policy, "spec.policyTypes")
    return given or ["Ingress", *(["Egress"] if list_at(policy, "spec.egress") else [])]


def _admits(policy: Policy, rule: Mapping[str, Any], name: str, other: End) -> bool:
    """Return whether one of the rule's peers is the other end; without any, everybody is."""
    peers = list_at(rule, name)
    return not peers or any(_is_peer(peer, text_at(policy, "metadata.namespace") or "default", other) for peer in peers)


def _is_peer(peer: Mapping[str, Any], own: str, other: End) -> bool:
    if "ipBlock" in peer:
        return _is_in_block(map_at(peer, "ipBlock"), other.address)
    if not other.namespace:
        return False
    names = {_NAMESPACE_NAME: other.namespace}
    is_there = _chooses(peer["namespaceSelector"], names) if "namespaceSelector" in peer else other.namespace == own
    return is_there and _chooses(map_at(peer, "podSelector"), other.labels)


def _is_in_block(block: Mapping[str, Any], address: str) -> bool:
    blocks = [text_at(block, "cidr"), *texts_at(block, "except")]
    inside, *exempt = [bool(address) and ip_address(address) in ip_network(one, strict=False) for one in blocks]
    return inside and not any(exempt)


def _chooses(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return whether it asks for nothing that the labels do not have; an empty one chooses everything."""
    return map_at(selector, "matchLabels").items() <= labels.items() and all(
        _OPERATORS[text_at(one, "operator")](labels.get(text_at(one, "key")), texts_at(one, "values"))
        for one in list_at(selector, "matchExpressions")
    )


def _admits_port(rule: Mapping[str, Any], port: int, protocol: str) -> bool:
    """Return whether the rule is about the port; without any it is about all, and a named one is nobody's here."""
    return not list_at(rule, "ports") or any(
        one.get("protocol", "TCP") == protocol and _is_in_range(one, port) for one in list_at(rule, "ports")
    )


def _is_in_range(given: Mapping[str, Any], port: int) -> bool:
    first = given.get("port")
    if first is None:
        return True
    return isinstance(first, int) and first <= port <= given.get("endPort", first)
