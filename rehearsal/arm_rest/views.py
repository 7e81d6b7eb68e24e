"""What is answered of a resource: its body, what a list of all resources has of it, and instance views."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from arm.types.compute import RUN_COMMAND, VIRTUAL_MACHINE
from rehearsal.arm_rest.exchange import Request
from rehearsal.azure.entries import Entry

_GENERIC = (
    "id",
    "name",
    "type",
    "location",
    "kind",
    "sku",
    "identity",
    "tags",
    "managedBy",
    "zones",
    "extendedLocation",
)
"""What https://learn.microsoft.com/rest/api/resources/resources/list has of each."""


def whole(request: Request, entry: Entry) -> dict[str, Any]:
    """Return the answer to a GET."""
    body = entry.shape.answer(entry.outputs)
    if request.expands("instanceView") and (view := instance_view(entry)):
        body["properties"] = {**body["properties"], "instanceView": view}
    return body


def is_tracked(entry: Entry) -> bool:
    """Return whether lists of all resources have it: what has a location of its own."""
    return entry.shape.has_location and entry.inputs.get("location") is not None


def generic(request: Request, entry: Entry) -> dict[str, Any]:
    """Return an item of a list of all resources."""
    body = whole(request, entry)
    item = {name: body[name] for name in _GENERIC if name in body}
    if request.expands("provisioningState"):
        item["provisioningState"] = entry.state
    if request.expands("createdTime"):
        item["createdTime"] = _time(entry)
    return item


def instance_view(entry: Entry) -> dict[str, Any]:
    """Return what goes on in a machine or what became of a script; empty for other types.

    The model runs no script on a machine, so that a Run Command has no output; why it failed, its write has said.
    """
    if entry.row is VIRTUAL_MACHINE:
        power = "stopped" if entry.facts.get("stopped") else "running"
        codes = (f"ProvisioningState/{entry.state.lower()}", f"PowerState/{power}")
        return {"statuses": [{"code": code, "level": "Info"} for code in codes]}
    if entry.row is not RUN_COMMAND:
        return {}
    ended = {"Succeeded": 0, "Failed": 1}.get(entry.state)
    if ended is None:
        return {"executionState": "Running", "output": "", "error": "", "startTime": _time(entry)}
    return {"executionState": entry.state, "exitCode": ended, "output": "", "error": "", "startTime": _time(entry)}


def _time(entry: Entry) -> str:
    return datetime.fromtimestamp(entry.created_at, UTC).isoformat().replace("+00:00", "Z")
