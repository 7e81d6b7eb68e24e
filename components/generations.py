"""Generations in the stack's own state: how high each has been, which are live, and how far a rotation has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from settings.high_water import Mark, raise_marks
from settings.rotation import Live
from settings.stack_state import GENERATIONS, State, parse_state

_TRIES = 20
"""The engine may be writing the state that it is asked for: a local backend then answers with half a file."""


@dataclass(frozen=True)
class GenerationsArgs:
    """What is live now, and how high each has been."""

    live: Live
    before: Mapping[str, Mark]


class Generations(pulumi.ComponentResource):
    """The mark of every link, listener and authority, in outputs that the engine writes at once.

    High-water marks survive what they are of, and a deployment that fails.
    """

    def __init__(self, name: str, args: GenerationsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(GENERATIONS, name, None, opts)
        live = args.live
        marks = raise_marks(live.settings, args.before, live.by_owner, live.leaving)
        self.register_outputs({"marks": marks})


def read_state() -> State:
    """Return what the deployment before this one has left; nothing on the first.

    Raises:
        pulumi.RunError: the state cannot be read.
    """
    return parse_state({urn: resource["outputs"] for urn, resource in _read_own_state().items()})


def _read_own_state() -> Mapping[str, Any]:
    """Ask the engine for the outputs in this stack's state (pulumi/pulumi, pkg/resource/deploy/builtins.go)."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    latest: Exception | None = None
    for _ in range(_TRIES):
        try:
            answer = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": stack}).value or {}
            return answer.get("outputs") or {}
        except Exception as error:  # the SDK raises nothing narrower
            latest = error
    text = f"the state of stack {stack} cannot be read: {latest}. Next: run the command again"
    raise pulumi.RunError(text) from latest
