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


class SteadyClock:
    """Another clock, but for its jumps back: Azure's time does not follow that of a machine which is set right.

    So what was begun has an end, whatever becomes of the machine's clock in between.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = 0.0
        """How far this clock has come to be ahead of the other one."""
        self._latest = float("-inf")

    def now(self) -> float:
        """Return the time; the caller holds the world's lock."""
        reading = self._clock.now()
        self._ahead = max(self._ahead, self._latest - reading)
        self._latest = reading + self._ahead
        return self._latest

    def go_on_from(self, moment: float) -> None:
        """Let no time be earlier than this one."""
        self._latest = max(self._latest, moment)
