"""A rehearsal: the real program and the real stack file, judged without Azure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graph.evaluate_stack import evaluate_stack
from graph.graph import Graph
from graph.schedule import Schedule, schedule
from rules import Finding, compare, judge
from settings import Settings


@dataclass(frozen=True)
class Rehearsal:
    """What a rehearsal found out."""

    settings: Settings
    stand_ins: list[str]
    preview: Graph
    deployment: Graph
    findings: list[Finding]
    schedule: Schedule


def rehearse(program: Path, stack: str) -> Rehearsal:
    """Check the settings, evaluate the program as a preview and as a deployment, judge both.

    Raises:
        SettingsError: the settings cannot be used.
    """
    previewed = evaluate_stack(program, stack, preview=True)
    deployed = evaluate_stack(program, stack, preview=False)
    findings = [*compare(previewed.graph, deployed.graph), *judge(deployed.graph, deployed.settings)]
    return Rehearsal(
        deployed.settings,
        deployed.stand_ins,
        previewed.graph,
        deployed.graph,
        findings,
        schedule(deployed.graph),
    )
