"""Terminal output: results to stdout, progress and errors to stderr.

On a terminal in colour (never with NO_COLOR, https://no-color.org); elsewhere ASCII only. Nothing is cut or wrapped, so
that names can be copied and searched for.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from rich.console import Console

BAD, GOOD, WARN, DIM, BOLD = "red", "green", "yellow", "dim", "bold"
"""Styles, by what they say."""


def say(text: str = "", style: str = "") -> None:
    """Print a result, one or more lines."""
    _print(text, style, sys.stdout)


def progress(text: str, style: str = "") -> None:
    """Tell what is going on, or what is wrong."""
    _print(text, style, sys.stderr)


@contextmanager
def show_status(text: str) -> Iterator[Callable[[str], None]]:
    """Show what is being waited for; the yielded function changes the text on a terminal."""
    if not sys.stderr.isatty():
        progress(text)
        yield lambda _: None
        return
    with Console(stderr=True).status(text) as status:
        yield status.update


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
"""All but line feed and tab; and characters that change the direction of text."""
_CI_COMMANDS = ((re.compile(r"##(?=vso\[|\[)"), "# #"), (re.compile(r"^(\s*)::", re.M), r"\1: :"))
"""Lines that Azure Pipelines and GitHub take for commands of the job."""


def escape_controls(text: str) -> str:
    """Return the text as it may be shown: what Azure, a cluster or a file says gives no orders to terminal or CI."""
    text = _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    for pattern, instead in _CI_COMMANDS:
        text = pattern.sub(instead, text)
    return text


def pluralize(number: int, noun: str) -> str:
    """Return `1 link`, `2 links`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def width() -> int:
    """Return the columns of the terminal; 120 where there is none."""
    return shutil.get_terminal_size((120, 0)).columns


def minutes(seconds: float) -> str:
    """Return `27:29`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def duration(seconds: float) -> str:
    """Return `27 min 29 s`."""
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def _print(text: str, style: str, stream: IO[str]) -> None:
    text = escape_controls(text)
    if not stream.isatty():
        encoding = getattr(stream, "encoding", None) or "utf-8"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        return
    Console(file=stream).print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)
