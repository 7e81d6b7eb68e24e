"""Rules of what a cluster stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import combinations

from settings.addressing import RESERVED_NETWORKS
from settings.errors import NOTHING, Problem
from settings.fields import find_about
from settings.hosting import WITHOUT_EFFECT, makes_network
from settings.paths import contains
from settings.schema import MachineSection, SshOverArcSection, SshSection, StackSection


def list_without_effect(stack: StackSection) -> Iterator[str]:
    """Yield the path of every setting that is not in effect, by the kind of host of its cluster."""
    for name, cluster in stack.clusters.items():
        for key in sorted(WITHOUT_EFFECT[cluster.hosting]):
            each = range(len(cluster.nodes)) if key.startswith("nodes[]") else (0,)
            yield from (f"clusters.{name}.{key.replace('[]', f'[{index}]')}" for index in each)


def find_without_effect(stack: StackSection, origins: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what the stack file says of a cluster and does nothing there."""
    said = {path for path, origin in origins.items() if origin == "stack file"}
    for path in list_without_effect(stack):
        if any(contains(path, one) for one in said):
            _, name, key = path.split(".", 2)
            hosting, place = stack.clusters[name].hosting, re.sub(r"\[\d+\]", "[]", key)
            other = next(kind for kind, idle in WITHOUT_EFFECT.items() if place not in idle)
            expected = f"to be left out: it is of hosting {other}, and clusters.{name}.hosting is {hosting}"
            yield Problem(path, "a value", expected, f"hosting: {other}")


def network_has_addresses(stack: StackSection) -> Iterator[Problem]:
    """Report a cluster whose network the stack makes, and which says that there is none."""
    for name, cluster in stack.clusters.items():
        if makes_network(cluster.hosting) and cluster.address_space is None:
            expected = f"a private IPv4 network in CIDR notation, as clusters.{name}.hosting is {cluster.hosting}"
            yield Problem(f"clusters.{name}.address_space", None, expected, "10.3.0.0/16")


@dataclass(frozen=True)
class _Node:
    """A node of a cluster, the first or a further one, with where the settings have what it stands on."""

    cluster: str
    machine: str | None
    machine_at: str
    address: IPv4Address | None
    address_at: str


def _list_nodes(stack: StackSection) -> Iterator[_Node]:
    for name, cluster in stack.clusters.items():
        at = f"clusters.{name}"
        first = cluster.machine.resource_id, f"{at}.machine.resource_id"
        yield _Node(name, *first, cluster.node.address, f"{at}.node.address")
        for index, one in enumerate(cluster.nodes):
            place = f"{at}.nodes[{index}]"
            machine = one.machine.resource_id, f"{place}.machine.resource_id"
            yield _Node(name, *machine, one.address, f"{place}.address")


def machine_is_named(stack: StackSection) -> Iterator[Problem]:
    """Report a plant's machine that is not said, or whose address is not: nothing here can find it out."""
    for node in _list_nodes(stack):
        hosting = stack.clusters[node.cluster].hosting
        if "machine.resource_id" in WITHOUT_EFFECT[hosting]:
            continue
        if node.machine is None:
            expected = f"the id of an Arc-enabled machine, as clusters.{node.cluster}.hosting is {hosting}"
            yield Problem(node.machine_at, NOTHING, expected, _EXAMPLE, _FIND)
        if node.address is None:
            expected = "the address at which other clusters reach the machine; certificates and firewalls name it"
            yield Problem(node.address_at, NOTHING, expected, "192.168.10.20")


def ssh_is_whole(stack: StackSection) -> Iterator[Problem]:
    """Report a way to a machine without the key by which it is known, and a key without a way."""
    about = {key: find_about(field) for key, field in SshSection.model_fields.items()}
    for name, cluster in stack.clusters.items():
        ssh, where = cluster.machine.ssh, f"clusters.{name}.machine.ssh"
        given = {key for key in about if getattr(ssh, key) != getattr(SshSection(), key)}
        for key in ("host", "host_key") if given else ():
            if key not in given:
                expected = f"{about[key].expected}; {where} has {', '.join(sorted(given))}"
                yield Problem(f"{where}.{key}", NOTHING, expected, str(about[key].example), about[key].hint)


def port_has_user(stack: StackSection) -> Iterator[Problem]:
    """Report a port for SSH over Arc that nobody is to use."""
    for name, cluster in stack.clusters.items():
        over_arc, where = cluster.machine.ssh_over_arc, f"clusters.{name}.machine.ssh_over_arc"
        if over_arc.user is None and over_arc.port != SshOverArcSection().port:
            yield Problem(f"{where}.user", NOTHING, f"the user of the machine, as {where}.port is set", "ubuntu")


_EXAMPLE = "/subscriptions/<id>/resourceGroups/rg-plant/providers/Microsoft.HybridCompute/machines/plant-1"
_FIND = find_about(MachineSection.model_fields["resource_id"]).hint


def is_elsewhere(stack: StackSection, arm_id: str) -> bool:
    """Return whether an id is of another subscription than the stack's; empty for none."""
    return bool(arm_id) and arm_id.split("/")[2].lower() != stack.subscription_id


def machines_are_of_the_subscription(stack: StackSection) -> Iterator[Problem]:
    """Report a machine of another subscription: the stack's provider reaches one."""
    for node in _list_nodes(stack):
        if is_elsewhere(stack, node.machine or ""):
            expected = f"a machine of subscription_id ({stack.subscription_id})"
            yield Problem(node.machine_at, node.machine, expected, _EXAMPLE, _FIND)


def one_cluster_per_machine(stack: StackSection) -> Iterator[Problem]:
    """Report a machine that two nodes are to stand on, of one cluster or of two: it runs one K3s."""
    named = [node for node in _list_nodes(stack) if node.machine]
    for one, other in combinations(named, 2):
        if str(one.machine).lower() == str(other.machine).lower():
            expected = (
                f"another machine than {one.machine_at.removesuffix('.machine.resource_id')} has: it runs one K3s"
            )
            yield Problem(other.machine_at, other.machine, expected, _EXAMPLE, _FIND)


def machine_addresses_are_outside(stack: StackSection) -> Iterator[Problem]:
    """Report the address of a plant's machine where packets to it would go somewhere else."""
    taken = {f"clusters.{name}.address_space": one.address_space for name, one in stack.clusters.items()}
    nodes = list(_list_nodes(stack))
    for node in nodes:
        address = node.address
        if makes_network(stack.clusters[node.cluster].hosting) or address is None:
            continue
        inside = [f"{key} ({space})" for key, space in taken.items() if space and address in space]
        inside += [f"{one}, which is for {owner}" for one, owner in RESERVED_NETWORKS.items() if address in one]
        inside += [other.address_at for other in nodes if other is not node and other.address == address]
        if inside:
            yield Problem(node.address_at, str(address), f"an address outside of {inside[0]}", "192.168.10.20")
