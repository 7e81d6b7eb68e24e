"""Clusters in columns, so that links lead from left to right: layers by the longest path, ordered to cross little.

The method is Sugiyama's; a link that closes a loop is taken the other way round, one that skips layers gets
placeholders there, so that room is left for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean

Pair = tuple[str, str]
_SWEEPS = 4


@dataclass(frozen=True)
class Layers:
    """Columns of names, left to right; a placeholder's name is in none of the clusters."""

    columns: Sequence[Sequence[str]]
    routes: Mapping[Pair, Sequence[str]]
    """Each pair of linked clusters, left one first -> what lies on its way, both ends included."""
    alone: Sequence[str]
    """Clusters without a link."""


def layers(clusters: Sequence[str], pairs: Iterable[Pair]) -> Layers:
    """The layers of these clusters; pairs of a cluster with itself or with something unknown are left out."""
    known = {(first, second) for first, second in pairs if first != second and {first, second} <= {*clusters}}
    forward = _without_loops(clusters, sorted(known, key=lambda pair: [clusters.index(one) for one in pair]))
    linked = [name for name in clusters if any(name in pair for pair in forward)]
    depth = _depths(linked, forward)
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in linked:
        columns[depth[name]].append(name)
    routes: dict[Pair, list[str]] = {}
    for first, second in forward:
        between = [f"{first} > {second} {column}" for column in range(depth[first] + 1, depth[second])]
        for column, name in enumerate(between, depth[first] + 1):
            columns[column].append(name)
        routes[first, second] = [first, *between, second]
    _order(columns, neighbours(routes))
    return Layers(columns, routes, [name for name in clusters if name not in linked])


def neighbours(routes: Mapping[Pair, Sequence[str]]) -> dict[str, list[str]]:
    """Name -> names in the columns beside it that a route joins it with."""
    found: dict[str, list[str]] = {}
    for route in routes.values():
        for left, right in pairwise(route):
            found.setdefault(left, []).append(right)
            found.setdefault(right, []).append(left)
    return found


def _without_loops(clusters: Sequence[str], pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs, each once, turned round where a depth-first search meets its own path."""
    targets: dict[str, list[str]] = {}
    for first, second in pairs:
        targets.setdefault(first, []).append(second)
    begun: list[str] = []
    done: set[str] = set()
    result: dict[Pair, None] = {}

    def visit(name: str) -> None:
        begun.append(name)
        for other in targets.get(name, []):
            result[(other, name) if other in begun else (name, other)] = None
            if other not in done and other not in begun:
                visit(other)
        begun.pop()
        done.add(name)

    entered = {second for _, second in pairs}
    for name in sorted(clusters, key=lambda name: name in entered):
        if name not in done:
            visit(name)
    return list(result)


def _depths(names: Sequence[str], pairs: Sequence[Pair]) -> dict[str, int]:
    """The longest way that leads to each; who has none before it stands next to its nearest target."""
    depth = dict.fromkeys(names, 0)
    for _ in names:
        for first, second in pairs:
            depth[second] = max(depth[second], depth[first] + 1)
    entered = {second for _, second in pairs}
    for name in names:
        if name not in entered:
            depth[name] = min(depth[second] for first, second in pairs if first == name) - 1
    return depth


def _order(columns: list[list[str]], beside: Mapping[str, Sequence[str]]) -> None:
    """Sort each column by where its neighbours are, from the left and from the right in turn."""
    for sweep in range(_SWEEPS):
        indices = range(1, len(columns)) if sweep % 2 == 0 else range(len(columns) - 2, -1, -1)
        for index in indices:
            other = columns[index - 1 if sweep % 2 == 0 else index + 1]
            place = {name: position for position, name in enumerate(other)}
            own = {name: position for position, name in enumerate(columns[index])}

            def centre(name: str, place: Mapping[str, int] = place, own: Mapping[str, int] = own) -> float:
                found = [place[one] for one in beside.get(name, ()) if one in place]
                return mean(found) if found else own[name]

            columns[index].sort(key=centre)
