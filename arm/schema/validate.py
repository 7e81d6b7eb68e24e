"""Checks a value against a table's node and says what is wrong, where, and what was expected."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arm.schema.table import Node, Table
from arm.values import UNKNOWN


@dataclass(frozen=True)
class Mismatch:
    """One thing that Azure would refuse. `where` is a dotted path in the ARM body, or an input's name."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def check(table: Table, node: Node, value: Any, where: str = "") -> Iterator[Mismatch]:
    """Everything wrong with the value; what is unknown is taken to be right."""
    node = table.resolve(node)
    if value is UNKNOWN:
        return
    if (expected := node.get("type")) and not _has_type(value, expected):
        yield Mismatch(where, f"expected {_a(expected)}, got {_a(_type_name(value))}")
    elif isinstance(value, Mapping):
        yield from _check_object(table, node, value, where)
    elif isinstance(value, list):
        yield from _check_length(node, len(value), where, "minItems", "maxItems", "items")
        for index, item in enumerate(value):
            yield from check(table, node.get("items", {}), item, f"{where}[{index}]")
    else:
        yield from check_scalar(node, value, where)


def _check_object(table: Table, node: Node, value: Mapping[str, Any], where: str) -> Iterator[Mismatch]:
    known = table.members(node, value)
    yield from _check_discriminator(node, value, where)
    yield from _check_settings(table, node, value, where)
    for name in _required(table, node, value):
        if name not in value and name == "properties":
            yield from check(table, known[name], {}, _join(where, name))  # says what is missing in it
        elif name not in value:
            yield Mismatch(_join(where, name), "missing, but required")
    yield from _check_members(table, node, value, where)


def _check_members(table: Table, node: Node, value: Mapping[str, Any], where: str) -> Iterator[Mismatch]:
    known = table.members(node, value)
    for name, item in value.items():
        if name == node.get("discriminator"):
            continue
        if name in known:
            yield from check(table, known[name], item, _join(where, name))
        elif "additionalProperties" in node:
            yield from check(table, node["additionalProperties"], item, _join(where, name))
        elif not node.get("open"):
            yield Mismatch(_join(where, name), f"unknown property; {_known_instead(table, name, known, where)}")


def _known_instead(table: Table, name: str, known: Mapping[str, Node], where: str) -> str:
    lifted = table.members(table.resolve(known.get("properties", {})), {})
    if name in lifted:
        return f"it belongs below {_join(where, 'properties')}"
    return nearest(name, [*known, *lifted])


def _required(table: Table, node: Node, value: Mapping[str, Any]) -> list[str]:
    """Of the object and, if its discriminator says which, of the variant."""
    discriminator = node.get("discriminator")
    variants = table.variants(node, value)
    chosen = variants[0].get("required", []) if len(variants) == 1 else []
    return sorted({*node.get("required", []), *chosen} - {discriminator})


def _check_discriminator(node: Node, value: Mapping[str, Any], where: str) -> Iterator[Mismatch]:
    if "variants" not in node:
        return
    name = node["discriminator"]
    if name not in value:
        yield Mismatch(_join(where, name), f"missing, but required: {_options(node['variants'])}")
    elif value[name] is not UNKNOWN and value[name] not in list(node["variants"]):
        yield from check_scalar({"enum": list(node["variants"])}, value[name], _join(where, name))


def _check_settings(table: Table, node: Node, value: Mapping[str, Any], where: str) -> Iterator[Mismatch]:
    """Yield the settings that belong to another choice, and those that the choice needs but lacks."""
    settings: Mapping[str, Mapping[str, str]] = node.get("settings", {})
    for name, by_choice in settings.items():
        choice = value.get(name)
        if not isinstance(choice, str):
            continue
        for other, member in by_choice.items():
            if other != choice and member in value and member != by_choice.get(choice):
                yield Mismatch(_join(where, member), f"is for {name} {other!r}, but {name} is {choice!r}")
        own = by_choice.get(choice)
        needed = own and own not in value and own not in node.get("required", [])
        if needed and table.resolve(node["properties"][own]).get("required"):
            yield Mismatch(_join(where, own or ""), f"missing, but required for {name} {choice!r}")


def check_scalar(node: Node, value: Any, where: str) -> Iterator[Mismatch]:
    """Enum, pattern, length and range of one value."""
    if "enum" in node and value not in node["enum"]:
        yield Mismatch(where, f"{value!r} is not one of the possible values: {_options(node['enum'], value)}")
    if isinstance(value, str):
        if "pattern" in node and not re.search(node["pattern"], value):
            yield Mismatch(where, f"{value!r} does not match {node['pattern']}")
        yield from _check_length(node, len(value), where, "minLength", "maxLength", "characters")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = node.get("minimum", value), node.get("maximum", value)
        if not low <= value <= high:
            yield Mismatch(where, f"{value} is out of range: {_range(node.get('minimum'), node.get('maximum'))}")
        if "multipleOf" in node and value % node["multipleOf"]:
            yield Mismatch(where, f"{value} is not a multiple of {node['multipleOf']}")


def _check_length(node: Node, size: int, where: str, low: str, high: str, unit: str) -> Iterator[Mismatch]:
    if not node.get(low, 0) <= size <= node.get(high, size):
        yield Mismatch(where, f"has {size} {unit}, expected {_range(node.get(low), node.get(high))}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Suggest the known name that was probably meant, else list all of them."""
    names = sorted(set(known))
    if guess := _guess(name, names):
        return guess
    return "known are: " + ", ".join(names) if names else "no property is known here"


def _guess(name: str, names: Iterable[str]) -> str:
    lower = {candidate.lower(): candidate for candidate in names}
    close = difflib.get_close_matches(name.lower(), lower, n=1)
    return f"did you mean {lower[close[0]]!r}?" if close else ""


def _options(options: Iterable[Any], value: Any = None) -> str:
    names = [str(option) for option in options]
    guess = _guess(value, names) if isinstance(value, str) else ""
    return ", ".join(map(repr, names)) + (f" ({guess})" if guess else "")


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"{low} to {high}"


def _has_type(value: Any, expected: str) -> bool:
    return expected == _type_name(value) or (expected == "number" and _type_name(value) == "integer")


def _type_name(value: Any) -> str:
    """Return the JSON type; `bool` comes before `int`, as it is one in Python."""
    names = ((bool, "boolean"), (str, "string"), (int, "integer"), (float, "number"), (Mapping, "object"))
    return next((name for kind, name in names if isinstance(value, kind)), "array")


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aio" else f"a {noun}"


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
