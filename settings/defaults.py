"""Defaults that are no constants: by environment, by the name of a cluster, or computed from other settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, Literal

from settings.addressing import default_node_address, default_subnet, next_node_address
from settings.hosting import DEFAULT_HOSTING, makes_network
from settings.profiles import PROFILES
from settings.releases import RELEASES
from settings.schema import (
    PER_CLUSTER,
    ClusterSection,
    FurtherNodeSection,
    LinkSection,
    NodeSection,
    PkiSection,
    ProxySection,
    StackSection,
    TopicSection,
)

Tree = dict[str, Any]

WELL_KNOWN_CLUSTERS: Mapping[str, Mapping[str, str]] = {
    "site": {"code": "a", "address_space": "10.1.0.0/16"},
    "enterprise": {"code": "b", "address_space": "10.2.0.0/16"},
}
"""The two clusters of microsoft/edge-ai's blueprint; every other name states its own code and address space."""


def merged(lower: object, upper: object) -> Any:
    """Merge maps key by key, replace anything else; an empty section (`node:` with nothing below) changes nothing."""
    if not isinstance(lower, dict) or upper is None:
        return lower if isinstance(lower, dict) else upper
    if not isinstance(upper, dict):
        return upper
    both = {key: merged(lower[key], upper[key]) for key in lower.keys() & upper.keys()}
    return {**lower, **upper, **both}


def by_name(stack_file: Tree) -> Tree:
    """Return which clusters there are, and what their names imply."""
    names = _cluster_names(stack_file)
    tree: Tree = {"clusters": {name: _implied(name, stack_file) for name in names}}
    if {"site", "enterprise"} <= set(names):
        tree["links"] = [{"from": "site", "to": "enterprise"}]
    environment = stack_file.get("environment")
    if not isinstance(environment, str):
        tree["profile"] = next(iter(PROFILES))  # the environment is reported; this avoids a second problem
    elif environment in PROFILES:
        tree["profile"] = environment
    return tree


def _implied(name: str, stack_file: Tree) -> Tree:
    """Return what a cluster's name and its kind of host imply."""
    clusters = stack_file.get("clusters")
    given = clusters.get(name) if isinstance(clusters, dict) else None
    hosting = given.get("hosting", DEFAULT_HOSTING) if isinstance(given, dict) else DEFAULT_HOSTING
    without = {} if makes_network(hosting) else {"address_space": None}
    return {**WELL_KNOWN_CLUSTERS.get(name, {}), **without}


def by_profile(stack_file: Tree, profile: str) -> Tree:
    """Return what the profile says, for each cluster and for the stack."""
    sections = PROFILES[profile]
    per_cluster = {name: sections[name] for name in PER_CLUSTER}
    others = {name: values for name, values in sections.items() if name not in PER_CLUSTER}
    return {"clusters": dict.fromkeys(_cluster_names(stack_file), per_cluster), **others}


def _cluster_names(stack_file: Tree) -> list[str]:
    clusters = stack_file.get("clusters")
    return list(clusters if isinstance(clusters, dict) else WELL_KNOWN_CLUSTERS)


def completed(stack: StackSection) -> StackSection:
    """Return the same settings with everything filled in that follows from others."""
    return stack.model_copy(
        update={
            "clusters": {name: _completed_cluster(cluster, stack) for name, cluster in stack.clusters.items()},
            "links": [_completed_link(link, stack) for link in stack.links],
            "pki": _completed_pki(stack),
        }
    )


def _completed_cluster(cluster: ClusterSection, stack: StackSection) -> ClusterSection:
    subnet = cluster.subnet or (default_subnet(cluster.address_space) if cluster.address_space else None)
    node = cluster.node.model_copy(
        update={
            "address": cluster.node.address or (default_node_address(subnet) if subnet else None),
            "k3s_version": cluster.node.k3s_version or RELEASES[stack.release].k3s_version,
            "proxy": _completed_proxy(cluster.node.proxy),
        }
    )
    return cluster.model_copy(
        update={
            "nodes": _completed_nodes(cluster.nodes, node, subnet),
            "location": cluster.location or stack.location,
            "network": _network(cluster),
            "subnet": subnet,
            "node": node,
        },
    )


def _completed_nodes(
    nodes: Sequence[FurtherNodeSection], first: NodeSection, subnet: IPv4Network | None
) -> list[FurtherNodeSection]:
    """Return the further nodes with what they have from the first, and with addresses behind its own."""
    taken = {one for one in (first.address, *(node.address for node in nodes)) if one}
    completed_nodes = []
    for node in nodes:
        address = node.address or (next_node_address(subnet, taken) if subnet else None)
        taken |= {address} if address else set()
        update = {"vm_size": node.vm_size or first.vm_size, "zone": node.zone or first.zone, "address": address}
        completed_nodes.append(node.model_copy(update=update))
    return completed_nodes


def _completed_proxy(proxy: ProxySection) -> ProxySection:
    return proxy.model_copy(update={"http": proxy.http or proxy.https, "https": proxy.https or proxy.http})


def _network(cluster: ClusterSection | None) -> Literal["peered", "none"]:
    """Return whether a cluster's network is one to peer; a cluster that is not there, which is reported, has none."""
    if cluster is None:
        return "none"
    return cluster.network or ("peered" if makes_network(cluster.hosting) else "none")


def _completed_link(link: LinkSection, stack: StackSection) -> LinkSection:
    is_peered = all(_network(stack.clusters.get(end)) == "peered" for end in (link.client, link.broker))
    topics = link.topics or [TopicSection.model_validate({"from": "input", "to": f"{link.client}/output"})]
    # With a dot, which is in no cluster's name: the prefix of `a` begins no client id of `a-b`.
    return link.model_copy(
        update={
            "via": link.via or ("peering" if is_peered else "routed"),
            "topics": topics,
            "client_id_prefix": link.client_id_prefix or f"{link.client}.",
        },
    )


def _completed_pki(stack: StackSection) -> PkiSection:
    folder = stack.pki.signed_folder or f"certificates/{stack.environment}"
    return stack.pki.model_copy(update={"signed_folder": folder})
