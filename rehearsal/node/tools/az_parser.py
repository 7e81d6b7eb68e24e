"""Read az's command line with argparse, as az itself does, and refuse in az's words.

Azure/azure-cli, azure/cli/core/parser.py, AzCliCommandParser: `error` and `_check_value`; exit code 2.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import cache
from typing import Any, NoReturn

from rehearsal.node.tools.az_table import CHOICES, COMMANDS, GLOBAL, NO_SUBSCRIPTION, UNMODELLED
from rehearsal.node.tools.refusal import RefusalError

EXTENSION_REFERENCE = (
    "If the command is from an extension, please make sure the corresponding extension is installed. To learn more"
    " about extensions, please visit 'https://docs.microsoft.com/cli/azure/azure-cli-extensions-overview'"
)


def refuse(text: str, code: int = 1) -> RefusalError:
    """Return an error as az's log writes it; 2 is for a command line that it does not take."""
    return RefusalError(code, f"ERROR: {text}", is_unknown=code == 2)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise refuse(message, 2)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            parameter = action.option_strings[0] if action.option_strings else action.dest
            allowed = ", ".join(str(each) for each in action.choices)
            raise refuse(
                f"{self.prog}: '{value}' is not a valid value for '{parameter}'. Allowed values: {allowed}.", 2
            )


def read_command(arguments: Sequence[str], has_extension: bool, dynamic_install: str) -> tuple[str, dict[str, Any]]:
    """Return the command and its arguments by their first spelling.

    Raises:
        RefusalError: az does not take the line.
        ValueError: az has the command or the argument, and the model does not answer it.
    """
    known = [name for name in (*COMMANDS, *UNMODELLED) if has_extension or not name.startswith("connectedk8s")]
    command, rest = _find_command(arguments, known, dynamic_install)
    if command in UNMODELLED:
        raise ValueError(f"az {command}: the model does not answer it; extend az_table.py")
    found = vars(_make_parser(command).parse_args(rest))
    for line in COMMANDS[command]:
        if line.endswith(" ~") and found[(flag := line.split()[0])]:
            raise ValueError(f"az {command}: the model does not know {flag}; extend az_table.py")
    return command, found


def _find_command(arguments: Sequence[str], known: Sequence[str], dynamic_install: str) -> tuple[str, list[str]]:
    """Walk az's groups as its sub-parsers do: options come after the command."""
    path: list[str] = []
    for place, word in enumerate(arguments):
        tried = [*path, word]
        if " ".join(tried) in known:
            return " ".join(tried), list(arguments[place + 1 :])
        if not any(name.split()[: len(tried)] == tried for name in known):
            break
        path = tried
    else:
        raise refuse("the following arguments are required: " + ("_subcommand" if path else "_command_package"), 2)
    if word.startswith("-"):
        raise refuse("the following arguments are required: " + ("_subcommand" if path else "_command_package"), 2)
    if word == "connectedk8s" and dynamic_install != "no":  # parser.py, _check_value, NoTTYException
        raise refuse(
            "The command requires the extension connectedk8s. Unable to prompt for extension install confirmation as"
            " no tty available. Run 'az config set extension.use_dynamic_install=yes_without_prompt' to allow"
            " installing extensions without prompt.",
            2,
        )
    text = f"'{word}' is misspelled or not recognized by the system."
    raise refuse(text if path else f"{text}\n{EXTENSION_REFERENCE}", 2)


@cache
def _make_parser(command: str) -> _Parser:
    parser = _Parser(prog=f"az {command}", add_help=False)
    inherited = [line for line in GLOBAL if not (command in NO_SUBSCRIPTION and line == "--subscription")]
    for line in (*COMMANDS[command], *inherited):
        words = line.split()
        names = [word for word in words if word.startswith("-")]
        options: dict[str, Any] = {"dest": names[0], "required": "*" in words}
        if "!" in words:
            options = {"dest": names[0], "action": "store_true"}
        elif "?" in words:
            options |= {"nargs": "?", "const": "true", "choices": ("true", "false"), "type": str.lower}
        elif "+" in words:
            options |= {"nargs": "+"}
        if names[0] in CHOICES:
            options |= {"choices": CHOICES[names[0]], "type": str.lower}
        parser.add_argument(*names, **options)
    return parser
