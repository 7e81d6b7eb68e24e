"""Says what is wrong with a command in a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import typer.main

from tests.conftest import PROGRAM
from tests.docs.known_commands import AZ, AZ_EVERYWHERE, KUBECTL, PULUMI, WITHOUT_TABLE, wrong_use
from tests.docs.shell import commands_in


def problems_in(line: str) -> list[str]:
    """What is wrong with a line of shell; empty if it could be typed as it is."""
    try:
        return [problem for words in commands_in(line) if (problem := _problem(words))]
    except ValueError as error:
        return [str(error)]


def _problem(words: Sequence[str]) -> str:
    program, rest = words[0], list(words[1:])
    match program:
        case "make":
            return ", ".join(
                f"no target {word} in Makefile" for word in rest if "=" not in word and word not in _targets()
            )
        case "az":
            return wrong_use(AZ, rest, AZ_EVERYWHERE)
        case "pulumi":
            return wrong_use(PULUMI, rest)
        case "kubectl":
            return wrong_use(KUBECTL, rest)
        case "python" | ".venv/bin/python":
            return _python(rest)
    return "" if program in WITHOUT_TABLE else f"{program} is no program that the pages use"


def _python(words: list[str]) -> str:
    match words:
        case ["-m", "automation", *arguments]:
            return _automation(arguments)
        case ["-m", "pytest", *arguments]:
            return ", ".join(f"no {word}" for word in _missing_paths(arguments))
        case ["-m", module, *_]:
            file = PROGRAM / module.replace(".", "/")
            return "" if file.with_suffix(".py").is_file() or file.is_dir() else f"no module {module}"
    return f"python {' '.join(words)} is not -m of a module"


def _missing_paths(arguments: list[str]) -> Iterator[str]:
    return (word for word in arguments if "/" in word and not (PROGRAM / word).exists())


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
