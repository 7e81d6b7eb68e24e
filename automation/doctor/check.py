"""A check of the doctor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from automation.check import Diagnosis
from automation.doctor.context import Context


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
