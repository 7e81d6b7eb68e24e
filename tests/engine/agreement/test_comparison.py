"""The comparison itself bites: a difference is named, an order that is not kept is told, a row explains one thing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from tests.engine.agreement import cases
from tests.engine.agreement.journal import Journal, Journaling
from tests.engine.agreement.known import KNOWN, explanations, find_stale, unexplained


def _fail() -> None:
    raise ZeroDivisionError


def journal_of(*calls: tuple[str, str], failing: tuple[str, str] | None = None) -> Journal:
    """One after the other."""
    journal = Journal()
    for call in calls:
        with suppress(ZeroDivisionError):
            journal.note(*call, _fail if call == failing else lambda: None)
    return journal


def test_what_one_engine_alone_says_or_says_otherwise_is_named() -> None:
    offline = {"change a": "create", "calls a create": 1, "state a outputs.id": "1"}
    real = {"change a": "update", "calls a create": 1, "order a": "create first"}
    assert unexplained(offline, real) == {
        "change a": ("create", "update"),
        "order a": (None, "create first"),
        "state a outputs.id": ("1", None),
    }


@pytest.mark.parametrize(
    ("name", "offline", "real", "row"),
    [
        ("differences a", None, ["x: not set -> not set (replaces)"], "reason of a replacement that follows another"),
        ("message a", "it failed", "1 error occurred:\n\t* it failed", "list of errors"),
        ("message ", "the program failed: no", "Traceback ...: no", "trace of an error"),
        ("output a", 1, None, "outputs after a refusal"),
        ("differences a", None, ['x: 1 -> 2 (replaces)'], None),
        ("differences a", ["x: 1 -> 2"], ["x: not set -> not set (replaces)"], None),
        ("message a", "it failed", "1 error occurred:\n\t* it failed otherwise", None),
        ("message ", "the program failed: no", "Traceback ...: yes", None),
        ("message ", "no", "Traceback ...: no", None),
        ("output a", 1, 2, None),
        ("state a outputs.x", 1, None, None),
    ],
)  # fmt: skip
def test_a_row_explains_one_thing_and_nothing_beside_it(name: str, offline: Any, real: Any, row: str | None) -> None:
    assert explanations(name, offline, real) == ([row] if row else [])
    assert row is None or row in KNOWN


def test_a_row_that_explains_nothing_where_it_was_seen_is_stale() -> None:
    differing = {"message a": "it failed"}, {"message a": "1 error occurred:\n\t* it failed"}
    assert find_stale("dev", "a_failed_create", [differing]) == set()
    assert find_stale("dev", "a_failed_create", [(differing[0], differing[0])]) == {"list of errors"}
    assert find_stale("prod", "a_failed_create", []) == set()


def test_every_row_says_a_case_that_is_tried() -> None:
    tried = {case.__name__ for case in (*cases.CHANGES, *cases.FAILURES, cases.a_failed_create)}
    assert {known.case for known in KNOWN.values()} <= tried
    assert {known.stack for known in KNOWN.values()} <= {"dev", "prod", "three-sites"}


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ([("create", "a"), ("create", "b")], []),
        ([("create", "b"), ("create", "a")], ["create b did not wait for create a"]),
        ([("delete", "b"), ("delete", "a")], []),
        ([("delete", "a"), ("delete", "b")], ["delete a did not wait for delete b"]),
    ],
)
def test_an_order_that_dependencies_do_not_allow_is_told(calls: list[tuple[str, str]], told: list[str]) -> None:
    b_needs_a = {"b": {"a"}}
    assert journal_of(*calls).out_of_order(b_needs_a, b_needs_a) == told


@pytest.mark.parametrize(
    ("calls", "failing", "told"),
    [
        ([("create", "a")], ("create", "a"), []),
        ([("create", "a"), ("create", "c")], ("create", "a"), []),
        ([("create", "a"), ("create", "b")], ("create", "b"), []),
        ([("create", "a"), ("create", "b")], ("create", "a"), ["create b did not wait for create a, which failed"]),
        ([("update", "a"), ("update", "b")], ("update", "a"), ["update b did not wait for update a, which failed"]),
        ([("create", "b"), ("create", "a")], ("create", "a"), ["create b did not wait for create a, which failed"]),
        ([("delete", "b"), ("delete", "a")], ("delete", "b"), ["delete a did not wait for delete b, which failed"]),
    ],
)
def test_what_begins_after_a_failed_call_that_it_needs_is_told(
    calls: list[tuple[str, str]], failing: tuple[str, str], told: list[str]
) -> None:
    b_needs_a = {"b": {"a"}}
    assert journal_of(*calls, failing=failing).out_of_order(b_needs_a, b_needs_a) == told


def test_of_a_replacement_it_is_told_what_came_first() -> None:
    assert dict(journal_of(("delete", "a"), ("create", "a"), ("create", "b")).replacements()) == {"a": "delete first"}


def test_a_preview_is_not_noted() -> None:
    class Provider:
        def create(self, urn: str, *, preview: bool) -> str:
            return f"{urn} {preview}"

    journal, provider = Journal(), Provider()
    watched = Journaling(provider, journal)  # type: ignore[arg-type]  # the part that is called
    assert watched.create("a", preview=True) == "a True"
    assert not journal.calls
    assert watched.create("a", preview=False) == "a False"
    assert journal.counts() == {("create", "a"): 1}
