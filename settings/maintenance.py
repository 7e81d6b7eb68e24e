"""When nodes are patched, and reboot where that needs it.

https://learn.microsoft.com/azure/virtual-machines/maintenance-configurations (Guest) says how long a window may be,
`MaintenanceWindow` of Microsoft's request schema in which form the rest is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

_FORM = "%Y-%m-%d %H:%M"
_DAY = "(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_OF_MONTH = rf"(First|Second|Third|Fourth|Last) {_DAY}( Offset-?[1-6])?"
_DATE = "day([1-9]|[12][0-9]|3[01])"
_COUNT = "([1-9][0-9]?)?"


def _start(text: str) -> str:
    if datetime.strptime(text, _FORM).strftime(_FORM) != text:  # strptime takes `2027-1-2 2:00` too
        raise ValueError("no date and time of this form")
    return text


WindowStart = Annotated[str, AfterValidator(_start)]
WindowDuration = Annotated[str, Field(pattern=r"^(01:[3-5][0-9]|02:[0-5][0-9]|03:([0-4][0-9]|5[0-5]))$")]
# A month without a day is refused (hashicorp/terraform-provider-azurerm#29738).
WindowRecurrence = Annotated[
    str,
    Field(pattern=rf"^{_COUNT}(Days?|Weeks?( {_DAY}(,{_DAY})*)?|Months? ({_DATE}(,{_DATE})*|{_OF_MONTH}))$"),
]
# Windows' names: of the IANA ones, as Europe/Berlin, Azure knows none.
WindowTimeZone = Annotated[
    str,
    Field(pattern=r"^(UTC([+-][0-9]{2})?|[A-Z][A-Za-z. -]* Standard Time( [A-Z0-9]| \(Mexico\))?"
          r"|Russia Time Zone (3|10|11))$"),
]  # fmt: skip


def overlap(start: str, duration: str, other_start: str, other_duration: str) -> bool:
    """Return whether two windows have a time of day in common."""
    day = timedelta(days=1)
    apart = (datetime.strptime(other_start, _FORM) - datetime.strptime(start, _FORM)) % day
    return apart < _length(duration) or day - apart < _length(other_duration)


def next_apart(start: str) -> str:
    """Return when the next window may start, however long this one is."""
    return (datetime.strptime(start, _FORM) + timedelta(hours=4)).strftime(_FORM)


def _length(duration: str) -> timedelta:
    hours, minutes = map(int, duration.split(":"))
    return timedelta(hours=hours, minutes=minutes)
