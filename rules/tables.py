"""Rows of the tables of rules, and how a row's place in a body is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arm.types import ResourceType
from settings.model import Cluster, Settings


@dataclass(frozen=True)
class Fixed:
    """One input of one type. `*` in the path stands for every item of a list; `None` among the values for absent."""

    type: ResourceType
    path: str
    values: tuple[Any, ...]
    """What is right, the best one first; none: any value, but there must be one."""
    why: str
    source: str


@dataclass(frozen=True)
class Requested:
    """One input of one type, and what the settings ask for there; None: the input is left out."""

    type: ResourceType
    path: str
    setting: str
    expected: Callable[[Settings, Cluster], Any]


def zones(_: Settings, cluster: Cluster) -> list[str] | None:
    """Return what `zones` of a node, and of what it cannot do without, is asked to be."""
    return [cluster.node.zone] if cluster.node and cluster.node.zone else None


def read(value: Any, path: str, where: str = "") -> Iterator[tuple[str, Any]]:
    """Return (place, value) of what is at a dotted path; `*` stands for every item of a list."""
    head, _, rest = path.partition(".")
    if not path:
        yield where, value
    elif head == "*":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from read(item, rest, f"{where}[{index}]")
    else:
        inner = value.get(head) if isinstance(value, Mapping) else None
        yield from read(inner, rest, f"{where}.{head}" if where else head)
