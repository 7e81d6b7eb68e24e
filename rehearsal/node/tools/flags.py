"""Read a command line by a table of flags, and refuse what the table lacks in the words of the tool's own reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rehearsal.node.tools.refusal import RefusalError


@dataclass(frozen=True)
class Words:
    """How one reader of command lines refuses. `{option}` is the option as given, `{tool}` the tool."""

    unknown: str
    no_value: str
    surplus_value: str
    """For a value given to an option that takes none."""
    code: int
    unknown_letter: str = ""
    """For `-x`, where it differs; `{letter}` and `{group}` (the letters it was given with)."""


GNU = Words(  # getopt_long(3), glibc posix/getopt.c
    unknown="{tool}: unrecognized option '{option}'",
    no_value="{tool}: option '{option}' requires an argument",
    surplus_value="{tool}: option '{option}' doesn't allow an argument",
    code=1,
    unknown_letter="{tool}: invalid option -- '{letter}'",
)
PFLAG = Words(  # spf13/pflag, errors.go; kubectl adds the hint (kubernetes/kubectl, pkg/cmd/cmd.go, FlagErrorFunc)
    unknown="error: unknown flag: {option}\nSee '{tool} --help' for usage.",
    no_value="error: flag needs an argument: {option}\nSee '{tool} --help' for usage.",
    surplus_value='error: invalid argument "{value}" for "{option}" flag: strconv.ParseBool: parsing "{value}": invalid'
    " syntax\nSee '{tool} --help' for usage.",
    code=1,
    unknown_letter="error: unknown shorthand flag: '{letter}' in -{group}\nSee '{tool} --help' for usage.",
)


@dataclass(frozen=True)
class Table:
    """The flags of one command."""

    tool: str
    words: Words
    flags: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Spelling -> (first spelling, VALUE if a value follows, OPTIONAL if one may after `=`, else empty)."""
    lacking: frozenset[str] = frozenset()
    """First spellings of those whose effect the model lacks, and which it refuses therefore."""

    def with_flags(self, *lines: str) -> Table:
        """Add flags, one a line: every spelling, VALUE or OPTIONAL if it takes one, `~` if the model lacks its effect.

        What has neither that mark nor an effect in the model is harmless.
        """
        added, lacking = {}, set(self.lacking)
        for line in lines:
            words = line.removesuffix(" ~").split()
            kind = words.pop() if words[-1] in ("VALUE", "OPTIONAL") else ""
            added.update(dict.fromkeys(words, (words[0], kind)))
            lacking |= {words[0]} if line.endswith(" ~") else set()
        return replace(self, flags={**self.flags, **added}, lacking=frozenset(lacking))


@dataclass
class Line:
    """A command line that was read."""

    values: dict[str, list[str]] = field(default_factory=dict)
    """First spelling of a flag -> its values, in order; `true` for one without."""
    words: list[str] = field(default_factory=list)
    """All else."""

    def has(self, flag: str) -> bool:
        return self.values.get(flag, ["false"])[-1] != "false"

    def last(self, flag: str, default: str = "") -> str:
        return self.values.get(flag, [default])[-1]


def names(text: str) -> tuple[str, ...]:
    """Return the words of a table that is written as one text."""
    return tuple(text.split())


def read_line(table: Table, arguments: Sequence[str]) -> Line:
    """Read a command line, flags and words mixed as getopt and pflag take them.

    Raises:
        RefusalError: an unknown flag, one without its value, or with one that it does not take.
        ValueError: a flag whose effect the model lacks.
    """
    line, rest = Line(), iter(arguments)
    for argument in rest:
        if argument == "--":
            line.words += rest
        elif argument.startswith("--"):
            _read_long(table, argument, rest, line)
        elif argument.startswith("-") and argument != "-":
            _read_letters(table, argument[1:], rest, line)
        else:
            line.words.append(argument)
    if lacking := sorted(table.lacking & line.values.keys()):
        raise ValueError(f"{table.tool}: the model does not know {lacking[0]}; extend rehearsal/node/tools")
    return line


def _read_long(table: Table, argument: str, rest: Iterator[str], line: Line) -> None:
    option, equals, value = argument.partition("=")
    if option not in table.flags:
        raise _refuse(table, table.words.unknown, option=option if table.words is PFLAG else argument)
    name, kind = table.flags[option]
    if kind == "VALUE" and not equals:
        value = _next(table, option, rest)
    elif not kind and equals and (table.words is not PFLAG or value not in ("true", "false")):
        raise _refuse(table, table.words.surplus_value, option=option, value=value)
    line.values.setdefault(name, []).append(value if kind == "VALUE" or equals else "true")


def _read_letters(table: Table, letters: str, rest: Iterator[str], line: Line) -> None:
    for place, letter in enumerate(letters):
        if f"-{letter}" not in table.flags:
            text = table.words.unknown_letter or table.words.unknown
            raise _refuse(table, text, option=f"-{letters}", letter=letter, group=letters[place:])
        name, kind = table.flags[f"-{letter}"]
        values = line.values.setdefault(name, [])
        if kind == "VALUE":
            following = letters[place + 1 :].removeprefix("=")
            values.append(following or _next(table, f"-{letter}", rest))
            return
        values.append("true")


def _next(table: Table, option: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None:
        raise _refuse(table, table.words.no_value, option=option)
    return value


def _refuse(table: Table, text: str, **parts: str) -> RefusalError:
    return RefusalError(table.words.code, text.format(tool=table.tool, **parts), is_unknown=True)
