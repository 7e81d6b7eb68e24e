"""Rotations of keys that a stack's state shows: what is still live beside what is wanted."""

from __future__ import annotations

from collections.abc import Iterator

from automation.deployment.pending_creates import State
from settings.stack_state import parse_state


def describe_rotations(deployment: State) -> Iterator[str]:
    """Yield each link, broker or authority of which an old generation is live, and what it waits for."""
    outputs = {one["urn"]: one.get("outputs", {}) for one in deployment.get("resources") or []}
    for owner, mark in sorted(parse_state(outputs).marks.items()):
        *old, wanted = [one.number for one in mark.live] or [0]
        if old:
            stays = "generation" if len(old) == 1 else "generations"
            yield (
                f"{owner}: {stays} {', '.join(map(str, old))} beside {wanted}, until every site that uses it is seen to"
                f" use {wanted}"
            )
