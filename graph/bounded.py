"""A bound for a program that makes no progress: an output that nobody gives, or code that never returns."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS = 60
"""Without a further registration; a hundred clusters take 19 s in all."""


class ProgramStuckError(Exception):
    """The program neither ends nor registers anything."""


@contextmanager
def bound(progress: Callable[[], int]) -> Iterator[None]:
    """Raise ProgramStuckError where the program stands still for `SECONDS`; `progress` counts what it has done.

    By SIGALRM, which also interrupts what does not give the event loop back; so in the main thread only, elsewhere
    nothing is bound. Another user's alarm is put back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen = -1

    def look(_: int, __: FrameType | None) -> None:
        nonlocal seen
        if (now := progress()) == seen:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise ProgramStuckError(
                f"the program waits for something that nobody gives, or does not return: no resource was registered for"
                f" {SECONDS} s, after {now} of them"
            )
        seen = now

    handler = signal.signal(signal.SIGALRM, look)
    left, interval = signal.setitimer(signal.ITIMER_REAL, SECONDS / 2, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left, interval)
        signal.signal(signal.SIGALRM, handler)
