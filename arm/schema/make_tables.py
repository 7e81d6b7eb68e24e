"""Writes `tables/` from Microsoft's request schemas: `python -m arm.schema.make_tables --schemas DIR`.

DIR holds one JSON Schema (draft 4) per type and version, cut out of Azure/azure-resource-manager-schemas (MIT), and an
`index.json`. Descriptions, defaults and what only ARM templates have are left out. Needed for a new type or version.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from arm.schema.table import FOLDER, Node, file_name
from arm.types import BY_ARM_TYPE

SOURCE = "https://github.com/Azure/azure-resource-manager-schemas (MIT)"
KEPT = ("enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "multipleOf")
# Of a resource in a template, not of a request: the path carries them.
TEMPLATE_ONLY = {"apiVersion", "name", "type", "resources", "dependsOn", "comments", "condition", "copy", "scope"}


def _policy(settings: str, definition: str) -> dict[str, Any]:
    """Return a union by `mode` in which only `Custom` has settings."""

    def branch(mode: str, **others: Any) -> dict[str, Any]:
        return {"properties": {"mode": {"type": "string", "enum": [mode]}, **others}, "required": ["mode", *others]}

    custom = branch("Custom", **{settings: {"$ref": f"#/definitions/{definition}"}})
    return {"oneOf": [branch("All"), branch("None"), custom], "properties": {}}


# Where the published schema is known to be wrong, by definition; the reason is the comment.
CORRECTIONS: dict[str, dict[str, Any]] = {
    # A union with one branch was folded into its base: 'All' and 'None' got lost, and so did the members
    # (azure-rest-api-specs, iotoperations.json 2025-10-01: BrokerPersistencePolicyMode).
    "BrokerRetainMessagesPolicy": _policy("retainSettings", "BrokerRetainMessagesSettings"),
    "BrokerStateStorePolicy": _policy("stateStoreSettings", "BrokerStateStorePolicySettings"),
    "BrokerSubscriberQueuePolicy": _policy("subscriberQueueSettings", "BrokerSubscriberQueueCustomPolicySettings"),
}
# Limits that the schemas tell in words only ("between 100 and 4096"), and Azure's documentation of NAT and addresses.
LIMITS: dict[str, dict[str, tuple[int, int]]] = {
    "SecurityRulePropertiesFormat": {"priority": (100, 4096)},
    "NatGatewayPropertiesFormat": {"idleTimeoutInMinutes": (4, 120)},
    "PublicIPAddressPropertiesFormat": {"idleTimeoutInMinutes": (4, 30)},
    "VaultProperties": {"softDeleteRetentionInDays": (7, 90)},
}
# The list of sizes ends years ago, and Azure takes any name (x-ms-enum.modelAsString).
OPEN_ENUMS = {"vmSize"}


def main() -> None:
    """Write the tables of the schemas that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schemas", type=Path, required=True)
    for name, text in tables(parser.parse_args().schemas).items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name}\n")


def tables(schemas: Path) -> dict[str, str]:
    """File name → content, for every type and version that has a row in arm/types/."""
    expected = {(row.arm_type, version) for row in BY_ARM_TYPE.values() for version in row.versions}
    index = json.loads((schemas / "index.json").read_text(encoding="utf-8"))
    files = {(entry["type"], entry["apiVersion"]): entry["file"] for entry in index}
    return {
        file_name(*key): render(table_of(*key, json.loads((schemas / files[key]).read_text(encoding="utf-8"))))
        for key in sorted(expected)
    }


