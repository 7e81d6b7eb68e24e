"""Places in the program, as mistakes are told with them: file and line."""

from __future__ import annotations

import traceback
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[1]
_PROGRAM = ("components", "nodes")
"""Rooms of the program's own code, beside its `__main__.py`."""
_GROUND = ("settings", "arm")
"""Rooms that the program calls."""


def describe_position(file: str, line: int | None) -> str:
    """Return `components/pki_chain.py:12`; of a file outside the project the name only."""
    path = Path(file)
    return f"{path.relative_to(_PROJECT) if path.is_relative_to(_PROJECT) else path.name}:{line or 0}"


def find_place(error: BaseException) -> str:
    """Return where in the program an error arose, and in what it calls; empty if nobody knows.

    Where no traceback reaches, the SDK's calls have noted the place (`graph.lighter_sdk`, `graph.monitor`).
    """
    if isinstance(error, SyntaxError) and error.filename:
        return describe_position(error.filename, error.lineno)
    own = called = ""
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename)
        if is_of_the_program(file):
            own, called = describe_position(frame.filename, frame.lineno), ""
        elif own and _is_in(file, _GROUND):
            called = f"{describe_position(frame.filename, frame.lineno)}, called at "
    return f"{called}{own}" or next(iter(getattr(error, "__notes__", ())), "")


def is_of_the_program(file: Path) -> bool:
    """Tell whether a file holds the program's own code."""
    return file.name == "__main__.py" or _is_in(file, _PROGRAM)


def find_in_ground(error: BaseException) -> str:
    """Return where an error arose, if that was in what the program calls."""
    if isinstance(error, SyntaxError) and error.filename:
        return describe_position(error.filename, error.lineno) if _is_in(Path(error.filename), _GROUND) else ""
    own = [one for one in traceback.extract_tb(error.__traceback__) if Path(one.filename).is_relative_to(_PROJECT)]
    own = [one for one in own if "site-packages" not in one.filename]
    last = own[-1] if own else None
    return describe_position(last.filename, last.lineno) if last and _is_in(Path(last.filename), _GROUND) else ""


def _is_in(file: Path, rooms: tuple[str, ...]) -> bool:
    return any(file.is_relative_to(_PROJECT / room) for room in rooms)
