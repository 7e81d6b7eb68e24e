"""What a user is told about mistakes in the settings: all of them at once, one uniform form, never a traceback."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import yaml


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


NOTHING: Final = _Nothing()
"""The `given` of a setting that is missing."""

_LONGEST_SHOWN = 100


@dataclass(frozen=True)
class Problem:
    """One mistake: where it is, what was found there, and what to write instead."""

    where: str
    """Dotted path below `edge-stamps:settings`, as in `clusters.site.address_space` or `links[0].to`."""
    given: Any
    expected: str
    example: str
    """One valid value, as one would write it in YAML."""
    hint: str = ""
    at: str = ""
    """File and line, as in `Pulumi.dev.yaml:17`; empty for settings that come from no file."""
    rule: str = ""
    """Id of the broken rule over several settings (docs/rules.md); empty for a value that is wrong by itself."""
    meant: str = ""
    """Path of the key that an unknown key was probably meant to be."""

    def __str__(self) -> str:
        rows = {
            "given": as_yaml(self.given),
            "expected": self.expected,
            "example": self.example,
            "hint": self.hint,
            "rule": self.rule and f"{self.rule} (docs/rules.md)",
        }
        lines = [f"    {label + ':':<9} {text}" for label, text in rows.items() if text]
        return "\n".join([f"  {self.where}{f' ({self.at})' if self.at else ''}", *lines])


class NamingError(Exception):
    """The program composes a name that Azure refuses whatever the settings say: the text says where."""


class TableError(Exception):
    """A table of the program has no row for what another one names: the text says where."""


class SettingsError(Exception):
    """The settings cannot be used; `problems` holds every reason, `str()` lists them."""

    def __init__(self, problems: Iterable[Problem], source: str = "the settings") -> None:
        self.problems = tuple(map(_without_keys, problems))
        self.source = source
        super().__init__(str(self))

    def __str__(self) -> str:
        count = len(self.problems)
        heading = f"{count} problem{'' if count == 1 else 's'} in {self.source}:"
        return "\n\n".join([heading, *map(str, self.problems)])


def _without_keys(problem: Problem) -> Problem:
    """Return the problem without any private key that somebody put into the file by mistake."""
    told = {name: getattr(problem, name) for name in ("where", "given", "expected", "example", "hint")}
    hidden = {name: "(a private key, not shown)" for name, value in told.items() if "PRIVATE KEY" in str(value)}
    return replace(problem, **hidden)


def as_yaml(value: object) -> str:
    """Return the value on one line as in YAML, so that the text 001 and the number 1 look different."""
    if value is NOTHING:
        return "nothing"
    try:
        text = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), sort_keys=False, allow_unicode=True)
    except yaml.YAMLError:
        text = str(value)
    text = " ".join(text.removesuffix("...\n").split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}... ({len(text)} characters)"
