"""Evaluate the program for a loaded stack."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from graph.fake_outputs import ShapeProvider
from graph.graph import Graph
from graph.monitor import UnrecordableError
from graph.run_program import evaluate
from settings.loaded_stack import LoadedStack
from settings.model import Settings

_OURS = Path(__file__).resolve().parents[1]


class ProgramError(Exception):
    """The program itself failed; the text says where in it, and how."""


@dataclass(frozen=True)
class Evaluation:
    """A stack, and the graph that the program makes of it."""

    stack: LoadedStack
    graph: Graph

    @property
    def settings(self) -> Settings:
        return self.stack.settings


def evaluate_stack(stack: LoadedStack, *, preview: bool) -> Evaluation:
    """Evaluate the program as a deployment, or as a preview on an empty subscription.

    Raises:
        ProgramError: the program failed.
        pulumi.RunError: the program refused to run.
        UnrecordableError: the program does what only an engine can answer.
    """
    try:
        graph = evaluate_config(stack.folder, stack.name, stack.config, stack.settings, preview=preview)
    except (pulumi.RunError, UnrecordableError):
        raise
    except Exception as error:
        raise ProgramError(f"{_where(error)}: {type(error).__name__}: {error}") from error
    return Evaluation(stack, graph)


def evaluate_config(
    program: Path, stack: str, config: Mapping[str, Any], settings: Settings, *, preview: bool
) -> Graph:
    """Evaluate the program with a configuration that is complete; errors are raised as they are."""
    subscription = settings.tenant.subscription_id
    provider = ShapeProvider(subscription)
    return evaluate(program, stack, config, provider=provider, preview=preview, subscription_id=subscription)


def _where(error: BaseException) -> str:
    """Return file and line of the program's own part that failed, as seen from the project."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_program(Path(frame.filename))]
    if not frames:
        return "the program"
    file = Path(frames[-1].filename)
    return f"{file.relative_to(_OURS) if file.is_relative_to(_OURS) else file.name}:{frames[-1].lineno}"


def _is_program(file: Path) -> bool:
    return (
        file.name == "__main__.py" or file.is_relative_to(_OURS / "components") or file.is_relative_to(_OURS / "nodes")
    )
