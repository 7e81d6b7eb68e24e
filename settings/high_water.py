"""Generations only rise: what each link, listener and authority has had, also of those that are gone.

AIO reads no revocation list and matches a certificate by its subject, which carries the generation: a generation that
comes back makes every copy of its key good again
(learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authentication).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from settings.errors import Problem
from settings.model import Link, Listener, Settings, find_own_generation
from settings.naming import count_generation

AUTHORITIES = "authorities"
"""Owner of the mark of the authority that signs links."""

OTHER_ROOT = "other"
"""Root of an external CA in a recording, where a stand-in has signed with another one."""


def broker_key(cluster: str) -> str:
    """Return the owner of a broker's mark, as in the output `certificates`."""
    return f"broker/{cluster}"


def link_key(link: str) -> str:
    """Return the owner of a link's mark."""
    return f"link/{link}"


@dataclass(frozen=True)
class Generation:
    """One generation of a link's leaf, of a broker's chain or of an authority."""

    number: int
    authority: int
    """Generation of the authorities that it was made under."""
    signers: tuple[int, ...] = ()
    """Of a root: generations whose roots have signed it too, newest first. Who trusts one of them accepts it."""

    @property
    def own(self) -> int:
        """Return the generation as the setting had it."""
        return find_own_generation(self.number, self.authority)

    def __str__(self) -> str:
        """Return the number that names carry, and what it is made of where the setting has another one."""
        own = f"its own {self.own}, " if self.own > 1 else ""
        return str(self.number) if self.own == self.number else f"{self.number} ({own}pki.generation {self.authority})"


@dataclass(frozen=True)
class Root:
    """What a generation ended with that an external CA has signed."""

    number: int
    authority: int
    """Generation of the authorities that it was made under."""
    sha256: str

    @property
    def own(self) -> int:
        """Return the generation as the setting had it."""
        return find_own_generation(self.number, self.authority)


@dataclass(frozen=True)
class Mark:
    """How high a generation has been, and which are live."""

    generation: int
    """As the settings have it."""
    in_use: bool
    """Whether the deployment that wrote this had it; what is gone leaves its mark."""
    live: tuple[Generation, ...] = ()
    postponed: int = 0
    """Generation that it takes in a later deployment; 0: it has what the settings want."""
    leaving: tuple[int, ...] = ()
    """Generations whose roots are here for the last time, unprotected before they go."""
    roots: tuple[Root, ...] = ()
    """Of every generation that an external CA has signed, oldest first; none of the stack's own."""

    @property
    def root(self) -> str:
        """Return the SHA-256 of the root that the latest live one ends with, if an external CA has signed that."""
        found = (one.sha256 for one in self.roots if self.live and one.number == self.live[-1].number)
        return next((one for one in found if one != OTHER_ROOT), "")


@dataclass(frozen=True)
class Owner:
    """What has generations of its own."""

    key: str
    where: str
    generation: int


def list_chains(settings: Settings) -> Iterator[tuple[str, str, Listener | Link]]:
    """Yield the owner, the place in the settings, and each listener and link."""
    for name, cluster in settings.clusters.items():
        if cluster.listener:
            yield broker_key(name), f"clusters.{name}.listener", cluster.listener
    for index, (name, link) in enumerate(settings.links.items()):
        yield link_key(name), f"links[{index}]", link


def list_owners(settings: Settings) -> Iterator[Owner]:
    """Yield the authorities, and each listener and link."""
    yield Owner(AUTHORITIES, "pki.generation", settings.pki.generation)
    for key, where, one in list_chains(settings):
        yield Owner(key, f"{where}.generation", one.own_generation)


def read_marks(written: Mapping[str, Any]) -> dict[str, Mark]:
    """Return the marks that a stack's state holds, by owner; numbers are floating-point there."""
    return {
        key: Mark(
            int(mark["generation"]),
            bool(mark["in_use"]),
            tuple(map(_read_generation, mark.get("live", ()))),
            int(mark.get("postponed", 0)),
            tuple(map(int, mark.get("leaving", ()))),
            tuple(Root(int(one["number"]), int(one["authority"]), one["sha256"]) for one in mark.get("roots", ())),
        )
        for key, mark in written.items()
    }


