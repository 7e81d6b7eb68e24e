"""Where words go: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

EXIT_FAILED = 1
EXIT_UNUSABLE = 2
EXIT_INTERRUPTED = 130


def say(text: str = "", *, end: str = "\n") -> None:
    """Print a result."""
    sys.stdout.write(text + end)


def progress(text: str) -> None:
    """Tell what is going on."""
    sys.stderr.write(text + "\n")


def counted(number: int, noun: str) -> str:
    """`1 link`, `2 links`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def fail(text: str, code: int) -> NoReturn:
    """Print an error for the user and stop; no traceback."""
    sys.stderr.write(text + "\n")
    raise typer.Exit(code)
