"""What a check finds out, and its result: of `doctor`, before a deployment, and of `verify`, after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ok", "failed", "warning", "not-run", "unknown"]
"""not-run: after another check that has failed. unknown: it could not look, which is no pass."""


@dataclass(frozen=True)
class Diagnosis:
    """What a check has found out."""

    outcome: Outcome
    found: str
    """One line for each of several things."""
    mend: str = ""
    """The commands that fix it, one a line; empty when there is nothing to fix."""


@dataclass(frozen=True)
class CheckResult:
    """A check that was run, or that was not because of another one."""

    id: str
    title: str
    outcome: Outcome
    found: str
    expected: str
    mend: str


def diagnose(problems: list[str], fine: str, mend: str = "", outcome: Outcome = "failed") -> Diagnosis:
    """Return `fine` if there are no problems, else the problems and what fixes them."""
    return Diagnosis(outcome, "\n".join(problems), mend) if problems else Diagnosis("ok", fine)
