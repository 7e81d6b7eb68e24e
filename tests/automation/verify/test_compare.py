"""What counts as a difference between what was sent and what Azure answers, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from automation.verify.compare import differences

_ID = "/subscriptions/S/resourceGroups/G/providers/Microsoft.X/y/Z"


def paths(expected: Any, seen: Any, *, exact: bool = False) -> list[str]:
    return [one.path for one in differences(expected, seen, exact=exact)]


@pytest.mark.parametrize(
    ("expected", "seen"),
    [
        ({"a": 1}, {"a": 1, "azure": "says more"}),
        ({"a": None, "b": "", "c": {}, "d": []}, {}),
        ({"id": _ID}, {"id": _ID.lower()}),
        ({_ID: {"a": 1}}, {_ID.lower(): {"a": 1}}),
        ({"location": "eastus2"}, {"location": "East US 2"}),
        ({"topics": ["b", "a"]}, {"topics": ["a", "b"]}),
        ([{"name": "a", "x": 1}, {"name": "b", "x": 2}], [{"name": "b", "x": 2}, {"name": "a", "x": 1}]),
    ],
)
def test_what_azure_writes_in_its_own_way_is_no_difference(expected: Any, seen: Any) -> None:
    assert paths(expected, seen) == []


@pytest.mark.parametrize(
    ("expected", "seen", "path"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b"),
        ({"a": False}, {}, "a"),
        ({"a": 0}, {"a": False}, "a"),
        ({"topic": "Input"}, {"topic": "input"}, "topic"),
        ({"list": [1]}, {"list": [1, 2]}, "list"),
        ({"list": [{"a": 1}]}, {"list": [{"a": 2}]}, "list.0.a"),
        ([{"name": "a"}], [{"name": "a"}, {"name": "more"}], "more"),
        ([{"targetKey": "a"}, {"targetKey": "b"}], [{"targetKey": "a"}], "b"),
        ([{"name": "a"}], None, "a"),
        ({"a": {"b": 1}}, {"a": None}, "a"),
    ],
)
def test_another_value_is_one(expected: Any, seen: Any, path: str) -> None:
    assert paths(expected, seen) == [path]


def test_more_than_was_sent_counts_where_it_is_to_be_exact() -> None:
    seen = {"a": {"b": 1, "more": 2, "empty": ""}}
    assert paths({"a": {"b": 1}}, seen) == []
    assert paths({"a": {"b": 1}}, seen, exact=True) == ["a.more"]
