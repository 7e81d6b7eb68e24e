"""Compare what was sent to Azure with what Azure answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arm import ids

_EMPTY: tuple[Any, ...] = (None, "", {}, [])
"""What Azure may leave out."""
_NAMES = ("name", "targetKey")
"""What tells the items of a list from each other, as Azure keeps no order of them."""


@dataclass(frozen=True)
class Difference:
    """One value that is another one."""

    path: str
    seen: Any
    expected: Any


def differences(expected: Any, seen: Any, path: str = "", *, exact: bool = False) -> Iterator[Difference]:
    """Yield what is otherwise than expected. Azure says more than it was told, which counts only with `exact`.

    Items of lists that have names are compared by them, and one that nobody asked for always counts.
    """
    if isinstance(expected, Mapping) and isinstance(seen, Mapping):
        yield from _maps(expected, seen, path, exact=exact)
    elif _is_named(expected) and (_is_named(seen) or not seen):
        yield from _maps(_by_name(expected), _by_name(seen or []), path, exact=exact, whole=True)
    elif isinstance(expected, list) and isinstance(seen, list) and len(expected) == len(seen):
        for index, (one, other) in enumerate(zip(_ordered(expected), _ordered(seen), strict=True)):
            yield from differences(one, other, f"{path}.{index}", exact=exact)
    elif not _is_same(expected, seen, path):
        yield Difference(path.removeprefix("."), seen, expected)


def _maps(
    expected: Mapping[str, Any], seen: Mapping[str, Any], path: str, *, exact: bool, whole: bool = False
) -> Iterator[Difference]:
    """Compare by key, in any case of letters where the key is an id."""
    found = {_key(key): value for key, value in seen.items()}
    for key, value in expected.items():
        yield from differences(value, found.get(_key(key)), f"{path}.{key}", exact=exact)
    known = set(map(_key, expected))
    for key, value in seen.items() if exact or whole else ():
        if _key(key) not in known and value not in _EMPTY:
            yield Difference(f"{path}.{key}".removeprefix("."), value, None)


def _key(key: str) -> str:
    return ids.key(key) if key.startswith("/subscriptions/") else key


def _is_named(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) and _name(one) for one in value)


def _name(item: Mapping[str, Any]) -> str:
    return next((str(item[key]) for key in _NAMES if item.get(key)), "")


def _by_name(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {_name(item): item for item in items}


def _ordered(items: list[Any]) -> list[Any]:
    """Sort texts, as no list of texts of ours has an order."""
    return sorted(items) if all(isinstance(one, str) for one in items) else items


def _is_same(expected: Any, seen: Any, path: str) -> bool:
    if expected in _EMPTY and seen in _EMPTY:
        return True
    if isinstance(expected, str) and isinstance(seen, str):
        if expected.startswith("/subscriptions/"):
            return ids.key(expected) == ids.key(seen)
        if path.endswith("location"):
            return ids.same_place(expected, seen)
    return bool(type(expected) is type(seen) and expected == seen)
