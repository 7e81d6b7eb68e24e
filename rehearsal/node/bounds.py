"""How long a call may take: the bound of the `timeout` that a script has put around it."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

from rehearsal.node.clock import read_seconds

_WITH_VALUE = ("-k", "--kill-after", "-s", "--signal")
"""Options of timeout(1) whose value is a word of its own."""


def find_bound(connection: socket.socket) -> float | None:
    """Return the seconds of the shortest `timeout` that the caller runs under; None where there is none to be seen.

    Linux tells who is at the other end (unix(7), SO_PEERCRED), and of every process its parent (proc(5)). Each call is
    held against the whole bound, also where several share it.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    caller, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    bounds: list[float] = []
    process = str(caller)
    try:
        while process not in ("0", "1", str(os.getpid())):
            words = Path(f"/proc/{process}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            if bound := read_bound(words):
                bounds.append(bound)
            process = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[1]
    except OSError:  # it is gone by now
        pass
    return min(bounds, default=None)


def read_bound(words: list[str]) -> float | None:
    """Return the duration in a command line of `timeout`; None for any other, and for 0, which is no bound."""
    rest = iter(words[1:])
    if not words or Path(words[0]).name != "timeout":
        return None
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            try:
                return read_seconds(word) or None
            except ValueError:
                return None
    return None
