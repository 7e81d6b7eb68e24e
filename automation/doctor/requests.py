"""What a program would send to Azure Resource Manager, as far as rights and regions depend on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arm.shapes import shape_of
from graph.graph import Graph
from settings.regions import normalised


@dataclass(frozen=True)
class Request:
    """One kind of request."""

    type: str
    """ARM type, e.g. Microsoft.Network/virtualNetworks/subnets."""
    api_version: str
    location: str
    """Programmatic name of the region; empty for what is put in none."""
    is_deleted: bool
    """Whether `destroy` deletes it (vault secrets are left to their vault)."""


def requests_of(graph: Graph) -> Sequence[Request]:
    """Every kind once, in order."""
    found = set()
    for resource in graph.resources.values():
        if resource.is_arm:
            shape, location = shape_of(resource.type), resource.plain_inputs.get("location")
            found.add(
                Request(
                    shape.arm_type,
                    shape.api_version,
                    normalised(location) if isinstance(location, str) else "",
                    not resource.options.retain_on_delete,
                )
            )
    return sorted(found, key=lambda one: (one.type, one.api_version, one.location, one.is_deleted))
