"""The clock that a script sees: waiting takes no time."""

from __future__ import annotations

import re
import time

from rehearsal.node.calls import Reply, ToolCall

_PATIENCE, _PACE = 20, 50
"""After so many seconds each sleep takes as many, or its own: a wait of minutes costs few polls."""


class ScriptClock:
    """Virtual seconds of one run of a script; `sleep` moves them, and `date` reads them."""

    def __init__(self, started_at: float, patience: float = _PATIENCE, pace: float = _PACE) -> None:
        self._started_at, self._patience, self._pace = started_at, patience, pace
        self.elapsed = 0.0

    def sleep(self, call: ToolCall) -> Reply:
        try:
            seconds = sum(read_seconds(text) for text in call.arguments)
        except ValueError as error:
            return Reply(1, stderr=f"sleep: invalid time interval '{error}'\n")
        if not call.arguments:
            return Reply(1, stderr="sleep: missing operand\n")
        self.elapsed += seconds if self.elapsed < self._patience else max(seconds, self._pace)
        return Reply()

    @property
    def now(self) -> float:
        """Return the seconds since 1970."""
        return self._started_at + self.elapsed

    def pass_by(self, seconds: float) -> None:
        """Let a call take its time."""
        self.elapsed += seconds

    def date(self, call: ToolCall) -> Reply:
        formats = [text[1:] for text in call.arguments if text.startswith("+")]
        if formats:
            text = time.strftime(formats[0].replace("%s", str(int(self.now))), time.gmtime(self.now))
        else:
            text = time.strftime("%a %b %e %H:%M:%S UTC %Y", time.gmtime(self.now))
        return Reply(stdout=f"{text}\n")


def read_seconds(text: str) -> float:
    """Return a duration as sleep(1) and timeout(1) read it.

    Raises:
        ValueError: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d*)?)([smhd]?)", text)
    if not found:
        raise ValueError(text)
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