def _read_generation(written: Mapping[str, Any]) -> Generation:
    return Generation(int(written["number"]), int(written["authority"]), tuple(map(int, written["signers"])))


def raise_marks(
    settings: Settings,
    before: Mapping[str, Mark],
    live: Mapping[str, tuple[Generation, ...]],
    leaving: Mapping[str, tuple[int, ...]] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the marks of this deployment, as they are written: no lower than before, and none forgotten.

    Args:
        live: owner -> what is live of it now.
        leaving: owner of roots -> generations whose roots are here for the last time.
    """
    gone = {key: Mark(mark.generation, in_use=False, roots=mark.roots) for key, mark in before.items()}
    wanted = {
        one.key: Mark(
            # What is held back counts as what it is to become: a lower number would give its keys back.
            max(one.generation, before[one.key].generation if one.key in before else 0),
            in_use=True,
            live=live[one.key],
            postponed=settings.postponed.get(one.key, 0),
            leaving=leaving.get(one.key, ()),
            roots=_add_root(settings, one.key, live[one.key][-1], before[one.key].roots if one.key in before else ()),
        )
        for one in list_owners(settings)
    }
    return {key: _write(mark) for key, mark in {**gone, **wanted}.items()}


def _add_root(settings: Settings, owner: str, latest: Generation, roots: tuple[Root, ...]) -> tuple[Root, ...]:
    requests = (one for one in settings.external.requests if one.owner == owner and one.number == latest.number)
    signed = (settings.external.signed.get(one.name) for one in requests)
    added = [Root(latest.number, latest.authority, chain.root_sha256) for chain in signed if chain]
    return (*(one for one in roots if one.number < latest.number), *added) if added else roots


def _write(mark: Mark) -> dict[str, Any]:
    return {
        name: value for name, value in asdict(mark).items() if value or name not in ("postponed", "leaving", "roots")
    }


def find_other_ca(settings: Settings, before: Mapping[str, Mark]) -> list[Problem]:
    """Return that other keys are signed outside than before: those in use would change under their names."""
    was, given = _find_external_ca(before), settings.pki.external_ca
    if was in ("", given):
        return []
    expected = f"as it was ({was}): roots that are trusted, and keys in use, would change under their names"
    hint = "it is chosen before the first up; for another one, destroy the stack first or take a new one"
    return [Problem("pki.external_ca", given, expected, was, hint)]


def _find_external_ca(before: Mapping[str, Mark]) -> str:
    """Return what `pki.external_ca` has been; nothing where no link has been deployed yet."""
    links = [mark for owner, mark in before.items() if owner.startswith(link_key(""))]
    if any(mark.roots for mark in links):
        return "leaves"
    if AUTHORITIES in before and before[AUTHORITIES].roots:
        return "intermediates"
    return "none" if any(mark.live for mark in links) else ""


def find_highest_signed(marks: Mapping[str, Mark]) -> int:
    """Return what no key's generation that an external CA vouches for is above; 0 where it has signed nothing."""
    if not any(mark.roots for mark in marks.values()):
        return 0
    own = (mark.generation for owner, mark in marks.items() if owner != AUTHORITIES)
    return count_generation(max(own, default=1), marks[AUTHORITIES].generation)


def find_lowered(settings: Settings, before: Mapping[str, Mark]) -> list[Problem]:
    """Return every generation that is lower than it was, or that something comes back with."""
    return [
        Problem(
            one.where,
            one.generation,
            f"{least} or more: {_why(mark)}",
            str(least),
        )
        for one in list_owners(settings)
        if (mark := before.get(one.key)) and one.generation < (least := mark.generation + (not mark.in_use))
    ]


def _why(mark: Mark) -> str:
    seen = "this one has been" if mark.in_use else "what is here was taken away with"
    return f"{seen} {mark.generation}, and every copy of an old key would be good again"
