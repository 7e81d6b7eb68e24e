"""Generations only rise: what each link, listener and authority has had, also of those that are gone.

AIO reads no revocation list and matches a certificate by its subject, which carries the generation: a generation that
comes back makes every copy of its key good again
(learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authentication).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from settings.errors import Problem
from settings.model import Settings


@dataclass(frozen=True)
class Mark:
    """How high a generation has been."""

    generation: int
    in_use: bool
    """Whether the deployment that wrote this had it; what is gone leaves its mark."""


@dataclass(frozen=True)
class _Owner:
    key: str
    """Of its mark: `authorities`, or as in the output `certificates`."""
    where: str
    generation: int


def _owners(settings: Settings) -> Iterator[_Owner]:
    yield _Owner("authorities", "pki.generation", settings.pki.generation)
    for name, cluster in settings.clusters.items():
        if cluster.listener:
            yield _Owner(f"broker/{name}", f"clusters.{name}.listener.generation", cluster.listener.generation)
    for index, (name, link) in enumerate(settings.links.items()):
        yield _Owner(f"link/{name}", f"links[{index}].generation", link.generation)


def read_marks(written: Mapping[str, Any]) -> dict[str, Mark]:
    """Return the marks that a stack's state holds, by owner; numbers are floating-point there."""
    return {key: Mark(int(mark["generation"]), bool(mark["in_use"])) for key, mark in written.items()}


def raise_marks(settings: Settings, before: Mapping[str, Mark]) -> dict[str, Any]:
    """Return the marks of this deployment, as they are written: no lower than before, and none forgotten."""
    gone = {key: Mark(mark.generation, in_use=False) for key, mark in before.items()}
    return {key: asdict(mark) for key, mark in {**gone, **_wanted(settings)}.items()}


def _wanted(settings: Settings) -> dict[str, Mark]:
    return {one.key: Mark(one.generation, in_use=True) for one in _owners(settings)}


def find_lowered(settings: Settings, before: Mapping[str, Mark]) -> list[Problem]:
    """Return every generation that is lower than it was, or that something comes back with."""
    return [
        Problem(
            one.where,
            one.generation,
            f"{least} or more: {_why(mark)}",
            str(least),
        )
        for one in _owners(settings)
        if (mark := before.get(one.key)) and one.generation < (least := mark.generation + (not mark.in_use))
    ]


def _why(mark: Mark) -> str:
    seen = "this one has been" if mark.in_use else "what is here was taken away with"
    return f"{seen} {mark.generation}, and every copy of an old key would be good again"
