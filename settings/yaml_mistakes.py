"""What is wrong with a stack file that is no YAML, in plain words: the parser's own speak of tokens and blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import yaml

from settings.errors import Problem

_TAB = re.compile(r" *\t")
_NO_SPACE = re.compile(r"\s*(?:- )?(?P<key>[a-z_]+):(?P<value>[^\s:/].*)")
_OPENED = ("flow mapping", "flow sequence", "quoted scalar")
"""What PyYAML was reading when a brace, a bracket or a quote was not closed."""
_NOT_CLOSED = "a brace, a bracket or a quote opens here and is not closed, or a comma is missing"
_BACKSLASH = "a backslash stands in single quotes"
_INDENTED = ("mapping values are not allowed", "expected <block end>", "could not find expected ':'")
"""What PyYAML says of a line that begins in the wrong column."""


class _Stop(NamedTuple):
    """Where the parser gave up; lines are counted from 0."""

    lines: list[str]
    line: int
    column: int
    began: int
    """The line of what it was reading."""
    fault: str
    context: str

    @property
    def above(self) -> int:
        """The line above that holds more than a comment; the line itself where there is none."""
        filled = (
            number for number in range(self.line - 1, -1, -1) if self.lines[number].strip(" ")[:1] not in ("", "#")
        )
        return next(filled, self.line)


class _Answer(NamedTuple):
    line: int
    reason: str
    example: str
    hint: str = ""


def explained(text: str, file: str, broken: yaml.MarkedYAMLError) -> Problem:
    """Return the problem behind the parser's error; the parser may stumble only after the mistake."""
    lines = text.splitlines()
    mark = broken.problem_mark
    line, column = (min(mark.line, len(lines) - 1), mark.column) if mark else (0, 0)
    began = broken.context_mark.line if broken.context_mark else line
    stop = _Stop(lines, line, column, began, str(broken.problem), str(broken.context))
    unknown = _Answer(line, f"the parser says: {broken.problem}, in or just before this line", "key: value")
    answer = next((answer for look in _LOOKS if (answer := look(stop))), unknown)
    given, expected = lines[answer.line].strip(), f"valid YAML; {answer.reason}"
    return Problem(f"{file}:{answer.line + 1}", given, expected, answer.example or "key: value", answer.hint)


def _tab_or_no_space(stop: _Stop) -> _Answer | None:
    for number in range(stop.line, min(stop.began, stop.above) - 1, -1):
        line = stop.lines[number]
        if _TAB.match(line):
            return _Answer(number, "a tab indents this line, YAML takes spaces only", line.strip())
        if spaced(line):
            return _Answer(number, "a space is missing after the colon", spaced(line))
    return None


def _backslash(stop: _Stop) -> _Answer | None:
    example = stop.lines[stop.line].strip().replace('"', "'")
    return _Answer(stop.line, _BACKSLASH, example) if "escape character" in stop.fault else None


def _not_closed(stop: _Stop) -> _Answer | None:
    if any(word in stop.context for word in _OPENED):
        return _Answer(stop.began, _NOT_CLOSED, "{from: input, to: site/output}")
    if stop.lines[stop.line].lstrip().startswith("#"):  # A quote has ended at one in this comment.
        for number, line in enumerate(stop.lines[: stop.line]):
            if _leaves_a_quote_open(line):
                return _Answer(number, _NOT_CLOSED, "{from: input, to: site/output}")
    return None


def _no_quotes(stop: _Stop) -> _Answer | None:
    line = stop.lines[stop.line]
    if "cannot start any token" not in stop.fault and ": " not in line[: stop.column]:
        return None
    key, _, value = line.strip().partition(": ")
    return _Answer(stop.line, "such a value stands in quotes", f'{key}: "{value}"')


def _no_colon(stop: _Stop) -> _Answer | None:
    above = stop.lines[stop.above]
    # The key of all settings has a colon that does not end it.
    if ":" in above.removesuffix(":settings") or not any(word in stop.fault for word in _INDENTED):
        return None
    key, _, value = above.strip().partition(" ")
    return _Answer(stop.above, "a colon is missing after the key", f"{key}: {value}".strip())


