"""Security rules: a link's packets are let in, and nobody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

from arm.types.network import NETWORK_SECURITY_GROUP, SUBNET
from graph.graph import Resource
from graph.inputs import at, list_at, text_at
from rules.lookup import Hits, View
from rules.network import read_network, read_networks
from settings.model import Link

Rule = Mapping[str, Any]
_ONE_WAY = {
    f"{end}{what}": f"{end}{what}{plural}"
    for end in ("source", "destination")
    for what, plural in (("AddressPrefix", "es"), ("PortRange", "s"))
}
"""Input of a security rule -> the list that stands in its place."""


def security_rules(view: View) -> Hits:
    """Inbound: each linked client's subnet to the node's broker port, node to node, then deny all; nothing else."""
    for cluster in view.clusters:
        group = view.one(NETWORK_SECURITY_GROUP, cluster)
        if group is None:
            continue
        every: list[Rule] = list_at(view.inputs(group), "securityRules")
        taken = Counter((text_at(one, "direction"), _priority(one)) for one in every)
        for (direction, priority), times in taken.items():
            if times > 1:
                yield group.name, f"securityRules: {times} {direction} rules have priority {priority}; Azure takes one"
        yield from _well_said(group, every)
        rules = [one for one in every if text_at(one, "direction") == "Inbound"]
        rules.sort(key=_priority)
        denies = [one for one in rules if text_at(one, "access") == "Deny" and _is_everything(one)]
        allows = [one for one in rules if _lets_in(one)]
        if not denies:
            yield group.name, "securityRules: no rule denies all inbound; the platform's own rules admit every peer"
        for one in allows:
            if denies and _priority(one) > _priority(denies[0]):
                name = text_at(one, "name")
                yield group.name, f"securityRules: {name} comes after {text_at(denies[0], 'name')}, which denies all"
        yield from _nodes_meet(view, cluster, group, allows)
        yield from _links_pass(view, cluster, group, allows)
        yield from _nobody_else(view, cluster, group, allows)


def _well_said(group: Resource, rules: list[Rule]) -> Hits:
    for one in rules:
        if text_at(one, "direction") != "Inbound":
            message = f"securityRules: {text_at(one, 'name')} is {text_at(one, 'direction')}; expected inbound ones"
            yield group.name, f"{message} alone: Arc and the links need the way out"
        for single, several in _ONE_WAY.items():
            if (single in one) == bool(one.get(several)):
                message = f"securityRules: {text_at(one, 'name')} has {single} and {several}, or neither"
                yield group.name, f"{message}; Azure takes one of the two"


def _nodes_meet(view: View, cluster: str, group: Resource, allows: list[Rule]) -> Hits:
    """K3s' nodes talk by TCP and UDP, the kubelet's port and VXLAN among them (docs.k3s.io, requirements)."""
    own = _subnets(view, cluster)
    if not any(_within(_prefixes(one, "source"), own) and text_at(one, "protocol") == "*" and _ports(one) == ["*"]
               for one in allows):  # fmt: skip
        yield group.name, "securityRules: nothing lets nodes of the subnet reach each other by everything. Add a rule"


def _links_pass(view: View, cluster: str, group: Resource, allows: list[Rule]) -> Hits:
    for parts in view.links:
        if parts.link.broker != cluster or not parts.port:
            continue
        address, port = str(view.clusters[cluster].address), parts.port.get("port")
        for network in _subnets(view, parts.link.client):
            if not any(_admits(one, network, address, port) for one in allows):
                message = (
                    f"securityRules: nothing admits {network} (cluster {parts.link.client}) to {address} port {port},"
                    f" where link {parts.link.name} connects. Add an Allow rule for it"
                )
                yield group.name, message


def is_link_admitted(view: View, link: Link, address: str, port: Any) -> bool:
    """Tell whether the rules at a link's broker let each subnet of its site in."""
    group = view.one(NETWORK_SECURITY_GROUP, link.broker)
    allows = [one for one in list_at(view.inputs(group), "securityRules") if _lets_in(one)] if group else []
    return not group or all(
        any(_admits(one, network, address, port) for one in allows) for network in _subnets(view, link.client)
    )


def _lets_in(rule: Rule) -> bool:
    return text_at(rule, "direction") == "Inbound" and text_at(rule, "access") == "Allow"


def _nobody_else(view: View, cluster: str, group: Resource, allows: list[Rule]) -> Hits:
    own = _subnets(view, cluster)
    links = [parts for parts in view.links if parts.link.broker == cluster]
    clients = [network for parts in links for network in _subnets(view, parts.link.client)]
    node = [IPv4Network(view.clusters[cluster].address)]
    ports = {str(parts.port["port"]) for parts in links if "port" in parts.port}
    for one in allows:
        sources, targets = _prefixes(one, "source"), _prefixes(one, "destination")
        inside = _within(sources, own) and _within(targets, own)
        for_links = _within(sources, clients) and _within(targets, node) and (set(_ports(one)) <= ports or not ports)
        if not inside and not for_links:
            message = (
                f"securityRules: {text_at(one, 'name')} admits {', '.join(sources)} to {', '.join(targets)} port"
                f" {', '.join(_ports(one))}, which no link needs. Narrow it to the clients' subnets and the node's port"
            )
            yield group.name, message


def _subnets(view: View, cluster: str) -> list[IPv4Network]:
    """Return where a cluster's packets come from."""
    if not view.clusters[cluster].network:
        return [IPv4Network(one) for one in view.clusters[cluster].addresses]
    return read_networks([text_at(view.inputs(one), "addressPrefix") for one in view.all(SUBNET, cluster=cluster)])


def _prefixes(rule: Rule, end: str) -> list[str]:
    one = text_at(rule, f"{end}AddressPrefix")
    return [one] if one else [str(prefix) for prefix in list_at(rule, f"{end}AddressPrefixes")]


def _ports(rule: Rule) -> list[str]:
    one = text_at(rule, "destinationPortRange")
    return [one] if one else [str(port) for port in list_at(rule, "destinationPortRanges")]


def _is_everything(rule: Rule) -> bool:
    parts = (_prefixes(rule, "source"), _prefixes(rule, "destination"), _ports(rule), [text_at(rule, "protocol")])
    return all(part and set(part) <= {"*", "0.0.0.0/0"} for part in parts)


def _priority(rule: Rule) -> int:
    found = at(rule, "priority")
    return found if isinstance(found, int) else 0


def _admits(rule: Rule, source: IPv4Network, address: str, port: Any) -> bool:
    return (
        text_at(rule, "protocol") in ("Tcp", "*")
        and _within([str(source)], _any_or_networks(_prefixes(rule, "source")))
        and _within([address], _any_or_networks(_prefixes(rule, "destination")))
        and any(_has_port(given, port) for given in _ports(rule))
    )


def _any_or_networks(prefixes: list[str]) -> list[IPv4Network]:
    return read_networks(["0.0.0.0/0" if prefix == "*" else prefix for prefix in prefixes])


def _within(prefixes: list[str], networks: list[IPv4Network]) -> bool:
    found = [read_network(prefix) for prefix in prefixes]
    return bool(found) and all(one and any(one.subnet_of(network) for network in networks) for one in found)


def _has_port(given: str, port: Any) -> bool:
    low, _, high = given.partition("-")
    if given == "*" or not low.isdigit():
        return given == "*"
    return isinstance(port, int) and int(low) <= port <= int(high or low)
