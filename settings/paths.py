"""Dotted paths into the settings, as in `clusters.site.address_space` and `links[0].to`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]


def dotted(path: Path) -> str:
    """Return the path as text."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def above(path: str) -> str:
    """Return the path without its last step; empty for a path of one step."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def contains(outer: str, inner: str) -> bool:
    """Return whether the outer path is the inner one or one of those above it."""
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def leaves(value: object, path: Path = ()) -> Iterator[tuple[str, object]]:
    """Yield every value by its path: what is no map and no list of sections; an empty one counts as a value."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, str(key)))
    elif isinstance(value, list) and any(isinstance(inner, Mapping | list) for inner in value):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield dotted(path), value
