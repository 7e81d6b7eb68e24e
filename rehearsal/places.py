"""Which cluster a resource belongs to, and which concern: how people look for it."""

from __future__ import annotations

from rehearsal.graph import Graph, Resource
from rehearsal.schedule import estimate_of

SHARED = "shared"
"""The place of what belongs to no single cluster: the authorities, for example."""


def place_of(graph: Graph, resource: Resource) -> str:
    """The cluster that a resource belongs to, by its stamp or by its resource group; else `SHARED`."""
    parent: Resource | None = resource
    while parent is not None:
        if parent.type.endswith(":ClusterStamp"):
            return parent.name
        parent = graph.resources.get(parent.parent)
    path = graph.arm_path(resource).split("/") if resource.is_arm else []
    for group in graph.of_type("ResourceGroup"):
        if group is not resource and len(path) > 4 and group.plain_inputs["resourceGroupName"] == path[4]:
            return place_of(graph, group)
    return SHARED


def concern_of(resource: Resource) -> str:
    """Network, key vaults, PKI and so on (`rehearsal/estimates.py`); empty for components and providers."""
    return estimate_of(resource).concern
