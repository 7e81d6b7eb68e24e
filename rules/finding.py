"""A rule over a deployment, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, ParamSpec

from rules.lookup import Hits

Judged = ParamSpec("Judged")


@dataclass(frozen=True)
class Finding:
    """One mistake. `resource` is a logical name; the message says what is wrong, where, and what to do."""

    rule: str
    resource: str
    message: str
    place: str = ""
    """File and line that registers the resource; empty where the finding is about no single one."""

    @property
    def where(self) -> str:
        """Return the resource, with its place where that is known."""
        return f"{self.resource} ({self.place})" if self.place else self.resource

    def __str__(self) -> str:
        return f"{self.rule} {self.resource}: {self.message}"


@dataclass(frozen=True)
class Rule(Generic[Judged]):
    """What a deployment must keep to."""

    id: str
    title: str
    source: str
    """Where the rule comes from: a public page, issue or standard; else the reason in a few words."""
    check: Callable[Judged, Hits]
