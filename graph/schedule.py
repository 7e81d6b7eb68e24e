"""When each resource would start and finish, computed from the graph: no clock is involved (pulumi-field-notes §6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from arm.estimates import EXTENSIONS, SCRIPTS, TYPES, Estimate
from graph.graph import Graph, Resource


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


def estimate_of(resource: Resource) -> Estimate:
    """The estimate for one resource; components and providers take no time.

    Raises:
        LookupError: the type has no row in `arm/estimates.py`.
    """
    type_name = resource.type.rsplit(":", 1)[-1]
    if not resource.custom or resource.type.startswith("pulumi:"):
        return Estimate("", 0, "local")
    inputs = resource.plain_inputs
    by_script = SCRIPTS.get(inputs.get("runCommandName", ""))
    by_extension = EXTENSIONS.get(inputs.get("extensionType", ""))
    found = by_script or by_extension or TYPES.get(type_name)
    if found is None:
        raise LookupError(f"no estimate for {resource.type}: add a row to arm/estimates.py")
    return found


def schedule(graph: Graph) -> Schedule:
    """Each resource starts when everything that it depends on, and its parent, is finished."""
    steps: dict[str, Step] = {}
    for urn in _in_dependency_order(graph):
        resource = graph.resources[urn]
        waits = [steps[other] for other in waits_for(graph, resource)]
        last = max(waits, key=lambda step: (step.finish, step.urn), default=None)
        start = last.finish if last else 0
        steps[urn] = Step(urn, resource.name, start, start + estimate_of(resource).seconds, last.urn if last else "")
    return Schedule(steps)


def waits_for(graph: Graph, resource: Resource) -> list[str]:
    """URNs of what must be finished before the resource starts."""
    return [urn for urn in (*resource.dependencies, resource.parent) if urn in graph.resources]


def _in_dependency_order(graph: Graph) -> list[str]:
    order: list[str] = []
    done: set[str] = set()
    for root in sorted(graph.resources):
        stack = [root]
        while stack:
            urn = stack[-1]
            missing = [other for other in sorted(waits_for(graph, graph.resources[urn])) if other not in done]
            if missing and urn not in done:
                stack += missing
                continue
            stack.pop()
            if urn not in done:
                done.add(urn)
                order.append(urn)
    return order
