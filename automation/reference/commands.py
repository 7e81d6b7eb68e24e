"""The page about the commands, docs/commands.md: `python -m automation.reference.commands` prints it.

Everything is read from the commands themselves, so that page and `--help` say the same.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from automation.cli import GROUPS, app
from automation.commands.result import EXIT_CODES
from automation.deployment.progress import OUTCOMES
from automation.doctor import CHECKS
from automation.reference.pages import serve, table

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"

_INTRODUCTION = """\
# Commands

Written by `make docs` from the commands themselves. Change `automation/cli.py`, not this page.

`.venv/bin/python -m automation COMMAND`; `--help` after a command says what is here. Every command takes
`--stack NAME` (default `dev`) and reads `Pulumi.<stack>.yaml`.

"""

_STREAMS = """
## What goes where

Results go to standard output, progress and errors to standard error. At the end stands one line that begins with
`Next:`, where there is a next step. On a terminal there are colours (not with `NO_COLOR`) and a bar; elsewhere there is
plain ASCII, a line per change, and once a minute how far it is. Names are never cut.

With `--json` one document is all that goes to standard output, however the command ends;
[commands.schema.json](commands.schema.json) is its contract. It holds no secret.

## Exit codes

"""

_OUTCOMES = """
## Outcomes

What has become of a resource (`outcomes` in the document), and of a command (`outcome`):

"""
_CHECKS_INTRODUCTION = """\
The checks, in the order in which to fix what they find. A check is not run while one that it needs has failed; a
warning blocks nothing. Deny assignments, Azure Policy and the capacity of a datacentre are not seen.

"""


def page() -> str:
    """The whole page."""
    commands = _commands()
    overview = "".join(
        f"**{group}**\n\n{table(('command', 'what it does'), rows)}\n"
        for group in GROUPS
        if (rows := [(f"[`{name}`](#{name})", _first(one)) for name, one in commands if _group(one) == group])
    )
    codes = table(("code", "meaning"), ((str(code), meaning) for code, meaning in EXIT_CODES.items()))
    outcomes = table(("outcome", "meaning"), ((f"`{name}`", meaning) for name, meaning in OUTCOMES.items()))
    each = "".join(_section(name, one) for name, one in commands)
    return f"{_INTRODUCTION}{overview.rstrip()}\n{_STREAMS}{codes}{_OUTCOMES}{outcomes}{each}"


def _commands() -> list[tuple[str, TyperCommand]]:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return [(name, one) for name, one in group.commands.items() if isinstance(one, TyperCommand)]


def _group(command: TyperCommand) -> str:
    return str(getattr(command, "rich_help_panel", ""))


def _first(command: TyperCommand) -> str:
    return inspect.cleandoc(command.help or "").split("\n")[0]


def _section(name: str, command: TyperCommand) -> str:
    options = table(("option", "default", "meaning"), _options(command))
    checks = f"\n{_CHECKS_INTRODUCTION}{_checks()}" if name == "doctor" else ""
    return f"\n## {name}\n\n{inspect.cleandoc(command.help or '')}\n\n{options}{checks}"


def _checks() -> str:
    rows = ((check.id, f"{check.title}: {check.expected}", check.remedy) for check in CHECKS)
    return table(("check", "what is checked", "how to fix it"), rows)


def _options(command: TyperCommand) -> Iterator[tuple[str, str, str]]:
    for parameter in command.params:
        assert isinstance(parameter, TyperArgument | TyperOption)
        is_flag = isinstance(parameter, TyperOption) and parameter.is_flag
        names = [] if isinstance(parameter, TyperArgument) else parameter.opts
        how = " ".join([*names, *([] if is_flag else [parameter.metavar or ""])])
        default = "" if is_flag or parameter.default in (None, "") else f"`{parameter.default}`"
        yield f"`{how}`", default, (parameter.help or "").replace("|", "\\|")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print, write or check the page."""
    return serve(page, PAGE, arguments)


if __name__ == "__main__":
    sys.exit(main())
