"""Rules of what a cluster stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from settings.addressing import RESERVED_NETWORKS
from settings.errors import NOTHING, Problem
from settings.fields import find_about
from settings.hosting import WITHOUT_EFFECT, makes_network
from settings.schema import MachineSection, SshOverArcSection, SshSection, StackSection


def list_without_effect(stack: StackSection) -> Iterator[str]:
    """Yield the path of every setting that is not in effect, by the kind of host of its cluster."""
    for name, cluster in stack.clusters.items():
        yield from (f"clusters.{name}.{key}" for key in sorted(WITHOUT_EFFECT[cluster.hosting]))


def find_without_effect(stack: StackSection, origins: Mapping[str, str]) -> Iterator[Problem]:
    """Yield what the stack file says of a cluster and does nothing there."""
    for path in list_without_effect(stack):
        if origins.get(path) == "stack file":
            name = path.split(".")[1]
            hosting = stack.clusters[name].hosting
            other = next(kind for kind, idle in WITHOUT_EFFECT.items() if path.split(".", 2)[2] not in idle)
            expected = f"to be left out: it is of hosting {other}, and clusters.{name}.hosting is {hosting}"
            yield Problem(path, "a value", expected, f"hosting: {other}")


def network_has_addresses(stack: StackSection) -> Iterator[Problem]:
    """Report a cluster whose network the stack makes, and which says that there is none."""
    for name, cluster in stack.clusters.items():
        if makes_network(cluster.hosting) and cluster.address_space is None:
            expected = f"a private IPv4 network in CIDR notation, as clusters.{name}.hosting is {cluster.hosting}"
            yield Problem(f"clusters.{name}.address_space", None, expected, "10.3.0.0/16")


def machine_is_named(stack: StackSection) -> Iterator[Problem]:
    """Report a plant's machine that is not said, or whose address is not: nothing here can find it out."""
    for name, cluster in stack.clusters.items():
        if "machine.resource_id" in WITHOUT_EFFECT[cluster.hosting]:
            continue
        where = f"clusters.{name}"
        if cluster.machine.resource_id is None:
            expected = f"the id of an Arc-enabled machine, as {where}.hosting is {cluster.hosting}"
            yield Problem(f"{where}.machine.resource_id", NOTHING, expected, _EXAMPLE, _FIND)
        if cluster.node.address is None:
            expected = "the address at which other clusters reach the machine; certificates and firewalls name it"
            yield Problem(f"{where}.node.address", NOTHING, expected, "192.168.10.20")


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
    for name, cluster in stack.clusters.items():
        if is_elsewhere(stack, given := cluster.machine.resource_id or ""):
            expected = f"a machine of subscription_id ({stack.subscription_id})"
            yield Problem(f"clusters.{name}.machine.resource_id", given, expected, _EXAMPLE, _FIND)


def one_cluster_per_machine(stack: StackSection) -> Iterator[Problem]:
    """Report a machine that two clusters are to stand on: it runs one K3s."""
    for (first, one), (second, other) in combinations(stack.clusters.items(), 2):
        id_, other_id = one.machine.resource_id, other.machine.resource_id
        if id_ and other_id and id_.lower() == other_id.lower():
            expected = f"another machine than clusters.{first} has: it runs one cluster"
            yield Problem(f"clusters.{second}.machine.resource_id", other_id, expected, _EXAMPLE, _FIND)


def machine_addresses_are_outside(stack: StackSection) -> Iterator[Problem]:
    """Report the address of a plant's machine where packets to it would go somewhere else."""
    taken = {f"clusters.{name}.address_space": one.address_space for name, one in stack.clusters.items()}
    for name, cluster in stack.clusters.items():
        where, address = f"clusters.{name}.node.address", cluster.node.address
        if makes_network(cluster.hosting) or address is None:
            continue
        inside = [f"{key} ({space})" for key, space in taken.items() if space and address in space]
        inside += [f"{one}, which is for {owner}" for one, owner in RESERVED_NETWORKS.items() if address in one]
        others = {f"clusters.{other}.node.address": one for other, one in stack.clusters.items() if other != name}
        inside += [key for key, one in others.items() if one.node.address == address]
        if inside:
            yield Problem(where, str(address), f"an address outside of {inside[0]}", "192.168.10.20")
