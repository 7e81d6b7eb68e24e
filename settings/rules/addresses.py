"""Rules of the address plan."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from settings.addressing import azure_reserved, default_node_address, default_subnet
from settings.errors import Problem
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
    """Report a node's static address that Azure does not hand out in the subnet."""
    for name, cluster in stack.clusters.items():
        where = f"clusters.{name}.node.address"
        address, subnet = cluster.node.address, cluster.subnet
        if address is None or subnet is None:
            continue
        if address not in subnet:
            expected = f"an address inside clusters.{name}.subnet ({subnet})"
        elif address in azure_reserved(subnet):
            expected = f"an address that Azure does not keep for itself (the first four and the last of {subnet})"
        else:
            continue
        yield Problem(where, str(address), expected, str(default_node_address(subnet)))
