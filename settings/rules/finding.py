"""What a rule says: a problem, and which settings it looked at to find it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from settings.errors import Problem
from settings.schema import StackInput

EXAMPLE_OF_WHAT_IS_FREE = ""
"""`examples.fitting` puts the example in, once all problems are known: two clusters must not be told the same."""


class Finding(NamedTuple):
    """One problem that a rule has found."""

    problem: Problem
    uses: tuple[str, ...]
    """Paths of the settings behind it; when one of them is itself broken, the finding is dropped."""


@dataclass(frozen=True)
class Rule:
    """One rule over several settings; a rule over one value alone stands with its field in `fields`."""

    id: str
    title: str
    """What must hold."""
    source: str
    check: Callable[[StackInput], Iterable[Finding]]
