"""Property paths as the engine reads them; the cases are those of its properties_path_test.go."""

from __future__ import annotations

from typing import Any

import pytest

from arm.values import Secret
from graph.property_paths import contains, parse, put_back


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("root", ("root",)),
        ("root.nested", ("root", "nested")),
        ('root["nested"]', ("root", "nested")),
        ('root["key with \\"quotes\\" and .dots"]', ("root", 'key with "quotes" and .dots')),
        ('["root"].array[0]', ("root", "array", 0)),
        ("root.array[*].name", ("root", "array", "*", "name")),
        ("root.*", ("root", "*")),
        ("#initerror", ("#initerror",)),
    ],
)
def test_a_path_is_read_as_the_engine_does(text: str, parts: tuple[str | int, ...]) -> None:
    assert parse(text) == parts


@pytest.mark.parametrize("text", ["root[", "root[a]", "root..nested", 'root["open'])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no property path"):
        parse(text)


@pytest.mark.parametrize(
    ("path", "other", "expected"),
    [
        ("a", "a", True),
        ("a", "a.b", True),
        ("a.b", "a", False),
        ("a[*].c", "a[3].c", True),
        ("a.*", "a.b.c", True),
        ("a[1]", "a[2]", False),
        ("*", "whatever", True),
    ],
)
def test_a_path_contains_what_lies_below_it(path: str, other: str, expected: bool) -> None:
    assert contains(parse(path), parse(other)) is expected


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("a", {"a": 1}, {"a": 2}, {"a": 1}),
        ("a", {}, {"a": 2}, {}),
        ("a", {"a": 1}, {}, {"a": 1}),
        ("a.b", {"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, {"a": {"b": 1, "c": 3}}),
        ("a.b", {}, {"a": {"b": 2, "c": 3}}, {"a": {"c": 3}}),
        ("a.b", {}, {}, {}),
        ("a.b", {"a": 1}, {"a": 2}, {"a": 2}),
        ("a[0]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [1, 4]}),
        ("a[5]", {"a": [1]}, {"a": [2]}, {"a": [2]}),
        ("a[*]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [1, 2]}),
        ("a.*", {"a": {"x": 1}}, {"a": {"x": 2, "y": 3}}, {"a": {"x": 1}}),
        ("a[*].b", {"a": [{"b": 1}]}, {"a": [{"b": 2, "c": 2}]}, {"a": [{"b": 1, "c": 2}]}),
        ("*", {"a": 1, "b": 2}, {"a": 3, "b": 4}, {"a": 1, "b": 2}),
        ("a.b", {"a": Secret({"b": 1})}, {"a": {"b": 2}}, {"a": {"b": Secret(1)}}),
        ("a.b.c", {"a": Secret({"b": {"c": 1}})}, {"a": {"b": {"c": 2}}}, {"a": {"b": {"c": Secret(1)}}}),
    ],
)
def test_the_old_value_is_put_back(path: str, old: dict[str, Any], new: dict[str, Any], expected: Any) -> None:
    before = repr(new)
    assert put_back(new, old, [path]) == (expected, [])
    assert repr(new) == before


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("a[1]", {"a": [1]}, {"a": [1, 2]}),
        ("a[1]", {"a": [1, 2]}, {"a": [1]}),
        ("a.b", {"a": {"b": 1}}, {"a": 2}),
        ("a.b", {"a": {"b": 1}}, {}),
        ("a[0].b", {"a": [{"b": 1}]}, {"a": 3}),
        ("a[*]", {"a": [1, 2]}, {"a": [3]}),
        ("a[*].b", {"a": 1}, {"a": [{"b": 1}]}),
    ],
)
def test_where_the_two_do_not_match_the_path_is_told(path: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert put_back(new, old, [path])[1] == [path]
