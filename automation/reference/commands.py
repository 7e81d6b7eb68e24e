"""The page about the commands, read from the commands themselves, so that it says what `--help` says."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from automation.cli import GROUPS, app
from automation.commands.result import EXIT_CODES
from automation.deployment.progress import OUTCOMES
from automation.doctor import CHECKS
from automation.reference.pages import render


@dataclass(frozen=True)
class _Command:
    name: str
    group: str
    help: str
    options: list[tuple[str, str, str]]
    """(option, default, meaning)."""

    @property
    def summary(self) -> str:
        return self.help.split("\n")[0]


def render_commands() -> str:
    """Return docs/commands.md."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    commands = [_read(name, one) for name, one in group.commands.items() if isinstance(one, TyperCommand)]
    groups = {name: [one for one in commands if one.group == name] for name in GROUPS}
    return render(
        "commands.md",
        groups={name: members for name, members in groups.items() if members},
        commands=commands,
        exit_codes=EXIT_CODES,
        outcomes=OUTCOMES,
        checks=CHECKS,
    )


def _read(name: str, command: TyperCommand) -> _Command:
    group = str(getattr(command, "rich_help_panel", ""))
    return _Command(name, group, inspect.cleandoc(command.help or ""), list(_read_options(command)))


def _read_options(command: TyperCommand) -> Iterator[tuple[str, str, str]]:
    for parameter in command.params:
        assert isinstance(parameter, TyperArgument | TyperOption)
        is_flag = isinstance(parameter, TyperOption) and parameter.is_flag
        names = [] if isinstance(parameter, TyperArgument) else parameter.opts
        usage = " ".join([*names, *([] if is_flag else [parameter.metavar or ""])])
        default = "" if is_flag or parameter.default in (None, "") else f"`{parameter.default}`"
        yield f"`{usage}`", default, (parameter.help or "").replace("|", "\\|")