def _indentation(stop: _Stop) -> _Answer | None:
    if not any(word in stop.fault for word in _INDENTED):
        return None
    here, there = (len(line) - len(line.lstrip(" -")) + 1 for line in (stop.lines[stop.line], stop.lines[stop.above]))
    return _Answer(
        stop.line,
        f"its indentation does not fit: it begins in column {here}, line {stop.above + 1} above in column {there}",
        stop.lines[stop.line].strip(),
        "the keys of a map begin in one column, and what is in one of them two columns further to the right",
    )


_LOOKS = (_tab_or_no_space, _backslash, _not_closed, _no_quotes, _no_colon, _indentation)
"""The first that finds its mistake is right; what the last ones look at may be a consequence of the others."""


def _leaves_a_quote_open(line: str) -> bool:
    text = line.partition(" #")[0]
    return not text.lstrip().startswith("#") and any(text.count(quote) % 2 for quote in "\"'")


def spaced(line: str) -> str:
    """Return a key and its value with the space that is missing after the colon; empty where none is missing."""
    found = _NO_SPACE.fullmatch(line)
    return f"{found['key']}: {found['value']}" if found else ""


_DEEPEST, _MOST_NODES = 50, 20_000
"""More than any stack file needs; a few lines of aliases can stand for billions of values."""


def find_excess(text: str, file: str) -> Problem | None:
    """Return what is nested too deeply, contains itself, or grows too large by its aliases; raises `yaml.YAMLError`."""
    opened: list[tuple[str | None, int]] = []
    """Of the maps and lists around: anchor, values so far."""
    sizes: dict[str | None, int] = {}
    """Anchor -> values that an alias of it stands for."""
    for event in yaml.parse(text, yaml.SafeLoader):
        fault = _fault(event, opened)
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, 0))
        elif isinstance(event, yaml.ScalarEvent | yaml.AliasEvent | yaml.CollectionEndEvent):
            anchor, inside = opened.pop() if isinstance(event, yaml.CollectionEndEvent) else (event.anchor, 0)
            size = sizes.get(anchor, 1) if isinstance(event, yaml.AliasEvent) else sizes.setdefault(anchor, inside + 1)
            size = size if anchor else inside + 1
            if opened:
                opened[-1] = (opened[-1][0], opened[-1][1] + size)
        if fault:
            line = event.start_mark.line if event.start_mark else 0
            return Problem(f"{file}:{line + 1}", text.splitlines()[line].strip(), f"valid YAML, {fault}", "key: value")
    return None


def _fault(event: yaml.Event, opened: Sequence[tuple[str | None, int]]) -> str:
    if len(opened) > _DEEPEST:
        return f"with at most {_DEEPEST} maps and lists in each other"
    if isinstance(event, yaml.AliasEvent) and any(anchor == event.anchor for anchor, _ in opened):
        return f"with an alias of something else than what it stands in (*{event.anchor})"
    if any(size > _MOST_NODES for _, size in opened):
        return f"with at most {_MOST_NODES:,} values, those of aliases counted"
    return ""


def repeated_key(text: str, file: str) -> Problem | None:
    """Return the first key that stands twice in a map, of which PyYAML keeps the last; raise `yaml.YAMLError`."""
    for key, line, first in _repeated(yaml.compose(text, yaml.SafeLoader)):
        given = text.splitlines()[line - 1].strip()
        expected = f"each key once in its map; {key} is in line {first} already"
        return Problem(f"{file}:{line}", given, expected, given, f"keep one of the two, in line {first} or here")
    return None


def _repeated(node: yaml.Node | None) -> Iterator[tuple[str, int, int]]:
    """Yield each repeated key, its line, and the line where it stood first."""
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                if key.value in lines:
                    yield key.value, line, lines[key.value]
                lines.setdefault(key.value, line)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item)
