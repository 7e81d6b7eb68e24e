"""Peerings and addresses: a link's packets arrive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations
from typing import Any

from arm.types.network import (
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    SUBNET,
    VIRTUAL_NETWORK,
    VIRTUAL_NETWORK_PEERING,
)
from graph.graph import Resource
from graph.inputs import at, list_at, shorten, text_at
from rules.lookup import Hits, View


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


def _space(view: View, network: Resource | None) -> list[IPv4Network]:
    return read_networks(list_at(view.inputs(network), "addressSpace.addressPrefixes")) if network else []


def read_networks(prefixes: list[Any]) -> list[IPv4Network]:
    """Return the networks among the prefixes; what is none is passed over."""
    return [network for network in map(read_network, prefixes) if network]


def read_network(prefix: Any) -> IPv4Network | None:
    """Return the network that a prefix is; None where it is a service tag or *."""
    try:
        return IPv4Network(prefix)
    except ValueError:
        return None


def addresses(view: View) -> Hits:
    """Require that a node keeps the address of the settings; its subnet has rules and no way out but a NAT gateway."""
    for cluster in view.clusters:
        yield from _way_out(view, cluster)
        for interface in view.all(NETWORK_INTERFACE, cluster=cluster):
            for index, one in enumerate(list_at(view.inputs(interface), "ipConfigurations")):
                for where, problem in _ip_configuration(view, one, str(view.as_node(interface).address)):
                    yield interface.name, f"ipConfigurations[{index}].{where}: {problem}"
        for subnet in view.all(SUBNET, cluster=cluster):
            for problem in _subnet(view.inputs(subnet)):
                yield subnet.name, problem


def _way_out(view: View, cluster: str) -> Hits:
    """From the node by its interface and its subnet to a gateway that has an address."""
    interfaces = {view.path(one) for one in view.all(NETWORK_INTERFACE, cluster=cluster)}
    subnets = {view.path(one) for one in view.all(SUBNET, cluster=cluster)}
    where = view.host(cluster).node_interfaces
    for node in view.nodes(cluster) if where else ():
        used = {text_at(one, "id") for one in list_at(view.inputs(node), where)}
        others = [one for one in used & interfaces if view.further(view.by_path[one]) != view.further(node)]
        if not used or not used <= interfaces or others:
            yield node.name, f"{where}: expected the node's own interface"
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
    network = read_network(text_at(view.inputs(subnet), "addressPrefix")) if subnet else None
    if subnet and network and read_network(address) and IPv4Address(address) not in network:
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
        known = {one.urn: read_network(text_at(view.inputs(one), "addressPrefix")) for one in subnets}
        space = _space(view, view.one(VIRTUAL_NETWORK, cluster))
        for one in subnets:
            network = known[one.urn]
            if network and not any(network.subnet_of(other) for other in space):
                yield one.name, f"addressPrefix: {network} is not in the VNet's {', '.join(map(str, space))}"
        for first, second in combinations(subnets, 2):
            here, there = known[first.urn], known[second.urn]
            if here and there and here.overlaps(there):
                yield first.name, f"addressPrefix: {here} overlaps with {there} of {second.name}"
