"""What the program does beside registering resources: files it writes, processes it starts, connections it opens.

Python tells an audit hook of each (docs.python.org/3/library/audit_events.html); a hook stays for good, so there is
one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from graph.places import describe_position, is_of_the_program

_RUNNER = str(Path(__file__).with_name("run_program.py"))
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
_EVENTS = {
    "os.mkdir": "makes the folder", "os.remove": "removes", "os.rename": "renames", "os.rmdir": "removes the folder",
    "os.symlink": "links", "os.link": "links", "os.truncate": "truncates", "os.putenv": "sets the variable",
    "os.system": "runs", "os.exec": "runs", "os.posix_spawn": "runs", "os.spawn": "runs", "subprocess.Popen": "runs",
    "socket.connect": "connects to", "socket.sendto": "sends to", "socket.getaddrinfo": "looks up",
    "urllib.Request": "asks",
}  # fmt: skip
"""Event -> what it says that the program does to its first argument that can be shown."""
_watched: dict[str, str] | None = None
_is_hooked = False


@contextmanager
def watch() -> Iterator[dict[str, str]]:
    """Note what the program does meanwhile: place in it -> what; the first of each place. Not for two at once."""
    global _watched, _is_hooked
    if not _is_hooked:
        sys.addaudithook(_note)
        _is_hooked = True
    found: dict[str, str] = {}
    _watched = found
    try:
        yield found
    finally:
        _watched = None


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched is None or (event != "open" and event not in _EVENTS):
        return
    if event == "open" and (isinstance(arguments[0], int) or not arguments[2] & _WRITING):  # a number is open already
        return
    shown = _show(event, arguments)
    if (frame := _find_program(sys._getframe(1))) and "__pycache__" not in shown:  # Python's own, at an import
        place = describe_position(frame.f_code.co_filename, frame.f_lineno)
        _watched.setdefault(place, f"{_EVENTS.get(event, 'writes')} {shown}")


def _find_program(frame: FrameType | None) -> FrameType | None:
    """Return the innermost call of the program; below `run_program` are those of the command, which may write."""
    while frame and frame.f_code.co_filename != _RUNNER:
        if is_of_the_program(Path(frame.f_code.co_filename)):
            return frame
        frame = frame.f_back
    return None


def _show(event: str, arguments: tuple[Any, ...]) -> str:
    shown = arguments[1] if event.startswith("socket.") and event != "socket.getaddrinfo" else arguments[0]
    return os.fsdecode(shown) if isinstance(shown, str | bytes | os.PathLike) else repr(shown)
