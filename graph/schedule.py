"""When each resource would start and finish, computed from the graph: no clock is involved."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter

from arm.shapes import shape_of
from arm.types.compute import IMAGE_ID
from arm.types.resource_type import Estimate
from graph.graph import Graph, Resource
from graph.inputs import at
from graph.local_commands import COMMANDS, estimate_for


@dataclass(frozen=True)
class Step:
    """One resource in virtual time, seconds from the start of the deployment."""

    urn: str
    name: str
    start: int
    finish: int
    after: str
    """URN of the resource that it waited for longest; empty for the first ones."""


@dataclass(frozen=True)
class Schedule:
    """The whole deployment in virtual time."""

    steps: dict[str, Step]
    """By URN."""

    @property
    def seconds(self) -> int:
        return max((step.finish for step in self.steps.values()), default=0)

    @cached_property
    def critical_path(self) -> list[Step]:
        """The chain of steps that decides the duration, first to last; steps without duration are left out."""
        if not self.steps:
            return []
        step: Step | None = max(self.steps.values(), key=lambda step: (step.finish, step.urn))
        path: list[Step] = []
        while step is not None:
            path.append(step)
            step = self.steps.get(step.after)
        return [step for step in reversed(path) if step.finish > step.start]


_LOCAL: Mapping[str, Estimate] = {
    "tls": Estimate("PKI", 0, "local"),
    "random": Estimate("registries", 0, "local"),
}
"""By package: what is computed on this machine."""
UNKNOWN_TYPE = Estimate("other", 0, "unknown")


def estimate_of(resource: Resource, *, is_prepared: bool = False) -> Estimate:
    """Return the estimate for one resource; components and providers take no time, unknown types none that we know.

    Args:
        resource: what is made.
        is_prepared: it is on a node from an image that has what would be installed.
    """
    if not resource.custom or resource.type.startswith("pulumi:"):
        return Estimate("", 0, "local")
    if resource.type in COMMANDS:
        return estimate_for(resource.plain_inputs)
    if not resource.is_arm:
        return _LOCAL.get(resource.type.split(":")[0], UNKNOWN_TYPE)
    return shape_of(resource.type).type.estimate_for(resource.plain_inputs, is_prepared=is_prepared)


def schedule(graph: Graph, changed: Container[str] | None = None) -> Schedule:
    """Each resource starts when everything that it depends on, and its parent, is finished.

    Args:
        changed: URNs of what takes its time; the others are there already. Left out, nothing is.
    """
    steps: dict[str, Step] = {}
    needed = {urn: waits_for(graph, resource) for urn, resource in graph.resources.items()}
    prepared = {urn for urn, resource in graph.resources.items() if at(resource.plain_inputs, IMAGE_ID)}
    for urn in TopologicalSorter(needed).static_order():
        resource = graph.resources[urn]
        last = max((steps[other] for other in needed[urn]), key=lambda step: (step.finish, step.urn), default=None)
        start = last.finish if last else 0
        is_prepared = not prepared.isdisjoint(needed[urn])
        seconds = estimate_of(resource, is_prepared=is_prepared).seconds if changed is None or urn in changed else 0
        steps[urn] = Step(urn, resource.name, start, start + seconds, last.urn if last else "")
    return Schedule(steps)


def waits_for(graph: Graph, resource: Resource) -> list[str]:
    """URNs of what must be finished before the resource starts."""
    return [urn for urn in (*resource.dependencies, resource.parent) if urn in graph.resources]
