"""What a check is, before and after somebody has looked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from automation.doctor.context import Context

Outcome = Literal["ok", "failed", "warning", "not-run"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    id: str
    title: str
    outcome: Outcome
    found: str
    """What there is; of several things, one a line."""
    expected: str
    mend: str
    """The command or commands that mend it, one a line; empty when there is nothing to mend."""


@dataclass(frozen=True)
class Finding:
    """What a look has shown; the rest of a `Check` stands in the table."""

    outcome: Outcome
    found: str
    mend: str = ""


@dataclass(frozen=True)
class Row:
    """One thing to look at.

    `mends` says in general what `Finding.mend` says exactly; `needs` are the ids of rows that have to be in order
    before it makes sense to look. A warning is in order.
    """

    id: str
    title: str
    expected: str
    mends: str
    look: Callable[[Context], Finding]
    needs: tuple[str, ...] = ()


def of(problems: list[str], fine: str, mend: str = "", outcome: Outcome = "failed") -> Finding:
    """Ok where there are no problems; otherwise these, and what mends them."""
    return Finding(outcome, "\n".join(problems), mend) if problems else Finding("ok", fine)
