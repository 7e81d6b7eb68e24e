"""In what the two engines are known to differ: a table with one row for each difference, and why it may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.engine.agreement.compare import Facts, differing


@dataclass(frozen=True)
class Known:
    """A difference that has an explanation."""

    facts: str
    """Pattern of the names of the facts that differ."""
    explains: Callable[[Any, Any], bool]
    """Whether the two values, of the offline engine and of the real one, differ in just this."""
    why: str
    stack: str
    case: str
    """Where it is seen: there a row that explains nothing is stale."""
    is_race: bool = False
    """Seen in some runs only, as the real engine ends what is at work: then the row is never stale."""


def _only_reasons_of_replacement(offline: Any, real: Any) -> bool:
    return offline is None and all(each.endswith(": not set -> not set (replaces)") for each in real)


def _is_listed(offline: Any, real: Any) -> bool:
    return bool(real == f"1 error occurred:\n\t* {offline}\n\n".strip())


def _is_told_with_its_trace(offline: Any, real: Any) -> bool:
    error = str(offline).removeprefix("the program failed: ")
    return error != offline and "Traceback" in str(real) and error in str(real)


def _is_absent(_: Any, real: Any) -> bool:
    return real is None


KNOWN: Mapping[str, Known] = {
    "reason of a replacement that follows another": Known(
        r"differences ",
        _only_reasons_of_replacement,
        "of what is replaced because something is that it needs, the real engine names the inputs that come from there",
        "prod",
        "another_broker",
    ),
    "list of errors": Known(
        r"message ",
        _is_listed,
        "what Azure has accepted and not finished is told by the real engine as a list, although of one error",
        "dev",
        "a_failed_create",
    ),
    "trace of an error": Known(
        r"message $",
        _is_told_with_its_trace,
        "of an error of the program the real engine tells the whole traceback",
        "dev",
        "an_error_of_the_program",
    ),
    "outputs after a refusal": Known(
        r"output ",
        _is_absent,
        "when protection ends an operation before the program has, the offline engine tells the outputs of before",
        "prod",
        "another_broker",
        is_race=True,
    ),
}
"""Name -> the difference."""


def unexplained(offline: Facts, real: Facts) -> dict[str, tuple[Any, Any]]:
    """Return the facts in which the engines differ as no row of the table says."""
    return {name: values for name, values in differing(offline, real).items() if not explanations(name, *values)}


def explanations(name: str, offline: Any, real: Any) -> list[str]:
    """Return the names of the rows that explain this difference."""
    return [row for row, known in KNOWN.items() if re.match(known.facts, name) and known.explains(offline, real)]


def find_stale(stack: str, case: str, observed: Iterable[tuple[Facts, Facts]]) -> set[str]:
    """Return the rows that explain nothing where they say that they are seen."""
    used = {
        row
        for offline, real in observed
        for name, values in differing(offline, real).items()
        for row in explanations(name, *values)
    }
    here = {row for row, known in KNOWN.items() if (known.stack, known.case) == (stack, case) and not known.is_race}
    return here - used
