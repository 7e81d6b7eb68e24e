"""A check of `verify`, and what it finds wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from automation.check import CheckResult

if TYPE_CHECKING:
    from automation.verify.look import Look

Scope = Literal["shared", "cluster", "link"]
Severity = Literal["error", "warning"]
"""error: something does not work or is open that must not be. warning: it works, and is not as deployed."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    where: str
    """Logical name of the resource, or its ARM id where nobody asked for it."""
    seen: str
    expected: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.seen}" + (f"; expected {self.expected}" if self.expected else "")


@dataclass(frozen=True)
class Check:
    """One thing to check; what it is about, it asks the look for."""

    id: str
    concern: str
    """The heading that it is shown under."""
    scopes: tuple[Scope, ...]
    """Where it looks: once at each cluster, at each link, or once for all."""
    severity: Severity
    title: str
    expected: str
    remedy: str
    """How to mend it; `{refresh}` and the like stand for command lines (`verification.py`)."""
    run: Callable[[Look], Iterator[Problem]]


@dataclass(frozen=True)
class VerifyResult(CheckResult):
    """A check that was run at one place."""

    scope: Scope
    where: str
    """The cluster or the link; empty for what all share."""
    concern: str
    severity: Severity
