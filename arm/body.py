"""From the SDK's inputs to the body that ARM receives, and back.

azure-native lifts the members of ARM's `properties` to where `properties` would be, at the top and in nested objects
(a security rule's `access`, an IP configuration's `subnet`). The way back is read off the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arm.schema.table import Node, Table
from arm.values import UNKNOWN, Secret

OPEN: Node = {"open": True}
_IDENTITIES = "userAssignedIdentities"
"""A list of ids in the SDK's inputs, a map in ARM."""


def nest(table: Table, node: Node, value: Any, renamed: Mapping[str, str], path: str = "") -> Any:
    """Return the value as ARM receives it; what fits nowhere stays in place. `path` is the input's, without indexes."""
    node = table.resolve(node)
    if isinstance(value, Secret):
        return Secret(nest(table, node, value.value, renamed, path))
    if isinstance(value, Mapping):
        return _nest_object(table, node, value, renamed, path)
    if isinstance(value, list | tuple):
        if "additionalProperties" in node:
            return keyed(value, {})
        return [nest(table, node.get("items", OPEN), item, renamed, path) for item in value]
    return whole(value)


def _nest_object(table: Table, node: Node, value: Mapping[str, Any], renamed: Mapping[str, str], path: str) -> Any:
    known = table.members(node, value)
    container = table.resolve(known.get("properties", {}))
    lifted = table.members(container, value)
    other = node.get("additionalProperties", OPEN)
    body: dict[str, Any] = {}
    below: dict[str, Any] = {}
    for name, item in value.items():
        if item is None:
            continue  # Pulumi sends no nulls
        item_path = f"{path}.{name}" if path else name
        arm_name = renamed.get(item_path, name)
        is_lifted = arm_name in lifted and arm_name not in known
        target = below if is_lifted else body
        member = lifted[arm_name] if is_lifted else known.get(arm_name, other)
        target[arm_name] = nest(table, member, item, renamed, item_path)
    if not below:
        return body
    given = body.get("properties", {})
    return {**body, "properties": {**given, **below}} if isinstance(given, dict) else {**body, **below}


def unnest(table: Table, node: Node, value: Any, renamed: Mapping[str, str], path: str = "") -> Any:
    """Return what the SDK has for what ARM has: the way back of `nest`. `path` is the SDK's, without indexes."""
    node = table.resolve(node)
    if isinstance(value, list):
        return [unnest(table, node.get("items", OPEN), item, renamed, path) for item in value]
    if not isinstance(value, Mapping):
        return value
    if path.endswith(_IDENTITIES):
        return list(value)
    known = table.members(node, value)
    container, below = table.resolve(known.get("properties", {})), value.get("properties")
    lifted = table.members(container, below) if isinstance(below, Mapping) else {}
    other = node.get("additionalProperties", OPEN)
    found = {name: (known.get(name, other), item) for name, item in value.items() if name != "properties" or not lifted}
    if lifted and isinstance(below, Mapping):
        found |= {name: (lifted.get(name, OPEN), item) for name, item in below.items()}
    result = {}
    for name, (member, item) in found.items():
        own = _sdk_name(name, path, renamed)
        result[own] = unnest(table, member, item, renamed, f"{path}.{own}" if path else own)
    return result


def _sdk_name(arm_name: str, path: str, renamed: Mapping[str, str]) -> str:
    """Return the name that the SDK has, in the object at this path, for one of ARM's."""
    for sdk_path, name in renamed.items():
        parent, _, last = sdk_path.rpartition(".")
        if parent == path and name == arm_name:
            return last
    return arm_name


def keyed(items: list[Any] | tuple[Any, ...], content: Any) -> Any:
    """Turn a list of ids into the map that ARM wants; azure-native takes `userAssignedIdentities` as a list."""
    return UNKNOWN if any(item is UNKNOWN for item in items) else {str(item): content for item in items}


def whole(value: Any) -> Any:
    """Protobuf has only floats: 5.0 is 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
