"""Who depends on whom, from the state (pulumi/pulumi, pkg/resource/graph/dependency_graph.go).

The state lists each resource after everything that it depends on; two physical resources may share a URN.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from rehearsal.engine.state import ResourceState


def list_named(resource: ResourceState) -> set[str]:
    """Return the URNs that the resource names, its parent and its provider left out."""
    by_property = (urn for urns in resource.property_dependencies.values() for urn in urns)
    return {*resource.dependencies, *by_property, resource.deleted_with, *resource.replace_with} - {""}


def find_dependents(
    resources: Sequence[ResourceState], root: ResourceState, ignored: Collection[str]
) -> list[ResourceState]:
    """Return what depends on the root, indirectly too, in the order of the state; children do not by being children."""
    reached = {root.urn}
    found = []
    for candidate in resources[resources.index(root) + 1 :]:
        if candidate.urn not in ignored and not reached.isdisjoint({*list_named(candidate), candidate.provider_urn}):
            found.append(candidate)
            reached.add(candidate.urn)
    return found


class Dependencies:
    """What each resource of a state depends on."""

    def __init__(self, resources: Sequence[ResourceState]) -> None:
        self._resources = resources
        self._position = {resource: position for position, resource in enumerate(resources)}
        self._by_urn: dict[str, list[int]] = defaultdict(list)
        self._children: dict[str, list[int]] = defaultdict(list)
        for position, resource in enumerate(resources):
            self._by_urn[resource.urn].append(position)
            self._children[resource.parent].append(position)

    def of(self, resource: ResourceState) -> set[ResourceState]:
        """Return what the resource depends on directly: provider, parent and all that a component holds included."""
        position = self._position[resource]
        expected = list_named(resource) | {resource.provider_urn}
        below = [child for urn in expected for child in self._inside(urn)]
        named = [index for urn in {*expected, resource.parent} for index in self._by_urn.get(urn, ())]
        return {self._resources[index] for index in (*named, *below) if index < position}

    def all_of(self, resource: ResourceState) -> set[ResourceState]:
        """Return what the resource depends on, directly or not."""
        found: set[ResourceState] = set()
        waiting = [resource]
        while waiting:
            new = self.of(waiting.pop()) - found
            found |= new
            waiting.extend(new)
        return found

    def _inside(self, urn: str) -> list[int]:
        """Return everything below a component."""
        if any(self._resources[index].custom for index in self._by_urn.get(urn, ())):
            return []
        children = self._children.get(urn, []) if urn else []
        return [*children, *(index for child in children for index in self._inside(self._resources[child].urn))]

    def waves(self, condemned: Iterable[ResourceState]) -> list[list[ResourceState]]:
        """Return in which order to delete: what nothing condemned depends on goes first.

        Like `ScheduleDeletes` of step_generator.go: each wave ends before the next begins.
        """
        left = set(condemned)
        waves = []
        while left:
            wave = {resource for resource in left if self.of(resource).isdisjoint(left)}
            waves.append(sorted(wave, key=lambda resource: self._position[resource]))
            left -= wave
        return waves[::-1]
