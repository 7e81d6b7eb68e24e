"""A rehearsal, or a preview, as one HTML page that needs nothing else: no network, no other file."""

from __future__ import annotations

from datetime import datetime

from automation.commands.rehearse import Run
from automation.deployment.deployer import Report
from automation.report import topology
from automation.report.html import html
from automation.report.page import page_of_preview, page_of_run
from graph.evaluate_stack import Evaluation

__all__ = ["of_preview", "of_rehearsal", "topology"]


def of_rehearsal(run: Run, now: datetime) -> str:
    """The page of a rehearsal, however far it came; `now`, with its time zone, is what days are counted from."""
    return html(page_of_run(run, now))


def of_preview(evaluation: Evaluation, report: Report | None, now: datetime) -> str:
    """The page of a stack before `up`: what the program makes, and what the engine's preview said if there was one.

    The evaluation is one of a deployment (`preview=False`): a preview's graph does not know paths and dates.
    """
    return html(page_of_preview(evaluation, report, now))
