"""How long a run of the engine takes by the estimates of ARM's types: what waits for nothing is done in parallel."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from graph.graph import Resource
from graph.schedule import estimate_of
from graph.urns import name_of
from rehearsal.engine import ResourceState


def find_seconds(resources: Sequence[ResourceState], changed: Collection[str]) -> int:
    """Return the length of the critical path.

    Args:
        resources: of the state, what is needed before what needs it. What is deleted is not among them: nobody waits.
        changed: URNs of what was created or updated; the rest takes no time, but is waited for.
    """
    finish: dict[str, int] = {}
    for one in resources:
        needed = {*one.dependencies, one.parent} | {urn for urns in one.property_dependencies.values() for urn in urns}
        start = max((finish.get(urn, 0) for urn in needed), default=0)
        finish[one.urn] = start + (_estimate(one) if one.urn in changed else 0)
    return max(finish.values(), default=0)


def _estimate(one: ResourceState) -> int:
    return estimate_of(
        Resource(one.urn, one.type, name_of(one.urn), one.parent, one.custom, one.inputs, one.outputs)
    ).seconds
