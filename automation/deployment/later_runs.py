"""What `up` does after its first run: a rotation takes old keys away in further ones, and a preview shows one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graph.evaluate_stack import evaluate_after, read_outputs
from graph.graph import Graph
from graph.urns import is_resource
from settings.loaded_stack import LoadedStack
from settings.stack_state import State, parse_state


@dataclass(frozen=True)
class LaterRun:
    """How many resources a run after the first creates and deletes; components and providers do not count."""

    created: int
    deleted: int


def foresee_later_runs(stack: LoadedStack, first: Graph) -> Iterator[LaterRun]:
    """Yield what each run after the first does, if all sites are seen to use their new keys.

    Args:
        stack: as it is wanted.
        first: what the first run makes of it.

    Raises:
        ProgramError, RunError, UnrecordableError: as `evaluate_stack`.
    """
    graph, before = first, State()
    # As in `run_until_settled`; the outputs of an evaluation say that every script has succeeded.
    while (state := parse_state(read_outputs(graph))).goes_on(before):
        following = evaluate_after(stack, graph).graph
        had, has = _list_resources(graph), _list_resources(following)
        yield LaterRun(len(has - had), len(had - has))
        graph, before = following, state


def describe_later_runs(runs: Sequence[LaterRun]) -> Iterator[str]:
    """Yield what people read of them."""
    for number, run in enumerate(runs, start=2):
        counts = [f"{run.created} created"] * bool(run.created) + [f"{run.deleted} deleted"] * bool(run.deleted)
        if counts:
            yield f"run {number}, once the new keys are seen in use: {', '.join(counts)}"


def _list_resources(graph: Graph) -> set[str]:
    return {urn for urn in graph.resources if is_resource(urn)}
