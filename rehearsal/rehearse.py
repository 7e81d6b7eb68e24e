"""A rehearsal: the real program and the real stack file, judged without Azure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rehearsal.graph import Graph
from rehearsal.lifecycle import Lifecycle, deploy
from rehearsal.rules import Finding, compare, judge
from rehearsal.schedule import Schedule, schedule
from rehearsal.stacks import evaluate_stack
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
    lifecycle: Lifecycle | None
    """None where findings keep it from being deployed."""

    @property
    def ok(self) -> bool:
        """Neither a finding nor a failure."""
        return self.lifecycle is not None and not self.lifecycle.failures


def rehearse(program: Path, stack: str) -> Rehearsal:
    """Check the settings, evaluate the program as a preview and as a deployment, judge both, deploy what is right.

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
        None if findings else deploy(program, stack, deployed.config, deployed.settings),
    )
