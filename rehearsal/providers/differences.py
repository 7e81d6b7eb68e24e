"""Compare two sets of properties, by path as the engine writes them: `ports[0].tls.mode`, `a["b.c"]`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from arm.values import UNKNOWN
from rehearsal.providers import Properties

MISSING = object()
IsInput = Callable[[tuple[str, ...]], bool]
"""Whether an output's path, without the indexes of lists, is that of an input."""


def compare(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and add, delete or update. An unknown differs from everything, null and nothing are alike."""
    old, new = MISSING if old is None else old, MISSING if new is None else new
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            yield from compare(old.get(name), new.get(name), _member(path, name))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before, after = (items[index] if index < len(items) else None for items in (old, new))
            yield from compare(before, after, f"{path}[{index}]")
    elif old != new or new is UNKNOWN:
        yield path, "add" if old is MISSING else "delete" if new is MISSING else "update"


def _member(path: str, name: str) -> str:
    if not re.fullmatch(r"[a-zA-Z_$][\w$]*", name):
        return f"{path}[{json.dumps(name)}]"
    return f"{path}.{name}" if path else name


def is_within(path: str, prefix: str) -> bool:
    """Return whether the path is the prefix or leads into it; indexes of lists do not count."""
    plain = re.sub(r"\[\d+\]", "", path)
    return plain == prefix or plain.startswith((f"{prefix}.", f"{prefix}["))


def apply_changes(inputs: Any, old: Any, new: Any, is_input: IsInput, path: tuple[str, ...] = ()) -> Any:
    """Return the inputs with what has changed from the old outputs to the new ones, as far as an input can say it."""
    if isinstance(inputs, dict) and isinstance(old, dict) and isinstance(new, dict):
        result: Properties = dict(inputs)
        for name in {**old, **new}:
            before, after = old.get(name), new.get(name)
            if before == after or not is_input((*path, name)):
                continue
            if after is None:
                result.pop(name, None)
            else:
                result[name] = apply_changes(inputs.get(name), before, after, is_input, (*path, name))
        return result
    alike = isinstance(inputs, list) and isinstance(old, list) and isinstance(new, list)
    if alike and len(inputs) == len(old) == len(new):
        triples = zip(inputs, old, new, strict=True)
        return [apply_changes(*three, is_input, path) if three[1] != three[2] else three[0] for three in triples]
    return keep_inputs(new, is_input, path)


def keep_inputs(value: Any, is_input: IsInput, path: tuple[str, ...] = ()) -> Any:
    """Return the value without the members that no input can say."""
    if isinstance(value, list):
        return [keep_inputs(item, is_input, path) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: keep_inputs(item, is_input, (*path, name)) for name, item in value.items() if is_input((*path, name))}
