"""Property paths of `ignore_changes` and `replace_on_changes`, e.g. `tags.owner`, `rules[0].name`, `nodes[*].size`.

The semantics are those of pulumi/pulumi, sdk/go/common/resource/properties_path.go (`Contains`, `Reset`).
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from arm.values import Secret

Path = tuple[str | int, ...]

WILDCARD = "*"
_PART = re.compile(r'\.?([^.\[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\[(\*)\]')


def parse(text: str) -> Path:
    """Split a path into its parts: names, indexes, or the wildcard."""
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            raise ValueError(f"{text!r} is no property path; expected, e.g., tags.owner or rules[0].name")
        name, index, quoted, wildcard = match.groups()
        parts.append(int(index) if index else json.loads(f'"{quoted}"') if quoted is not None else name or wildcard)
        position = match.end()
    return tuple(parts)


def contains(path: Path, other: Path) -> bool:
    """Return whether `other` is this path or lies below it."""
    return len(other) >= len(path) and all(
        mine in (WILDCARD, theirs) for mine, theirs in zip(path, other, strict=False)
    )


def put_back(
    new: Mapping[str, Any], old: Mapping[str, Any], ignored: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the new inputs with the old values at the ignored paths, and the paths where that is impossible.

    It is where one side has an element or an object on the way that the other has not.
    """
    result = copy.deepcopy(dict(new))
    failed = [text for text in ignored if not _reset(parse(text), old, result)]
    return result, failed


def _reset(path: Path, old: Any, new: Any, secret: bool = False) -> bool:
    """Set the place in `new` to what `old` has there; False where the two do not match on the way.

    `secret`: the old value lies below a secret mark, which it keeps.
    """
    secret = secret or isinstance(old, Secret)
    old, new = _bare(old), _bare(new)
    part, rest = path[0], path[1:]
    if part == WILDCARD:
        return _reset_each(rest, old, new, secret)
    if not (_is_container(part, old) and _is_container(part, new)):
        return _reset_beside(part, rest, old, new)
    if rest:
        return _reset_below(part, rest, old, new, secret)
    has_old, has_new = _has(old, part), _has(new, part)
    if isinstance(part, int) and has_old != has_new:
        return False
    if has_old:
        new[part] = Secret(old[part]) if secret else old[part]
    elif has_new:
        del new[part]
    return True


def _reset_below(part: str | int, rest: Path, old: Any, new: Any, secret: bool) -> bool:
    has_old, has_new = _has(old, part), _has(new, part)
    if has_old and has_new:
        return _reset(rest, old[part], new[part], secret)
    if isinstance(part, int) or has_old:
        return False
    return not has_new or _reset(rest, None, new[part], secret)


def _reset_beside(part: str | int, rest: Path, old: Any, new: Any) -> bool:
    """One of the two is not what the path expects there."""
    if isinstance(part, int) or rest:
        return not _is_container(part, old) and not _is_container(part, new)
    if isinstance(new, dict):
        new.pop(part, None)
        return True
    return not (isinstance(old, dict) and part in old)


def _reset_each(rest: Path, old: Any, new: Any, secret: bool) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        if not rest:
            new.clear()
            new.update({key: Secret(value) if secret else value for key, value in old.items()})
            return True
        return all(key in new and _reset(rest, value, new[key], secret) for key, value in old.items())
    if isinstance(old, list) and isinstance(new, list):
        for index, value in enumerate(old[: len(new)]):
            if not rest:
                new[index] = Secret(value) if secret else value
            elif not _reset(rest, value, new[index], secret):
                return False
        return len(old) == len(new)
    return not rest and isinstance(new, dict | list)


def _is_container(part: str | int, value: Any) -> bool:
    return isinstance(value, list if isinstance(part, int) else dict)


def _has(value: Any, part: str | int) -> bool:
    return part < len(value) if isinstance(part, int) else part in value


def _bare(value: Any) -> Any:
    while isinstance(value, Secret):
        value = value.value
    return value
