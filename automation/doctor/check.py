"""A check, what it finds out, and its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from automation.doctor.context import Context

Outcome = Literal["ok", "failed", "warning", "not-run"]


@dataclass(frozen=True)
class Diagnosis:
    """What a check has found out."""

    outcome: Outcome
    found: str
    """One line for each of several things."""
    mend: str = ""
    """The commands that fix it, one a line; empty when there is nothing to fix."""


@dataclass(frozen=True)
class Check:
    """One thing to check; `remedy` says in general what `Diagnosis.mend` says exactly."""

    id: str
    title: str
    expected: str
    remedy: str
    run: Callable[[Context], Diagnosis]
    needs: tuple[str, ...] = ()
    """Ids of the checks that have to pass before this one makes sense. A warning passes."""


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
