"""Say what is wrong with a command in a page, as far as this repository knows: make, Python's modules, our options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import typer.main

from tests.conftest import PROGRAM

_OTHERS = frozenset({"az", "cat", "cp", "curl", "export", "jq", "kubectl", "pulumi", "ssh"})
"""Programs of others; what they take is in their own references."""
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
_SEPARATORS = "|;&"


def problems_in(line: str) -> list[str]:
    """What is wrong with a line of shell; empty if it could be typed as it is."""
    try:
        return [problem for words in commands_in(line) if (problem := _problem(words))]
    except ValueError as error:
        return [str(error)]


def commands_in(line: str) -> Iterator[list[str]]:
    """The words of each command of the line, those in `$(...)` too; comments and the words of loops are left out.

    Raises:
        ValueError: a quotation does not end.
    """
    while found := _SUBSTITUTION.search(line):
        yield from commands_in(found[1])
        line = f"{line[: found.start()]}SUBSTITUTED{line[found.end() :]}"
    words = shlex.shlex(line, posix=True, punctuation_chars=_SEPARATORS)
    words.whitespace_split = True
    command: list[str] = []
    for word in [*words, ";"]:
        if word and set(word) <= set(_SEPARATORS):
            rest = command[1:] if command[:1] == ["do"] else command
            if rest and rest[0] not in ("for", "done"):
                yield rest
            command = []
        else:
            command.append(word)


def _problem(words: Sequence[str]) -> str:
    program, rest = words[0], list(words[1:])
    if program == "make":
        return ", ".join(f"no target {word} in Makefile" for word in rest if "=" not in word and word not in _targets())
    if program in ("python", ".venv/bin/python"):
        return _python(rest)
    return "" if program in _OTHERS else f"{program} is no program that the pages use"


def _python(words: list[str]) -> str:
    match words:
        case ["-m", "automation", *arguments]:
            return _automation(arguments)
        case ["-m", "pytest", *arguments]:
            return ", ".join(f"no {word}" for word in arguments if "/" in word and not (PROGRAM / word).exists())
        case ["-m", module, *_]:
            file = PROGRAM / module.replace(".", "/")
            return "" if file.with_suffix(".py").is_file() or file.is_dir() else f"no module {module}"
    return f"python {' '.join(words)} is not -m of a module"


def _automation(arguments: list[str]) -> str:
    """Parsed by the real command line, which is not run."""
    if not arguments or arguments[0] == "COMMAND":  # the page speaks of the program as a whole
        return ""
    name, *rest = arguments
    if name not in _commands():
        return f"automation has no command {name}"
    if rest == ["--help"]:
        return ""
    try:
        _commands()[name].make_context(name, rest)
    except Exception as error:  # whatever the parser raises is what a user would be told
        return f"{name}: {error}"
    return ""


@cache
def _commands() -> dict[str, Any]:
    from automation.cli import app

    group: Any = typer.main.get_command(app)
    return dict(group.commands)


@cache
def _targets() -> frozenset[str]:
    return frozenset(re.findall(r"^([a-z-]+):", (PROGRAM / "Makefile").read_text(encoding="utf-8"), re.M))
