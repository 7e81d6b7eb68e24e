"""What is answered of a resource: its body, what a list of all resources has of it, and instance views."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from arm import ids
from arm.hosting import BY_SCRIPT_TYPE
from arm.types.compute import VIRTUAL_MACHINE
from arm.types.hybridcompute import MACHINE_RUN_COMMAND
from arm.types.iotoperations import INSTANCE
from rehearsal.arm_rest.exchange import Request
from rehearsal.azure.entries import Entry
from rehearsal.azure.scripts import tell_result
from rules.facts.extensions import AIO

Find = Callable[[str], Entry | None]
"""Returns what is at an id."""

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


_WITH_HEALTH = "2026-07-01"
"""The first API version of Microsoft.IoTOperations with `healthState` (azure-mgmt-iotoperations 1.2.0)."""


def whole(request: Request, entry: Entry, find: Find) -> dict[str, Any]:
    """Return the answer to a GET."""
    body = entry.shape.answer(entry.outputs)
    if "type" in entry.inputs:  # the SDK's outputs have the resource's own in its place
        body["properties"] = {**body["properties"], "type": entry.inputs["type"]}
    if reported := _report(entry, find):
        body["properties"] = {**body["properties"], **reported}
    is_wanted = entry.row is MACHINE_RUN_COMMAND or request.expands("instanceView")
    if is_wanted and (view := instance_view(entry)):
        body["properties"] = {**body["properties"], "instanceView": view}
    return body


def _report(entry: Entry, find: Find) -> dict[str, Any]:
    """Return what AIO says of itself while it runs: the health of each resource, and the version of an instance."""
    if not entry.row.arm_type.startswith(INSTANCE.arm_type):
        return {}
    told = {"healthState": entry.facts.get("health", "Available")} if entry.api_version >= _WITH_HEALTH else {}
    if entry.row is INSTANCE and (version := _find_version(entry, find)):
        told["version"] = version
    return told


def _find_version(instance: Entry, find: Find) -> str:
    """Return the version of the AIO extension that the instance's custom location is over."""
    location = find(str(ids.at(instance.inputs, "extendedLocation.name")))
    extensions = [find(one) for one in (location.inputs.get("clusterExtensionIds") or ())] if location else []
    found = [one for one in extensions if one and one.inputs.get("extensionType") == AIO.type]
    return str(found[0].outputs.get("currentVersion", "")) if found else ""


def is_tracked(entry: Entry) -> bool:
    """Return whether lists of all resources have it: what has a location of its own."""
    return entry.shape.has_location and entry.inputs.get("location") is not None


def generic(request: Request, entry: Entry, find: Find) -> dict[str, Any]:
    """Return an item of a list of all resources."""
    body = whole(request, entry, find)
    item = {name: body[name] for name in _GENERIC if name in body}
    if request.expands("provisioningState"):
        item["provisioningState"] = entry.state
    if request.expands("createdTime"):
        item["createdTime"] = _time(entry)
    return item


def instance_view(entry: Entry) -> dict[str, Any]:
    """Return what goes on in a machine, or what became of a script and what it has printed; empty for other types."""
    if entry.row is VIRTUAL_MACHINE:
        power = "stopped" if entry.facts.get("stopped") else "running"
        codes = (f"ProvisioningState/{entry.state.lower()}", f"PowerState/{power}")
        return {"statuses": [{"code": code, "level": "Info"} for code in codes]}
    if entry.row in BY_SCRIPT_TYPE and (told := tell_result(entry)):
        return {**told, "startTime": _time(entry)}
    return {}


def _time(entry: Entry) -> str:
    return datetime.fromtimestamp(entry.created_at, UTC).isoformat().replace("+00:00", "Z")
