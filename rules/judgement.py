"""A stack judged: what the program would deploy, and what is wrong with it. Asked before anything is created."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from graph.evaluate_stack import Evaluation, evaluate_stack, sign_by_stand_in
from graph.graph import Graph
from graph.schedule import Schedule, schedule
from rules import Finding, compare, judge
from rules.causes import Cause, find_causes
from rules.written import read_file
from settings.loaded_stack import LoadedStack
from settings.model import Settings


@dataclass(frozen=True)
class Judgement:
    """The program's preview and deployment, recorded once each, and every finding."""

    stack: LoadedStack
    settings: Settings
    """What the program would deploy in the end; where an external CA signs, a stand-in has done so."""
    preview: Graph
    deployment: Graph
    findings: Sequence[Finding]

    @cached_property
    def causes(self) -> Sequence[Cause]:
        """Return the findings by what is to be mended."""
        return find_causes(self.findings, self.deployment)

    @property
    def evaluation(self) -> Evaluation:
        """Return what the program would deploy."""
        return Evaluation(replace(self.stack, settings=self.settings), self.deployment)

    @cached_property
    def schedule(self) -> Schedule:
        """Return the deployment in virtual time."""
        return schedule(self.deployment)


def judge_stack(stack: LoadedStack) -> Judgement:
    """Evaluate the program as a preview and as a deployment, and judge both.

    Raises:
        ProgramError, RunError, UnrecordableError: as `evaluate_stack`.
    """
    with sign_by_stand_in(stack) as signed:
        preview = evaluate_stack(signed, preview=True).graph
        deployment = evaluate_stack(signed, preview=False).graph
    findings = judge(deployment, signed.settings, read_file(stack))
    return Judgement(stack, signed.settings, preview, deployment, [*compare(preview, deployment), *findings])
