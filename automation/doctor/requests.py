"""The requests of a program to Azure Resource Manager, as far as rights and regions depend on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arm.shapes import shape_of
from graph.graph import Graph
from graph.inputs import text_at
from settings.regions import normalised


@dataclass(frozen=True, order=True)
class Request:
    """One kind of request."""

    type: str
    """ARM type, e.g. Microsoft.Network/virtualNetworks/subnets."""
    api_version: str
    location: str
    """Programmatic name of the region; empty for what is put in none."""
    is_deleted: bool
    """Whether `destroy` deletes it (vault secrets are left to their vault)."""


def list_requests(graph: Graph) -> Sequence[Request]:
    """Return every kind of request once, in order."""
    found = set()
    for resource in graph.resources.values():
        if resource.is_arm:
            shape, location = shape_of(resource.type), normalised(text_at(resource.plain_inputs, "location"))
            found.add(Request(shape.arm_type, shape.api_version, location, not resource.options.retain_on_delete))
    return sorted(found)
