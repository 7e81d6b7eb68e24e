"""What `up` does after its first run: a rotation takes old keys away in further ones, and a preview shows one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.evaluate_stack import evaluate_stack
from graph.graph import Graph
from graph.plan import graph_of_state
from graph.property_diff import known
from graph.urns import is_resource
from settings.loaded_stack import LoadedStack
from settings.stack_state import State, parse_state


@dataclass(frozen=True)
class LaterRun:
    """How many resources a run after the first creates and deletes; components and providers do not count."""

    created: int
    deleted: int


def foresee_later_runs(stack: LoadedStack, deployment: Mapping[str, Any]) -> Iterator[LaterRun]:
    """Yield what each run after the first does, if all sites are seen to use their new keys.

    Args:
        stack: as it is wanted.
        deployment: the stack's state before the first run.

    Raises:
        ProgramError, RunError, UnrecordableError: as `evaluate_stack`.
    """
    graph, before = _run(stack, graph_of_state(stack.name, deployment)), State()
    # As in `run_until_settled`; the outputs of an evaluation say that every script has succeeded.
    while (state := parse_state(_read_outputs(graph))).goes_on(before):
        following = _run(stack, graph)
        first, second = _list_resources(graph), _list_resources(following)
        yield LaterRun(len(second - first), len(first - second))
        graph, before = following, state


def describe_later_runs(runs: Sequence[LaterRun]) -> Iterator[str]:
    """Yield what people read of them."""
    for number, run in enumerate(runs, start=2):
        counts = [f"{run.created} created"] * bool(run.created) + [f"{run.deleted} deleted"] * bool(run.deleted)
        if counts:
            yield f"run {number}, once the new keys are seen in use: {', '.join(counts)}"


def _run(stack: LoadedStack, graph: Graph) -> Graph:
    return evaluate_stack(stack, preview=False, deployed=_read_outputs(graph)).graph


def _read_outputs(graph: Graph) -> dict[str, Any]:
    return {urn: known(one.outputs) for urn, one in graph.resources.items()}


def _list_resources(graph: Graph) -> set[str]:
    return {urn for urn in graph.resources if is_resource(urn)}
