"""Rules of one cluster's node and broker, and of clusters side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from settings.broker_capacity import (
    AIO_WITHOUT_BROKER_GIB,
    DISK_WITHOUT_PERSISTENCE_GIB,
    MEMORY_PROFILES,
    broker_memory_gib,
    persistence_disk_gib,
)
from settings.errors import Problem
from settings.fields import TAG_COUNT
from settings.hosting import WITHOUT_EFFECT
from settings.regions import REGIONS
from settings.rules.rule import EXAMPLE_OF_WHAT_IS_FREE
from settings.schema import BrokerSection, ClusterSection, StackSection
from settings.vm_sizes import VM_SIZES


def unique_codes(stack: StackSection) -> Iterator[Problem]:
    """Report two clusters with one code: they would have the same names."""
    for (first, one), (second, other) in combinations(stack.clusters.items(), 2):
        if one.code == other.code:
            where, against = f"clusters.{second}.code", f"clusters.{first}.code"
            expected = f"another code than {against} has; names derive from it"
            yield Problem(where, other.code, expected, EXAMPLE_OF_WHAT_IS_FREE)


def tags_fit_together(stack: StackSection) -> Iterator[Problem]:
    """Report tags that Azure would not take together."""
    for name, cluster in stack.clusters.items():
        where, all_ = f"clusters.{name}.tags", {**stack.tags, **cluster.tags}
        if len({one.lower() for one in all_}) < len(all_):
            expected = "names that differ from those of tags in more than case: Azure takes them for one"
            yield Problem(where, ", ".join(cluster.tags), expected, "City: Ballina")
        elif len(all_) > TAG_COUNT:
            yield Problem(where, f"{len(all_)} with those of the stack", f"at most {TAG_COUNT}", "City: Ballina")


def _on_machines_of_the_stack(stack: StackSection) -> Iterator[tuple[str, ClusterSection]]:
    """Yield the clusters of whose machine the settings know everything."""
    yield from (
        (name, one) for name, one in stack.clusters.items() if "node.vm_size" not in WITHOUT_EFFECT[one.hosting]
    )


def zones_exist(stack: StackSection) -> Iterator[Problem]:
    """Report a zone where the region has none."""
    for name, cluster in _on_machines_of_the_stack(stack):
        region = REGIONS[cluster.location or stack.location]
        zones = {"node": cluster.node.zone}
        zones |= {f"nodes[{index}]": one.zone for index, one in enumerate(cluster.nodes) if not cluster.node.zone}
        for key, zone in zones.items():
            if zone and not region.has_zones:
                expected = f"null: {region.display_name} has no availability zones"
                yield Problem(f"clusters.{name}.{key}.zone", zone, expected, "null")


def node_names_differ(stack: StackSection) -> Iterator[Problem]:
    """Report two further nodes of one name: their machines would have the same."""
    for name, cluster in stack.clusters.items():
        for (first, one), (second, other) in combinations(enumerate(cluster.nodes), 2):
            if one.name == other.name:
                expected = f"another name than clusters.{name}.nodes[{first}] has"
                yield Problem(f"clusters.{name}.nodes[{second}].name", other.name, expected, f"node{second + 2}")


def storage_exists(stack: StackSection) -> Iterator[Problem]:
    """Report a region without zone-redundant storage where the profile asks for it."""
    sku = stack.protection.storage_sku
    for name, cluster in stack.clusters.items():
        where = f"clusters.{name}.location"
        region = REGIONS[cluster.location or stack.location]
        if sku.endswith("ZRS") and not region.has_zones:
            expected = (
                f"a region with availability zones: the profile {stack.profile} keeps its storage in them ({sku})"
            )
            yield Problem(where, region.name, expected, "eastus2")


def broker_fits_memory(stack: StackSection) -> Iterator[Problem]:
    """Report a broker that does not fit: its pods stay Pending, and the deployment fails after its two hours."""
    for name, cluster in _on_machines_of_the_stack(stack):
        where, sizes = f"clusters.{name}.broker", _list_sizes(cluster)
        size = min(sizes, key=lambda place: VM_SIZES[sizes[place]].memory_gib)
        needed = broker_memory_gib(cluster.broker, len(sizes)) + AIO_WITHOUT_BROKER_GIB
        offered = VM_SIZES[sizes[size]].memory_gib
        if needed > offered:
            share = f" on one of {len(sizes)} nodes" if cluster.nodes else ""
            yield Problem(
                where,
                _shape(cluster.broker),
                f"a broker that fits clusters.{name}.{size}.vm_size ({sizes[size]}, {offered} GiB); "
                f"this one and the rest of AIO take {needed:.1f} GiB{share}",
                _memory_advice(cluster.broker, offered, len(sizes)),
            )


def _list_sizes(cluster: ClusterSection) -> dict[str, str]:
    """Return the size of each node, by its place below the cluster."""
    further = {f"nodes[{index}]": one.vm_size or cluster.node.vm_size for index, one in enumerate(cluster.nodes)}
    return {"node": cluster.node.vm_size, **further}


def _shape(broker: BrokerSection) -> str:
    backends = f"{broker.backend_partitions} x {broker.backend_redundancy_factor} backends"
    return (
        f"{broker.memory_profile}, {broker.frontend_replicas} frontends, {backends} of {broker.backend_workers} workers"
    )


def _memory_advice(broker: BrokerSection, offered: int, nodes: int) -> str:
    """Return the largest memory profile with which this broker fits, or else the smallest broker."""
    for profile in reversed(list(MEMORY_PROFILES)):
        smaller = broker.model_copy(update={"memory_profile": profile})
        if broker_memory_gib(smaller, nodes) + AIO_WITHOUT_BROKER_GIB <= offered:
            return f"{{memory_profile: {profile}}}"
    return "{memory_profile: Tiny, backend_partitions: 1, backend_workers: 1}"


def persistence_fits_disk(stack: StackSection) -> Iterator[Problem]:
    """Report a disk of a node that is too small for the broker's volumes."""
    for name, cluster in _on_machines_of_the_stack(stack):
        where, disk = f"clusters.{name}.broker.persistence_gib", f"clusters.{name}.node.os_disk_gib"
        needed = persistence_disk_gib(cluster.broker, 1 + len(cluster.nodes))
        free = cluster.node.os_disk_gib - DISK_WITHOUT_PERSISTENCE_GIB
        if needed > free:
            pods = needed // (cluster.broker.persistence_gib or 1)
            yield Problem(
                where,
                cluster.broker.persistence_gib,
                f"a size that fits {disk} ({cluster.node.os_disk_gib} GiB) {pods} times, once per backend pod"
                f"{' of a node' if cluster.nodes else ''}, "
                f"beside {DISK_WITHOUT_PERSISTENCE_GIB} GiB for everything else",
                str(free // pods or "null"),
            )


def listener_has_link(stack: StackSection) -> Iterator[Problem]:
    """Report settings of a listener where no link ends: they would do nothing."""
    brokers = {link.broker for link in stack.links}
    if not brokers <= set(stack.clusters) or any(link.client == link.broker for link in stack.links):
        return  # A link leads nowhere, or back, perhaps by a slip of the pen: that is what is reported.
    for name, cluster in stack.clusters.items():
        if name not in brokers and "listener" in cluster.model_fields_set:
            expected = f"no listener, since no link ends at {name}; or a link to it"
            example = f"links: [{{from: <cluster>, to: {name}}}]"
            where = f"clusters.{name}.listener"
            yield Problem(where, cluster.listener.model_dump(exclude_unset=True), expected, example)


def unique_dns_names(stack: StackSection) -> Iterator[Problem]:
    """Report a DNS name of two listeners: it leads to one broker."""
    for (first, one), (second, other) in combinations(stack.clusters.items(), 2):
        if one.listener.dns_name and one.listener.dns_name == other.listener.dns_name:
            where, against = f"clusters.{second}.listener.dns_name", f"clusters.{first}.listener.dns_name"
            expected = f"another name than {against}: it leads clients to one broker"
            yield Problem(where, other.listener.dns_name, expected, f"{second}.example.com")
