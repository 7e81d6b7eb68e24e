"""How high each generation has been, kept in the stack's own state: no key that was replaced becomes good again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from settings.high_water import Mark, raise_marks, read_marks
from settings.model import Settings

_TYPE = "edge-stamps:generations:Generations"
_TRIES = 20
"""The engine may be writing the state that it is asked for: a local backend then answers with half a file."""


@dataclass(frozen=True)
class GenerationsArgs:
    """What is wanted now, and how high each has been."""

    settings: Settings
    before: Mapping[str, Mark]


class Generations(pulumi.ComponentResource):
    """The high-water mark of every link, listener and authority, in outputs that the engine writes at once.

    They survive what they are of, and a deployment that fails.
    """

    def __init__(self, name: str, args: GenerationsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(_TYPE, name, None, opts)
        self.register_outputs({"marks": raise_marks(args.settings, args.before)})


def read_high_water_marks() -> Mapping[str, Mark]:
    """Return what the deployment before this one has written; nothing on the first.

    Raises:
        pulumi.RunError: the state cannot be read.
    """
    for urn, resource in _read_own_state().items():
        if f"::{_TYPE}::" in urn:
            return read_marks(resource["outputs"].get("marks", {}))
    return {}


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
