"""Durations as kubectl's --timeout takes them: spf13/pflag, duration.go."""

from __future__ import annotations

import re

from graph.durations import parse_duration
from rehearsal.node.tools.refusal import RefusalError

_WEEK = 7 * 86400.0


def read_duration(text: str) -> float:
    """Return the seconds: 0 is one look, and a negative one is a week (`kubectl wait --help`).

    Raises:
        RefusalError: it is none.
    """
    seconds = parse_duration(text)
    if seconds is None:
        why = "missing unit in" if re.fullmatch(r"\d+(\.\d*)?", text) else "invalid"
        raise RefusalError(1, f'error: invalid argument "{text}" for "--timeout" flag: time: {why} duration "{text}"')
    return _WEEK if seconds < 0 else seconds
