"""A stack judged: what the program would deploy, and what is wrong with it. Asked before anything is created."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from graph.evaluate_stack import Evaluation, evaluate_stack
from graph.graph import Graph
from graph.schedule import Schedule, schedule
from rules import Finding, compare, judge
from rules.causes import Cause, find_causes
from rules.written import read_file
from settings.loaded_stack import LoadedStack


@dataclass(frozen=True)
class Judgement:
    """The program's preview and deployment, recorded once each, and every finding."""

    stack: LoadedStack
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
        return Evaluation(self.stack, self.deployment)

    @cached_property
    def schedule(self) -> Schedule:
        """Return the deployment in virtual time."""
        return schedule(self.deployment)


def judge_stack(stack: LoadedStack) -> Judgement:
    """Evaluate the program as a preview and as a deployment, and judge both.

    Raises:
        ProgramError, RunError, UnrecordableError: as `evaluate_stack`.
    """
    preview = evaluate_stack(stack, preview=True).graph
    deployment = evaluate_stack(stack, preview=False).graph
    findings = judge(deployment, stack.settings, read_file(stack))
    return Judgement(stack, preview, deployment, [*compare(preview, deployment), *findings])
