"""From the SDK's inputs to the body that ARM receives.

azure-native lifts the members of ARM's `properties` to where `properties` would be, at the top and in nested objects
(a security rule's `access`, an IP configuration's `subnet`). The way back is read off the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arm.schema.table import Node, Table
from arm.values import UNKNOWN, Secret

OPEN: Node = {"open": True}


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


def keyed(items: list[Any] | tuple[Any, ...], content: Any) -> Any:
    """Turn a list of ids into the map that ARM wants; azure-native takes `userAssignedIdentities` as a list."""
    return UNKNOWN if any(item is UNKNOWN for item in items) else {str(item): content for item in items}


def whole(value: Any) -> Any:
    """Protobuf has only floats: 5.0 is 5."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