def table_of(arm_type: str, api_version: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of one type and version."""
    definitions = {
        **schema.get("definitions", {}),
        **{k: v for k, v in CORRECTIONS.items() if k in schema["definitions"]},
    }
    body = node(
        {
            "type": "object",
            "properties": {k: v for k, v in schema["properties"].items() if k not in TEMPLATE_ONLY},
            "required": [k for k in schema.get("required", []) if k not in TEMPLATE_ONLY],
        }
    )
    # The template schema demands `properties` everywhere, ARM only where something in it is required.
    if "properties" in body["required"] and not _target(body["properties"]["properties"], definitions).get("required"):
        body["required"].remove("properties")
    used = sorted(_reachable(body, definitions))
    return {
        "source": SOURCE,
        "type": arm_type,
        "apiVersion": api_version,
        "name": {k: v for k, v in schema["properties"]["name"].items() if k in KEPT},
        "body": body,
        "definitions": {name: _limited(name, node(definitions[name])) for name in used},
    }


def _limited(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    for member, (least, most) in LIMITS.get(name, {}).items():
        definition["properties"][member] |= {"minimum": least, "maximum": most}
    return definition


def node(schema: Mapping[str, Any]) -> dict[str, Any]:
    """One schema in the compact form that `table` describes."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"].rsplit("/", 1)[1]}
    if "oneOf" in schema:
        return _union(schema)
    if not schema.keys() - {"description"} or "anyOf" in schema:  # anyOf: only VM extensions, with branches left empty
        return {"open": True}
    result = {"type": schema.get("type", "object")} | {key: schema[key] for key in KEPT if key in schema}
    if "items" in schema:
        result["items"] = node(schema["items"])
    return result | _members(schema) if result["type"] == "object" else result


def _members(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an object may and must contain."""
    result: dict[str, Any] = {}
    if schema.get("properties"):
        result["properties"] = {name: _member(name, member) for name, member in schema["properties"].items()}
        if settings := _settings(result["properties"]):
            result["settings"] = settings
    if "required" in schema:
        result["required"] = sorted(schema["required"])
    if isinstance(schema.get("additionalProperties"), Mapping):
        result["additionalProperties"] = node(schema["additionalProperties"])
    elif _is_open(schema):
        result["open"] = True
    return result


def _is_open(schema: Mapping[str, Any]) -> bool:
    unlisted = set(schema.get("required", [])) - set(schema.get("properties", {}))
    return "properties" not in schema or "additionalProperties" in schema or bool(unlisted)


def _member(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return node({k: v for k, v in schema.items() if k != "enum"} if name in OPEN_ENUMS else schema)


def _union(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the node of a union whose branches each fix the same member to one value."""
    branches = schema["oneOf"]
    fixed = [{k for k, v in b["properties"].items() if len(v.get("enum", [])) == 1} for b in branches]
    (discriminator,) = set.intersection(*fixed)
    variants = {branch["properties"][discriminator]["enum"][0]: node(branch) for branch in branches}
    base = node({k: v for k, v in schema.items() if k != "oneOf"} | {"type": "object"})
    return base | {"discriminator": discriminator, "variants": variants}


def _settings(properties: Mapping[str, Node]) -> dict[str, dict[str, str]]:
    """IoT Operations' convention: the value `X509` of a member goes with the member `x509Settings`."""
    found: dict[str, dict[str, str]] = {}
    for name, member in properties.items():
        values = member.get("enum", [])
        pairs = {value: f"{value[:1].lower()}{value[1:]}Settings" for value in values}
        if len(values) > 1 and not properties.keys().isdisjoint(pairs.values()):
            found[name] = {value: settings for value, settings in pairs.items() if settings in properties}
    return found


def _reachable(start: Node, definitions: Mapping[str, Any]) -> set[str]:
    reached: set[str] = set()
    todo = list(_references(start))
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += _references(node(definitions[name]))
    return reached


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)


def _target(member: Node, definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    target: Mapping[str, Any] = definitions[member["$ref"]] if "$ref" in member else member
    return target


def render(table: Mapping[str, Any]) -> str:
    """Small and easy to compare: keys sorted, one definition on a line."""
    lines = [f"{json.dumps(key)}:{_compact(table[key])}" for key in sorted(table.keys() - {"definitions"})]
    definitions = [f"{json.dumps(name)}:{_compact(item)}" for name, item in sorted(table["definitions"].items())]
    lines.append('"definitions":{' + ",".join(f"\n{line}" for line in definitions) + "}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


if __name__ == "__main__":
    main()
