"""What a script asks of a tool, and what the tool answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FOR_EVER = 1e7
"""Seconds that no bound of a script leaves."""


@dataclass(frozen=True)
class ToolCall:
    """One command line of a script, as the stand-in on its PATH has got it."""

    tool: str
    """Base name as called."""
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    stdin: bytes
    """Empty unless it is a pipe or a file and the tool reads it (`tools.READS_STDIN`)."""
    elapsed: float
    """Virtual seconds since the script began."""
    inherited: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What is in files that the caller gave it open: `/proc/self/fd/<number>` -> text."""
    bound: float | None = None
    """Seconds of the `timeout` around it."""
    traces: list[tuple[str, str]] = field(default_factory=list)
    """What is to be remembered of it: kind (`rehearsal.cluster.traces`) and words."""
    now: float = 0
    """What the node's clock says, in seconds since 1970."""


@dataclass(frozen=True)
class Reply:
    """What the stand-in prints, and its exit code."""

    code: int = 0
    stdout: str = ""
    stderr: str = ""
    took: float = 0
    """Virtual seconds beside those that such a call always takes (`tools.durations`)."""
    stays: bool = False
    """Whether the tool goes on after that until somebody ends it."""
    becomes: int = 0
    """Which of its words begins the command that it becomes then, counted from 1; 0: none."""
