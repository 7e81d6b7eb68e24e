"""Which cluster a resource belongs to, and which concern: how people look for it."""

from __future__ import annotations

from arm.types.resources import RESOURCE_GROUP
from graph.graph import Graph, Resource
from graph.schedule import estimate_of

STAMP = "edge-stamps:cluster_stamp:ClusterStamp"
SHARED = "shared"
"""The place of what belongs to no single cluster: the authorities, for example."""


def places(graph: Graph) -> dict[str, str]:
    """URN -> the cluster that the resource belongs to, by its stamp or by its resource group; else `SHARED`."""
    stamps = {urn: find_stamp(graph, resource) for urn, resource in graph.resources.items()}
    groups = {
        resource.plain_inputs["resourceGroupName"]: stamps[urn]
        for urn, resource in graph.resources.items()
        if resource.arm_type == RESOURCE_GROUP.arm_type
    }
    return {
        urn: stamps[urn] or groups.get(_resource_group(graph, resource)) or SHARED
        for urn, resource in graph.resources.items()
    }


def find_stamp(graph: Graph, resource: Resource) -> str:
    """Return the name of the stamp that makes the resource; empty if none does."""
    parent: Resource | None = resource
    while parent is not None:
        if parent.type == STAMP:
            return parent.name
        parent = graph.resources.get(parent.parent)
    return ""


def _resource_group(graph: Graph, resource: Resource) -> str:
    _, _, after = graph.arm_path(resource).partition("/resourceGroups/") if resource.is_arm else ("", "", "")
    return after.partition("/")[0]


def concern_of(resource: Resource) -> str:
    """Network, key vaults, PKI and so on (the type's row in arm/types/); empty for components and providers."""
    return estimate_of(resource).concern
