"""Where words go: results on standard output, progress and errors on standard error.

On a terminal in colour (never with NO_COLOR, https://no-color.org); elsewhere ASCII only. Nothing is cut or wrapped, so
that names can be copied and searched for.
"""

from __future__ import annotations

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
def waiting(text: str) -> Iterator[Callable[[str], None]]:
    """Say what is waited for; on a terminal it can be told anew all the time."""
    if not sys.stderr.isatty():
        progress(text)
        yield lambda _: None
        return
    with Console(stderr=True).status(text) as status:
        yield status.update


def counted(number: int, noun: str) -> str:
    """`1 link`, `2 links`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def minutes(seconds: float) -> str:
    """`27:29`."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _print(text: str, style: str, stream: IO[str]) -> None:
    if not stream.isatty():
        stream.write(text + "\n")
        return
    Console(file=stream).print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)
