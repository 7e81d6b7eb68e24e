"""Peerings, security rules and addresses: a link's packets arrive, and nobody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations
from typing import Any

from arm.types.network import (
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    NETWORK_SECURITY_GROUP,
    SUBNET,
    VIRTUAL_NETWORK,
    VIRTUAL_NETWORK_PEERING,
)
from graph.graph import Resource
from graph.inputs import at, list_at, shorten, text_at
from rules.lookup import Hits, View
from settings.model import Link

Rule = Mapping[str, Any]
_ONE_WAY = {
    f"{end}{what}": f"{end}{what}{plural}"
    for end in ("source", "destination")
    for what, plural in (("AddressPrefix", "es"), ("PortRange", "s"))
}
"""Input of a security rule -> the list that stands in its place."""


def peerings(view: View) -> Hits:
    """Require that the VNets of a link are peered in both directions, with access, and do not overlap."""
    found = {view.ends(one): one for one in view.all(VIRTUAL_NETWORK_PEERING)}
    expected = _linked(view)
    for local, remote in expected.values():
        if (view.path(local), view.path(remote)) not in found:
            why = "a peering needs both directions, one alone stays Initiated and carries nothing. Add the missing one"
            yield local.name, f"is not peered with {remote.name}: {why}"
        if local.urn < remote.urn and _overlap(view, local, remote):
            yield local.name, f"addressSpace overlaps with that of {remote.name}, so Azure refuses the peering"
    for (here, there), peering in found.items():
        ends = [view.by_path.get(end) for end in (here, there)]
        if ends[0] and ends[1] and (ends[0].urn, ends[1].urn) not in expected:
            yield peering.name, f"peers {shorten(here)} with {shorten(there)}, between which no link goes. Remove it"
        if at(view.inputs(peering), "allowVirtualNetworkAccess") is not True:
            yield peering.name, "allowVirtualNetworkAccess: expected true, without which it carries nothing"


def _linked(view: View) -> dict[tuple[str, str], tuple[Resource, Resource]]:
    """Return each pair of VNets that are to be peered, both ways round, by URN."""
    pairs = {}
    for name, expected in view.expected.items():
        for peer in expected.peers:
            here, there = view.one(VIRTUAL_NETWORK, name), view.one(VIRTUAL_NETWORK, peer)
            if here and there:
                pairs[here.urn, there.urn] = (here, there)
    return pairs


def _overlap(view: View, first: Resource, second: Resource) -> bool:
    return any(one.overlaps(other) for one in _space(view, first) for other in _space(view, second))


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
        return [view.clusters[cluster].egress]
    return read_networks([text_at(view.inputs(one), "addressPrefix") for one in view.all(SUBNET, cluster=cluster)])


def _space(view: View, network: Resource | None) -> list[IPv4Network]:
    return read_networks(list_at(view.inputs(network), "addressSpace.addressPrefixes")) if network else []


def read_networks(prefixes: list[Any]) -> list[IPv4Network]:
    """Return the networks among the prefixes; what is none is passed over."""
    return [network for network in map(_network, prefixes) if network]


def _network(prefix: Any) -> IPv4Network | None:
    try:
        return IPv4Network(prefix)
    except ValueError:
        return None  # a service tag or *


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
    found = [_network(prefix) for prefix in prefixes]
    return bool(found) and all(one and any(one.subnet_of(network) for network in networks) for one in found)


def _has_port(given: str, port: Any) -> bool:
    low, _, high = given.partition("-")
    if given == "*" or not low.isdigit():
        return given == "*"
    return isinstance(port, int) and int(low) <= port <= int(high or low)


def addresses(view: View) -> Hits:
    """Require that a node keeps the address of the settings; its subnet has rules and no way out but a NAT gateway."""
    for cluster, settings in view.clusters.items():
        yield from _way_out(view, cluster)
        for interface in view.all(NETWORK_INTERFACE, cluster=cluster):
            for index, one in enumerate(list_at(view.inputs(interface), "ipConfigurations")):
                for where, problem in _ip_configuration(view, one, str(settings.address)):
                    yield interface.name, f"ipConfigurations[{index}].{where}: {problem}"
        for subnet in view.all(SUBNET, cluster=cluster):
            for problem in _subnet(view.inputs(subnet)):
                yield subnet.name, problem


def _way_out(view: View, cluster: str) -> Hits:
    """From the node by its interface and its subnet to a gateway that has an address."""
    interfaces = {view.path(one) for one in view.all(NETWORK_INTERFACE, cluster=cluster)}
    subnets = {view.path(one) for one in view.all(SUBNET, cluster=cluster)}
    node, where = view.node(cluster), view.host(cluster).node_interfaces
    if node and where:
        used = {text_at(one, "id") for one in list_at(view.inputs(node), where)}
        if not used or not used <= interfaces:
            yield node.name, f"{where}: expected the cluster's own interface"
    for interface in view.all(NETWORK_INTERFACE, cluster=cluster):
        used = {text_at(one, "subnet.id") for one in list_at(view.inputs(interface), "ipConfigurations")}
        if not used or not used <= subnets:
            yield interface.name, "ipConfigurations: expected one, in the cluster's own subnet"
    for gateway in view.all(NAT_GATEWAY, cluster=cluster):
        if not any(text_at(one, "id") for one in list_at(view.inputs(gateway), "publicIpAddresses")):
            yield gateway.name, "publicIpAddresses: expected one, without which the gateway leads nowhere"


def _subnet(inputs: Mapping[str, Any]) -> Iterator[str]:
    if not text_at(inputs, "networkSecurityGroup.id"):
        yield "networkSecurityGroup.id: missing, so every peer reaches every port. Give the cluster's"
    if not text_at(inputs, "natGateway.id"):
        yield "natGateway.id: missing, so the node has no way out. Give the cluster's"
    if inputs.get("defaultOutboundAccess") is not False:
        given = inputs.get("defaultOutboundAccess")
        yield f"defaultOutboundAccess: {given}; expected false: the NAT gateway is the way out"


def _ip_configuration(view: View, configuration: Any, expected: str) -> Iterator[tuple[str, str]]:
    address = text_at(configuration, "privateIPAddress")
    if address != expected:
        yield "privateIPAddress", f"{address or 'missing'}; the settings ask for {expected}"
    if text_at(configuration, "privateIPAllocationMethod") != "Static":
        yield "privateIPAllocationMethod", "expected 'Static': certificates and links name the address"
    if text_at(configuration, "publicIPAddress.id"):
        yield "publicIPAddress", "the node is on the internet. Remove it: the way out is the NAT gateway"
    subnet = view.by_path.get(text_at(configuration, "subnet.id"))
    network = _network(text_at(view.inputs(subnet), "addressPrefix")) if subnet else None
    if subnet and network and _network(address) and IPv4Address(address) not in network:
        yield "privateIPAddress", f"{address} is not in {network} of {subnet.name}"


def nat_gateways(view: View) -> Hits:
    """Require that a Standard NAT gateway lives in one zone or in none, and its address in the same.

    Source: learn.microsoft.com/azure/nat-gateway/nat-availability-zones.
    """
    for gateway in view.all(NAT_GATEWAY):
        zones = list_at(view.inputs(gateway), "zones")
        if len(zones) > 1:
            yield gateway.name, f"zones: {', '.join(map(str, zones))}; a NAT gateway has one zone at most. Choose one"


def overlaps(view: View) -> Hits:
    """Subnets of one VNet lie inside its address space and do not overlap."""
    for cluster in view.clusters:
        subnets = view.all(SUBNET, cluster=cluster)
        known = {one.urn: _network(text_at(view.inputs(one), "addressPrefix")) for one in subnets}
        space = _space(view, view.one(VIRTUAL_NETWORK, cluster))
        for one in subnets:
            network = known[one.urn]
            if network and not any(network.subnet_of(other) for other in space):
                yield one.name, f"addressPrefix: {network} is not in the VNet's {', '.join(map(str, space))}"
        for first, second in combinations(subnets, 2):
            here, there = known[first.urn], known[second.urn]
            if here and there and here.overlaps(there):
                yield first.name, f"addressPrefix: {here} overlaps with {there} of {second.name}"
