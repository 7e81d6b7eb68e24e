"""Inputs that nobody judges: whatever a resource says is in `rules/facts/bodies.yaml`, or in a table of rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from arm.shapes import shape_of
from graph.graph import Resource
from rules.completeness import types_asked_for
from rules.hardening import FIXED
from rules.lookup import Hits, View
from rules.requested import REQUESTED
from rules.tables import Fixed, Requested

Known = dict[str, Any]
"""Input -> what is known below it; None: whatever stands there is another rule's."""
Steps = tuple[str, ...]
_FILE = Path(__file__).parent / "facts" / "bodies.yaml"


def nothing_unknown(view: View) -> Hits:
    """Require that a resource says nothing that no rule knows: it may be wrong, and nobody would see it."""
    asked = types_asked_for(view)
    for resource in view.resources:
        kind = kind_of(resource.type)
        known = _read_known().get(kind)
        if known is None:
            if resource.is_arm and shape_of(resource.type).type in asked:  # else ASK-03 says so
                yield resource.name, f"rules/facts/bodies.yaml has no line for {kind}. Add what it may say"
        elif resource.custom:
            for where, steps in _surplus(view.inputs(resource), known):
                if _azure_knows(resource, steps):
                    message = "no rule knows this input. Remove it, or add it to rules/facts/bodies.yaml and let a rule"
                    yield resource.name, f"{where}: {message} judge its value"


def read_table() -> dict[str, Known]:
    """Return what the stack says of each type."""
    table: dict[str, Known] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return table


@cache
def _read_known() -> Mapping[str, Known]:
    """Return the table with what other tables judge, such as inputs that are to be absent."""
    table = read_table()
    rows: tuple[Fixed | Requested, ...] = (*FIXED, *REQUESTED)
    for row in rows:
        below: Known | None = table[f"{row.type.module}:{row.type.name}"]
        *steps, last = [step for step in row.path.split(".") if step != "*"]
        for step in steps:
            below = below.setdefault(step, {}) if below is not None else None
        if below is not None:
            below.setdefault(last, None)
    return table


def kind_of(type_token: str) -> str:
    """Return a type without azure-native's package, whose name has the API version in it."""
    return re.sub(r"^azure-native(_\w+)?:|(?<=\w)_v\d+(preview)?$", "", type_token)


def _surplus(value: Any, known: Known | None, where: str = "", steps: Steps = ()) -> Iterator[tuple[str, Steps]]:
    """Yield (place, path without indexes) of each input that the table lacks."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _surplus(item, known, f"{where}[{index}]", steps)
    elif isinstance(value, Mapping) and known is not None:
        for name, inner in value.items():
            place, path = f"{where}.{name}".removeprefix("."), (*steps, name)
            if name not in known:
                yield place, path
            else:
                yield from _surplus(inner, known[name], place, path)


def _azure_knows(resource: Resource, steps: Steps) -> bool:
    """Tell whether Azure takes the input; one that it does not take is SHAPE-01's."""
    return not resource.is_arm or shape_of(resource.type).is_input(steps)
