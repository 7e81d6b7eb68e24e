"""Lists in pages, as Azure Resource Manager gives them: `value` and, where there is more, `nextLink`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from arm import ids
from rehearsal.arm_rest.exchange import Answer, Request
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import ArmError


def page(request: Request, entries: Sequence[Entry], size: int, write: Callable[[Entry], Any]) -> Answer:
    """Return the page that is asked for.

    The link names the last id that was given, so that what comes or goes between two pages shifts nothing.

    Raises:
        ArmError: the client has made up a number or a link.
    """
    size = min(size, _positive(request.query.get("$top", str(size))))
    after = request.query.get("$skiptoken", "")
    rest = sorted((entry for entry in entries if ids.key(entry.id) > after), key=lambda entry: ids.key(entry.id))
    body: dict[str, Any] = {"value": [write(entry) for entry in rest[:size]]}
    if len(rest) > size:
        query = {**request.query, "$skiptoken": ids.key(rest[size - 1].id)}
        body["nextLink"] = f"{request.base}{request.path}?{urlencode(query)}"
    return Answer(200, body)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ArmError(400, "InvalidTopInQueryString", f"The $top query string parameter '{text}' is invalid.")
    return int(text)
