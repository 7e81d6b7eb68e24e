"""Time as the model of Azure sees it: injectable, so that waiting for ten minutes costs a test nothing."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Seconds since some fixed moment."""

    def now(self) -> float: ...


class SystemClock:
    """The machine's own clock: seconds since 1970."""

    def now(self) -> float:
        return time.time()


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 0.0) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds
