"""The calendar is one that others read: RFC 5545, by the package icalendar, and by the octet where that is lenient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from automation.certificates.calendar import as_calendar
from automation.certificates.forecast import Foreseen, foresee
from automation.certificates.uses import Use
from graph.graph import Graph
from tests.conftest import TWO_CLUSTERS

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
OWNER = "myorg-dev-001"
AWKWARD = "broker/ent;er,prise\\n\nBEGIN:VEVENT " + "ü€😀" * 40


@pytest.fixture
def rows(recorded: Callable[..., Graph]) -> Sequence[Foreseen]:
    graph = recorded(TWO_CLUSTERS)
    return foresee(graph, graph, NOW)


def events(text: str) -> list[icalendar.Event]:
    calendar = icalendar.Calendar.from_ical(text)
    assert calendar.errors == []
    assert (str(calendar["VERSION"]), str(calendar["METHOD"])) == ("2.0", "PUBLISH")
    assert calendar["PRODID"]
    found = [each for each in calendar.walk("VEVENT") if isinstance(each, icalendar.Event)]
    assert all(each.errors == [] for each in found)
    return found


def called(row: Foreseen, name: str) -> Foreseen:
    return replace(row, certificate=replace(row.certificate, name=name))


def test_each_window_and_each_end_is_an_event_at_its_moment(rows: Sequence[Foreseen]) -> None:
    found = {str(each["SUMMARY"]): each for each in events(as_calendar(rows, "dev", OWNER, NOW))}
    expected = {}
    for row in rows:
        what = "replace it by a raised pki.generation" if row.is_root else "up renews it from now on"
        expected[f"dev: {row.name}: {what}"] = row.due_from
        expected[f"dev: {row.name} ends"] = row.certificate.not_after
    assert {summary: each.start for summary, each in found.items()} == expected
    assert len(expected) == 12
    assert {each.stamp for each in found.values()} == {NOW}
    leaf = found["dev: broker/enterprise ends"]
    assert "listener default-loadbalancer on enterprise, of broker enterprise" in str(leaf["DESCRIPTION"])


def test_an_event_keeps_its_uid_when_its_certificate_is_renewed(rows: Sequence[Foreseen]) -> None:
    later = [
        replace(
            row,
            certificate=replace(row.certificate, not_after=NOW + timedelta(days=900), sha256="1" * 64),
            due_from=NOW + timedelta(days=800),
        )
        for row in rows
    ]
    first, second = (
        events(as_calendar(one, "dev", OWNER, when)) for one, when in ((rows, NOW), (later, NOW + timedelta(days=1)))
    )
    assert [str(each["UID"]) for each in first] == [str(each["UID"]) for each in second]
    assert len({str(each["UID"]) for each in first}) == 12
    assert all(before.stamp < after.stamp for before, after in zip(first, second, strict=True))
    assert {each.start for each in second} == {NOW + timedelta(days=900), NOW + timedelta(days=800)}


def test_another_stack_has_other_uids(rows: Sequence[Foreseen]) -> None:
    one, other = (events(as_calendar(rows, "dev", owner, NOW)) for owner in (OWNER, "myorg-dev-002"))
    assert not {str(each["UID"]) for each in one} & {str(each["UID"]) for each in other}


def test_lines_end_and_are_folded_as_the_standard_says(rows: Sequence[Foreseen]) -> None:
    octets = as_calendar([called(rows[0], AWKWARD)], "dev", OWNER, NOW).encode()
    assert octets.endswith(b"END:VCALENDAR\r\n")
    lines = octets.split(b"\r\n")
    assert max(map(len, lines)) == 75
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert all(line.decode() is not None for line in lines)  # no character is cut
    assert any(line.startswith(b" ") for line in lines)


def test_no_text_ends_its_property_or_gives_orders(rows: Sequence[Foreseen]) -> None:
    row = replace(called(rows[0], AWKWARD), uses=[Use("a\x1b[2J", "Secret", "x")])
    found = events(as_calendar([row], "dev", OWNER, NOW))
    assert len(found) == 2
    assert str(found[1]["SUMMARY"]) == f"dev: {AWKWARD} ends"
    assert "- Secret x on a\\x1b[2J" in str(found[0]["DESCRIPTION"])


def test_what_separates_values_is_escaped_also_where_a_reader_would_forgive_it(rows: Sequence[Foreseen]) -> None:
    text = as_calendar([called(rows[0], "a;b,c\\d\ne")], "dev", OWNER, NOW)
    assert "SUMMARY:dev: a\\;b\\,c\\\\d\\ne ends\r\n" in text


def test_what_has_no_end_yet_is_no_event(rows: Sequence[Foreseen]) -> None:
    new = replace(rows[0], due_from=None, certificate=replace(rows[0].certificate, not_after=None))
    assert events(as_calendar([new], "dev", OWNER, NOW)) == []
