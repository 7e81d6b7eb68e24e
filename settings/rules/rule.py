"""A rule over several settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from settings.errors import Problem
from settings.schema import StackSection

EXAMPLE_OF_WHAT_IS_FREE = ""
"""`examples.fitting` puts the example in, once all problems are known: two clusters must not be told the same."""


@dataclass(frozen=True)
class Rule:
    """One rule over several settings; a rule over one value alone stands with its field in `fields`."""

    id: str
    title: str
    """What must hold."""
    source: str
    check: Callable[[StackSection], Iterable[Problem]]
