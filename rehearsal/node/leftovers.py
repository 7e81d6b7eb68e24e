"""What a script has left running: by its session, or by a PATH that begins as only its run's does.

A child that opens a session of its own and clears its environment as well is not found.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

_SECONDS = 2.0


def find_processes(leader: int, path: Path) -> list[int]:
    """Return the processes of a session, and those with this folder first in PATH; none without proc(5)."""
    mark = b"\0PATH=" + os.fsencode(path) + b":"
    return [
        int(each.name)
        for each in Path("/proc").glob("[0-9]*")
        if int(each.name) != os.getpid() and (_session_of(each) == leader or mark in b"\0" + _read(each / "environ"))
    ]


def end_processes(leader: int, path: Path) -> None:
    """Kill them all, and those that they start meanwhile, for a bounded time."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    give_up = time.monotonic() + _SECONDS
    while (found := find_processes(leader, path)) and time.monotonic() < give_up:
        for process in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.01)


def _session_of(process: Path) -> int:
    """Return the session of a process that runs; 0 if it has ended."""
    fields = _read(process / "stat").rpartition(b")")[2].split()  # state, parent, group, session
    return int(fields[3]) if fields and fields[0] not in (b"Z", b"X") else 0


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it has ended, or is somebody else's
        return b""
