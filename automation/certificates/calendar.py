"""Dates of certificates as a calendar (RFC 5545, datatracker.ietf.org/doc/html/rfc5545)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from automation.certificates.forecast import Foreseen
from automation.console import escape_controls

_OCTETS = 75
"""The longest line, without its end (RFC 5545, 3.1)."""
_END = "\r\n"


def as_calendar(rows: Sequence[Foreseen], stack: str, owner: str, now: datetime) -> str:
    """Return one event where each renewal window begins, and one at each end.

    An event keeps its UID for good, so that a later file moves it: of two with one UID and no SEQUENCE the later
    DTSTAMP is valid (RFC 5546, 2.1.5).

    Args:
        rows: the certificates.
        stack: for people.
        owner: what no other stack is called (`settings.naming.stack_tag`).
        now: the time.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//edge-stamps//certificates//EN", "METHOD:PUBLISH"]
    for row in rows:
        one = row.certificate
        if row.due_from and one.not_after:
            what = "replace it by a raised pki.generation" if row.is_root else "up renews it from now on"
            lines += _event(row, owner, "due", row.due_from, now, f"{stack}: {one.name}: {what}")
            lines += _event(row, owner, "end", one.not_after, now, f"{stack}: {one.name} ends")
    return _END.join([*(part for line in [*lines, "END:VCALENDAR"] for part in _fold(line)), ""])


def _event(row: Foreseen, owner: str, what: str, begin: datetime, now: datetime, summary: str) -> Iterator[str]:
    one = row.certificate
    uses = [f"- {use}" for use in row.uses]
    text = "\n".join([f"{one.subject}, by {one.issuer}", f"SHA-256 {one.sha256}", *uses])
    yield "BEGIN:VEVENT"
    yield f"UID:{uuid5(NAMESPACE_URL, f'edge-stamps:{owner}:{one.name}:{what}')}"
    yield f"DTSTAMP:{_utc(now)}"
    yield f"DTSTART:{_utc(begin)}"
    yield f"SUMMARY:{_escape(summary)}"
    yield f"DESCRIPTION:{_escape(text)}"
    yield "TRANSP:TRANSPARENT"  # nobody is busy then
    yield "END:VEVENT"


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escape(text: str) -> str:
    """Return it as a value of type TEXT (3.3.11); other controls may not be in one."""
    lines = (escape_controls(line) for line in text.split("\n"))
    return "\\n".join(line.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,") for line in lines)


def _fold(line: str) -> Iterator[str]:
    """Yield it in parts of at most 75 octets, whose first is a space from the second on; no character is cut."""
    part = ""
    for character in line:
        if len((part + character).encode()) > _OCTETS:
            yield part
            part = " "
        part += character
    yield part
