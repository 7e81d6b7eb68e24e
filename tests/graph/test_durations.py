"""Durations as Go reads them (https://pkg.go.dev/time#ParseDuration)."""

from __future__ import annotations

import pytest

from graph.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h30m", 5400), ("0", 0), ("-5s", -5), ("+5s", 5), ("1.5m", 90), ("5.s", 5), (".5s", 0.5), ("300ms", 0.3)],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "1d", "1 h", "1h30", "--5s", "."])
def test_what_is_none_is_refused(text: str) -> None:
    assert parse_duration(text) is None
