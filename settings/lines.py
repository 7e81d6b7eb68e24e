"""Where in its stack file a setting stands, so that a problem or an origin can be looked up there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import yaml

from settings.errors import NOTHING, Problem
from settings.paths import Path, above, dotted

_NOT_WRITTEN = "not in the file: this is the default"


@dataclass(frozen=True)
class Lines:
    """The lines of one stack file; `Lines()` for settings that come from no file."""

    file: str = ""
    """As seen from the project's folder."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """Dotted path -> line, from 1; the empty path is that of all settings."""

    def at(self, path: str) -> str:
        """Return `Pulumi.dev.yaml:17`: the line of the setting, or of the nearest section above that the file has."""
        while path and path not in self.numbers:
            path = above(path)
        return f"{self.file}:{self.numbers[path]}" if path in self.numbers else self.file

    def located(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return the problems with their lines, and a word about values that the file does not hold."""
        problems = list(problems)
        instead = {problem.meant: problem for problem in problems if problem.meant}
        return [self._located(problem, instead.get(problem.where)) for problem in problems]

    def _located(self, problem: Problem, instead: Problem | None) -> Problem:
        """Return the problem with its line; `instead` is an unknown key that was probably meant to be this one."""
        if instead and problem.given is NOTHING:
            hint = f"the file has {instead.given} in line {self.numbers.get(instead.where, '?')}"
            return replace(problem, at=self.at(problem.where), hint=hint)
        unwritten = self.numbers and problem.where not in self.numbers and problem.given is not NOTHING
        hint = problem.hint or (_NOT_WRITTEN if unwritten else "")
        return replace(problem, at=self.at(problem.where), hint=hint)


def lines_of(text: str, file: str, settings_key: str) -> Lines:
    """Return the lines of a stack file's text, below `config` and below our key; raise `yaml.YAMLError`."""
    numbers: dict[str, int] = {}
    for path, line in _places(yaml.compose(text, yaml.SafeLoader)):
        if path[:2] == ("config", settings_key):
            numbers[dotted(path[2:])] = line
        elif path[:1] == ("config",) and len(path) < 3:
            numbers.setdefault(dotted(path), line)
    return Lines(file, numbers)


def _places(node: yaml.Node | None, path: Path = ()) -> Iterator[tuple[Path, int]]:
    """Yield every key and every item of a list, with its line."""
    items: Iterable[tuple[str | int, yaml.Node, yaml.Node]] = ()
    if isinstance(node, yaml.MappingNode):
        items = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        items = [(index, item, item) for index, item in enumerate(node.value)]
    for step, shown, inner in items:
        yield (*path, step), shown.start_mark.line + 1
        yield from _places(inner, (*path, step))
