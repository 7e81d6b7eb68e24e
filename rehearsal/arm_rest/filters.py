"""The `$filter` of lists, as far as clients use it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from arm import ids
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import ArmError

_LONGEST = 2048
"""Characters, so that reading it takes no time worth the name."""
_TERM = re.compile(r"\(?\s*([A-Za-z]+)\s+eq\s+'([^']*)'\s*\)?")
_FIELDS: Mapping[str, Callable[[Entry], Any]] = {
    "resourceType": lambda entry: entry.row.arm_type,
    "name": lambda entry: entry.name,
    "resourceGroup": lambda entry: ids.name_of(ids.group_of(entry.id)),
    "location": lambda entry: entry.inputs.get("location"),
    "principalId": lambda entry: entry.inputs.get("principalId"),
}


def keep(entries: Sequence[Entry], text: str) -> list[Entry]:
    """Return the entries that the filter lets through: `field eq 'value'`, joined by `and`.

    Raises:
        ArmError: the filter says something else.
    """
    if len(text) > _LONGEST:
        raise ArmError(400, "InvalidFilterInQueryString", f"The $filter is longer than {_LONGEST} characters.")
    kept = list(entries)
    for term in re.split(r"\s+and\s+", text.strip()) if text.strip() else ():
        found = _TERM.fullmatch(term)
        field = _FIELDS.get(found[1]) if found else None
        if found is None or field is None:
            message = f"Invalid $filter '{text}' specified in the query string."
            raise ArmError(400, "InvalidFilterInQueryString", message)
        kept = [entry for entry in kept if str(field(entry)).lower() == found[2].lower()]
    return kept
