"""Evaluate the program for a stack file, or for settings at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.fake_outputs import ShapeProvider
from graph.graph import Graph
from graph.run_program import evaluate
from settings import Settings, stack_file
from settings.stand_ins import with_stand_ins


@dataclass(frozen=True)
class Evaluation:
    """One stack's settings and the graph that the program makes of them."""

    settings: Settings
    stand_ins: list[str]
    """Settings that the stack file lacks and the rehearsal filled in."""
    graph: Graph


def evaluate_stack(program: Path, stack: str, *, preview: bool) -> Evaluation:
    """Evaluate a committed stack file.

    Raises:
        SettingsError: the settings cannot be used.
    """
    config, missing = with_stand_ins(stack_file.read(program, stack))
    settings = stack_file.load(program, stack, config[stack_file.SETTINGS_KEY])
    name = stack_file.plain_name(stack)  # what the engine writes into URNs
    return Evaluation(settings, missing, evaluate_config(program, name, config, settings, preview=preview))


def evaluate_config(
    program: Path, stack: str, config: Mapping[str, Any], settings: Settings, *, preview: bool
) -> Graph:
    """Evaluate the program with a configuration that is complete."""
    subscription = settings.tenant.subscription_id
    provider = ShapeProvider(subscription)
    return evaluate(program, stack, config, provider=provider, preview=preview, subscription_id=subscription)
