"""Takes a line of shell apart, as far as the pages use it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
_SEPARATORS = "|;&"


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
            yield from _without_loops(command)
            command = []
        else:
            command.append(word)


def _without_loops(command: list[str]) -> Iterator[list[str]]:
    rest = command[1:] if command[:1] == ["do"] else command
    if rest and rest[0] not in ("for", "done"):
        yield rest
