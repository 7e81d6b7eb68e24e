"""What a change does to messages, link by link, said before it begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any

from automation.deployment.later_runs import LaterRun, foresee_later_runs
from graph.evaluate_stack import evaluate_after
from graph.plan import Change, graph_of_state
from rules.interruptions import Interruption, find_interruptions
from rules.plan import Plan
from settings.loaded_stack import LoadedStack
from settings.stack_state import parse_deployment

Interruptions = Mapping[str, Sequence[Interruption]]
"""By link."""


def foresee(
    stack: LoadedStack, deployment: Mapping[str, Any], changes: Sequence[Change]
) -> tuple[Interruptions, Sequence[LaterRun]]:
    """Return what changes do to the links of a stack, nothing where it has none yet; and what `up` does afterwards.

    Args:
        stack: as it is wanted.
        deployment: the stack's state before.
        changes: what a preview says.

    Raises:
        ProgramError, RunError, UnrecordableError: as `evaluate_stack`.
    """
    if not changes:
        return {link: [] for link in _list_links(deployment)}, ()
    before = graph_of_state(stack.name, deployment)
    wanted = evaluate_after(stack, before)
    found = find_interruptions(Plan(wanted.settings, before, wanted.graph, changes))
    return found, [*foresee_later_runs(stack, wanted.graph)]


def has_links(deployment: Mapping[str, Any]) -> bool:
    """Return whether something is deployed that could be interrupted."""
    return bool(_list_links(deployment))


def _list_links(deployment: Mapping[str, Any]) -> list[str]:
    return parse_deployment(deployment).links


def describe(interruptions: Interruptions) -> Iterator[str]:
    """Yield what people read of them."""
    for link, found in interruptions.items():
        for one in found:
            yield f"messages of link {link} stand still {_format_span(one)} after the start, estimated: {one.why}"
        if not found:
            yield f"messages of link {link}: no interruption"


def _format_span(one: Interruption) -> str:
    first = one.start // 60
    return f"from about {first} to {ceil(one.end / 60)} minutes" if one.end else f"for good, from about {first} minutes"
