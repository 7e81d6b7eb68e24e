"""Dotted paths into the settings, as in `clusters.site.address_space` and `links[0].to`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

Path = tuple[str | int, ...]


def dotted(path: Path) -> str:
    """The path as text."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def above(path: str) -> str:
    """The path without its last step; empty for a path of one step."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def contains(outer: str, inner: str) -> bool:
    """Whether the outer path is the inner one or one of those above it."""
    return inner == outer or inner.startswith((f"{outer}.", f"{outer}["))


def related(path: str, others: Iterable[str]) -> bool:
    """Whether the path lies at, above or below one of the others."""
    return any(contains(path, other) or contains(other, path) for other in others)


def leaves(value: object, path: Path = ()) -> Iterator[tuple[str, object]]:
    """Every value that is no map or list, by its path; an empty map or list counts as a value."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, str(key)))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield dotted(path), value
