"""What azure-native gives back after a create: the inputs, and what Azure computes.

Computed ids and addresses are functions of the ARM id, so that a recorded graph is the same every time.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from arm.body import keyed, whole
from arm.types.resource_type import Created, ResourceType, address, guid
from arm.values import UNKNOWN

# Lists whose items are ARM objects of their own below the resource.
_CHILD_LISTS = ("subnets", "ipConfigurations", "securityRules")


def outputs_of(type_: ResourceType, api_version: str, created: Created, *, preview: bool) -> dict[str, Any]:
    """Return the outputs in the shape of the SDK's class; in a preview, whatever is not an input is unknown."""
    result: dict[str, Any] = _echo(created.inputs, preview)
    result.pop("type", None)  # the resource's own takes the place of an input of that name
    for path in type_.write_only:
        remove(result, path.split("."))
    for path, value in _computed(type_, api_version, created, result):
        if preview or value is not None:
            _add(result, path.split("."), UNKNOWN if preview else value)
    return result


def _computed(
    type_: ResourceType, api_version: str, created: Created, result: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    yield from {"id": created.id, "name": created.name, "type": type_.arm_type, "azureApiVersion": api_version}.items()
    for path, compute in type_.computed.items():
        yield path, compute(created)
    identity = result.get("identity")
    if isinstance(identity, Mapping) and "SystemAssigned" in str(identity.get("type")):
        yield "identity.principalId", created.guid("principal")
        yield "identity.tenantId", created.tenant_id
    for name in _CHILD_LISTS:
        items = result.get(name)
        for index, item in enumerate(items if isinstance(items, list) else []):
            if not isinstance(item, Mapping):
                continue
            item_id = f"{created.id}/{name}/{item.get('name')}"
            yield f"{name}.{index}.id", item_id
            if name == "ipConfigurations":
                yield f"{name}.{index}.privateIPAddress", address(item_id, 10)


def _echo(value: Any, preview: bool, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _echo(item, preview, key) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        if name == "userAssignedIdentities":
            return _assigned(keyed(value, None), preview)
        return [_echo(item, preview) for item in value]
    return whole(value)


def _assigned(identities: Any, preview: bool) -> Any:
    """Turn a list going in into a map coming out, with the ids of each identity."""
    if identities is UNKNOWN:
        return UNKNOWN
    ids = {"clientId": "client", "principalId": "principal"}
    return {
        arm_id: {key: UNKNOWN if preview else guid(f"{arm_id}#{what}") for key, what in ids.items()}
        for arm_id in identities
    }


def _add(target: Any, path: list[str], value: Any) -> None:
    """Set a value unless the path is taken or leads through something unknown."""
    *parents, last = path
    for step in parents:
        target = target[int(step)] if isinstance(target, list) else target.setdefault(step, {})
        if not isinstance(target, dict | list):
            return
    if target.get(last) is None:
        target[last] = copy.copy(value)


def remove(target: Any, path: list[str]) -> None:
    """Take out what is at a path, if it is there."""
    for step in path[:-1]:
        target = target.get(step, {}) if isinstance(target, dict) else {}
    if isinstance(target, dict):
        target.pop(path[-1], None)
