"""A rehearsal, or a preview, as one HTML page that needs nothing else: no network, no other file."""

from __future__ import annotations

from datetime import datetime

from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.interruptions import Interruptions
from automation.deployment.rehearsal import Rehearsal
from automation.report import topology
from automation.report.html import render
from automation.report.page import build_page
from graph.evaluate_stack import Evaluation

__all__ = ["render_preview", "render_rehearsal", "topology"]


def render_rehearsal(run: Rehearsal, now: datetime) -> str:
    """Return the page of a rehearsal, however far it came; `now`, with its time zone, is what days are counted from."""
    up = run.deployed.up if run.deployed else None
    return render(build_page(run.judgement.evaluation, up, now, run=run))


def render_preview(
    evaluation: Evaluation,
    report: DeploymentResult | None,
    now: datetime,
    *,
    offline: bool = True,
    interruptions: Interruptions | None = None,
) -> str:
    """Return the page of a stack before `up`: what the program makes, and the engine's preview if there is one.

    The evaluation is one of a deployment (`preview=False`): a preview's graph does not know paths and dates.
    """
    return render(build_page(evaluation, report, now, offline=offline, interruptions=interruptions))
