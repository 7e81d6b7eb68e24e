"""Rules of the address plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

from settings.addressing import azure_reserved, default_node_address, default_subnet, next_node_address
from settings.errors import NOTHING, Problem
from settings.rules.rule import EXAMPLE_OF_WHAT_IS_FREE
from settings.schema import StackSection


def no_overlap(stack: StackSection) -> Iterator[Problem]:
    """Compare every two clusters, linked or not: a link that is added later could no longer be peered."""
    for (first, one), (second, other) in combinations(stack.clusters.items(), 2):
        if one.address_space and other.address_space and one.address_space.overlaps(other.address_space):
            where, against = f"clusters.{second}.address_space", f"clusters.{first}.address_space"
            expected = f"a network that overlaps no other cluster's; it overlaps {against} ({one.address_space})"
            yield Problem(where, str(other.address_space), expected, EXAMPLE_OF_WHAT_IS_FREE)


def subnet_inside_address_space(stack: StackSection) -> Iterator[Problem]:
    """Report a subnet that is no part of its VNet."""
    for name, cluster in stack.clusters.items():
        where, space = f"clusters.{name}.subnet", f"clusters.{name}.address_space"
        if cluster.subnet and cluster.address_space and not cluster.subnet.subnet_of(cluster.address_space):
            expected = f"a network inside {space} ({cluster.address_space})"
            yield Problem(where, str(cluster.subnet), expected, str(default_subnet(cluster.address_space)))


def node_address_usable(stack: StackSection) -> Iterator[Problem]:
    """Report a node's static address that Azure does not hand out in the subnet, or that another node has."""
    for name, cluster in stack.clusters.items():
        subnet, places = cluster.subnet, [f"clusters.{name}.node.address"]
        places += [f"clusters.{name}.nodes[{index}].address" for index in range(len(cluster.nodes))]
        addresses = [cluster.node.address, *(one.address for one in cluster.nodes)]
        for index, (where, address) in enumerate(zip(places, addresses, strict=True)):
            if subnet and (expected := _find_fault(name, subnet, address, addresses[:index])):
                free = next_node_address(subnet, {one for one in addresses if one}) if index else None
                example = "a larger subnet" if address is None else str(free or default_node_address(subnet))
                yield Problem(where, str(address) if address else NOTHING, expected, example)


def _find_fault(
    cluster: str, subnet: IPv4Network, address: IPv4Address | None, before: Sequence[IPv4Address | None]
) -> str:
    """Return what is expected of an address that is wrong; empty if it is right, or there is none of the first node."""
    if address is None:
        return f"an address; none of clusters.{cluster}.subnet ({subnet}) is free" if before else ""
    if address not in subnet:
        return f"an address inside clusters.{cluster}.subnet ({subnet})"
    if address in azure_reserved(subnet):
        return f"an address that Azure does not keep for itself (the first four and the last of {subnet})"
    return "an address that no other node of the cluster has" if address in before else ""
