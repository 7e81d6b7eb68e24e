"""The requests of a program to Azure Resource Manager, as far as rights and regions depend on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arm.hosting import BY_SCRIPT_TYPE, EXISTING
from arm.shapes import shape_of
from arm.types.hybridconnectivity import ENDPOINT, SERVICE_CONFIGURATION
from arm.types.maintenance import CONFIGURATION_ASSIGNMENT
from graph.graph import Graph
from graph.inputs import text_at
from settings.regions import normalised

OVER_ARC = (ENDPOINT.arm_type, SERVICE_CONFIGURATION.arm_type)
ELSEWHERE = {row.arm_type for row, kind in BY_SCRIPT_TYPE.items() if kind.node_type in EXISTING} | {*OVER_ARC}
"""Types of what is put on a machine that is there before the stack, wherever that is (`arc_machines`)."""
_WHERE_MACHINES_ARE = {*ELSEWHERE, CONFIGURATION_ASSIGNMENT.arm_type}
"""Types in the region of a machine, wherever somebody has put that."""


@dataclass(frozen=True, order=True)
class Request:
    """One kind of request."""

    type: str
    """ARM type, e.g. Microsoft.Network/virtualNetworks/subnets."""
    api_version: str
    location: str
    """Programmatic name of the region; empty for what is put in none, or where only Azure knows."""
    is_deleted: bool
    """Whether `destroy` deletes it (vault secrets are left to their vault)."""


def list_requests(graph: Graph) -> Sequence[Request]:
    """Return every kind of request once, in order."""
    found = set()
    for resource in graph.resources.values():
        if resource.is_arm:
            shape, location = shape_of(resource.type), normalised(text_at(resource.plain_inputs, "location"))
            place = "" if shape.arm_type in _WHERE_MACHINES_ARE else location
            found.add(Request(shape.arm_type, shape.api_version, place, not resource.options.retain_on_delete))
    return sorted(found)
