"""The result of a command: exit code, text for people and one JSON document for machines.

The document's form is docs/commands.schema.json.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import typer

from automation.console import BAD, progress, say

VERSION = 1
"""Of the document; another one where a key gets another meaning or goes."""

OK, FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
EXIT_CODES: Mapping[int, str] = {
    OK: "done, and nothing is wrong",
    FAILED: "something was found or has failed; the text says what, and the next step",
    UNUSABLE: "settings or usage are wrong: nothing was begun",
    INTERRUPTED: "interrupted; `Next:` says what to do",
}


@dataclass(frozen=True)
class CommandResult:
    """How a command ended."""

    exit_code: int = OK
    outcome: str = "succeeded"
    """One of `automation.deployment.progress.OUTCOMES`."""
    show: Callable[[], None] = lambda: None
    """Prints the result for people."""
    error: str = ""
    """What is wrong, for people; goes to standard error."""
    problems: Sequence[Mapping[str, str]] = ()
    """What is wrong, for machines: each has `kind`, `where`, `message`, `next`."""
    next: str = ""
    """The next step, one line."""
    own: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the command's document."""


def problem(kind: str, where: str, message: str, next_step: str = "", **more: str) -> dict[str, str]:
    """One entry of `problems`."""
    return {"kind": kind, "where": where, "message": message, "next": next_step, **more}


def refuse(kind: str, where: str, text: str, next_step: str, exit_code: int = OK) -> CommandResult:
    """Return how a command ends that has not begun; the exit code is that of the kind, if none is given."""
    problems = [problem(kind, where, text, next_step)]
    exit_code = exit_code or (UNUSABLE if kind in ("settings", "usage") else FAILED)
    return CommandResult(exit_code, "not-run", error=text, problems=problems, next=next_step)


def document(command: str, stack: str, result: CommandResult, *, offline: bool) -> dict[str, Any]:
    """Return the document that `--json` prints."""
    return {
        "version": VERSION,
        "command": command,
        "stack": stack,
        "offline": offline,
        "ok": result.exit_code == OK,
        "outcome": result.outcome,
        "exit_code": result.exit_code,
        "problems": list(result.problems),
        "next": result.next,
        **result.own,
    }


def print_document(command: str, stack: str, result: CommandResult, *, offline: bool) -> None:
    """Print the document on standard output."""
    text = json.dumps(document(command, stack, result, offline=offline), indent=2)
    say(text.replace("##", "#\\u0023"))  # the same value, and no command of Azure Pipelines


def conclude(command: str, stack: str, result: CommandResult, *, offline: bool, as_json: bool) -> None:
    """Tell it and exit: with `as_json` the document is all that goes to standard output."""
    if as_json:
        print_document(command, stack, result, offline=offline)
    else:
        result.show()
    if result.error:
        progress(result.error, BAD)
    if result.next:
        (progress if result.error or as_json else say)(f"\nNext: {result.next}")
    if result.exit_code:
        raise typer.Exit(result.exit_code)
