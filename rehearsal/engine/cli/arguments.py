"""The command lines that the Automation API composes, as far as the offline engine serves them.

What is not in the table is refused by name (pulumi/pulumi, sdk/python/lib/pulumi/automation, `_stack.py`,
`_local_workspace.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rehearsal.engine.result import UnsupportedError
from settings.stack_file import plain_name

_VALUE, _SWITCH = True, False
"""Whether a flag is followed by a value."""

_EVERYWHERE = {"--stack": _VALUE, "--non-interactive": _SWITCH, "--color": _VALUE}
_OPERATION = {
    "--yes": _SWITCH,
    "--skip-preview": _SWITCH,
    "--parallel": _VALUE,
    "--message": _VALUE,
    "--exec-kind": _VALUE,
    "--event-log": _VALUE,
    "--suppress-outputs": _SWITCH,
    "--suppress-progress": _SWITCH,
}
COMMANDS: Mapping[tuple[str, ...], Mapping[str, bool]] = {
    ("up",): {**_OPERATION, "--continue-on-error": _SWITCH, "--replace": _VALUE, "--expect-no-changes": _SWITCH},
    ("preview",): {**_OPERATION, "--replace": _VALUE, "--expect-no-changes": _SWITCH},
    ("refresh",): {**_OPERATION, "--expect-no-changes": _SWITCH, "--preview-only": _SWITCH},
    ("destroy",): {**_OPERATION, "--continue-on-error": _SWITCH, "--preview-only": _SWITCH},
    ("cancel",): {"--yes": _SWITCH},
    ("config",): {"--json": _SWITCH, "--show-secrets": _SWITCH},
    ("stack", "init"): {},
    ("stack", "select"): {},
    ("stack", "ls"): {"--json": _SWITCH, "--all": _SWITCH},
    ("stack", "rm"): {"--yes": _SWITCH, "--force": _SWITCH, "--preserve-config": _SWITCH},
    ("stack", "export"): {"--show-secrets": _SWITCH},
    ("stack", "import"): {"--file": _VALUE},
    ("stack", "output"): {"--json": _SWITCH, "--show-secrets": _SWITCH},
    ("stack", "history"): {"--json": _SWITCH, "--show-secrets": _SWITCH, "--page-size": _VALUE, "--page": _VALUE},
}
"""Command -> flags that it takes."""
_NAMING = (("stack", "init"), ("stack", "select"), ("stack", "rm"))
"""Commands that take the name of a stack as a word; no other takes any."""


@dataclass
class Arguments:
    """One command line."""

    command: tuple[str, ...]
    words: list[str] = field(default_factory=list)
    """What stands without a flag, e.g. the name of the stack in `stack init dev`."""
    flags: dict[str, list[str]] = field(default_factory=dict)
    """Flag -> its values; a switch has an empty list."""

    def has(self, flag: str) -> bool:
        return flag in self.flags

    def value(self, flag: str, default: str = "") -> str:
        """Return the last value of the flag."""
        return self.flags[flag][-1] if self.flags.get(flag) else default

    @property
    def stack(self) -> str:
        """The stack's plain name; organization and project in front of it are left out."""
        return plain_name(self.value("--stack") or next(iter(self.words), ""))


def parse(arguments: Sequence[str]) -> Arguments:
    """Read a command line.

    Raises:
        UnsupportedError: the command, or one of its flags, is not served.
    """
    words = [word for word in arguments if word != "--non-interactive"]
    command = next((known for known in COMMANDS if tuple(words[: len(known)]) == known), None)
    # `config get` and `stack tag` are commands of their own, not words of `config` or `stack`.
    if command is None or (command == ("config",) and len(words) > 1 and not words[1].startswith("-")):
        raise UnsupportedError("this command", f"pulumi {' '.join(words[:2])}")
    taken = {**_EVERYWHERE, **COMMANDS[command]}
    parsed = Arguments(command)
    rest = iter(words[len(command) :])
    for word in rest:
        flag, separator, value = word.partition("=")
        if not word.startswith("-"):
            parsed.words.append(word)
        elif flag not in taken or (separator and not taken[flag]):
            raise UnsupportedError(f"the flag {flag if flag not in taken else word}", f"pulumi {' '.join(command)}")
        else:
            values = parsed.flags.setdefault(flag, [])
            if taken[flag]:
                values.append(value if separator else next(rest, ""))
    if len(parsed.words) > (1 if command in _NAMING else 0):
        raise UnsupportedError(f"the argument {parsed.words[-1]}", f"pulumi {' '.join(command)}")
    return parsed
