"""What is around a stack and not of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Outside:
    """What is so around the stack, by its settings, and none of it is the stack's."""

    routes: frozenset[tuple[str, str]]
    """Address of a link's client, and of its broker: packets find their way between them."""
    proxies: Mapping[str, tuple[str, str]]
    """Address of a node that reaches nothing else of the internet -> its proxies, for http and for https."""
    images: frozenset[tuple[str, str]]
    """Id of a version of a gallery's image that a node starts from, and the region in which it has to be."""


NOTHING_OUTSIDE = Outside(frozenset(), {}, frozenset())
