"""The page about the commands, read from the commands themselves, so that it says what `--help` says."""

from __future__ import annotations

from collections.abc import Iterator

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from automation.cli import app
from automation.commands.options import GROUPS
from automation.commands.result import EXIT_CODES
from automation.deployment.progress import OUTCOMES
from automation.doctor import CHECKS
from automation.reference.pages import render


def render_commands() -> str:
    """Return docs/commands.md."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    commands = list(group.commands.values())
    return render(
        "commands.md",
        groups={name: [one for one in commands if getattr(one, "rich_help_panel", "") == name] for name in GROUPS},
        commands=commands,
        read_options=_read_options,
        exit_codes=EXIT_CODES,
        outcomes=OUTCOMES,
        checks=CHECKS,
    )


def _read_options(command: TyperCommand) -> Iterator[tuple[str, str, str]]:
    for parameter in command.params:
        assert isinstance(parameter, TyperArgument | TyperOption)
        is_flag = isinstance(parameter, TyperOption) and parameter.is_flag
        names = [] if isinstance(parameter, TyperArgument) else parameter.opts
        usage = " ".join([*names, *([] if is_flag else [parameter.metavar or ""])])
        default = "" if is_flag or parameter.default in (None, "") else f"`{parameter.default}`"
        yield f"`{usage}`", default, (parameter.help or "").replace("|", "\\|")
