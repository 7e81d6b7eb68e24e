"""Which generations are live: the one that the settings want, and each that something deployed may still use.

A change of a generation is: *add* (the new one stands beside the old; both are mapped, a new root is signed by the old
one too), *prove* (the site has connected under the new one), *switch*, *retire*. Here it is decided, from what the
stack's own state shows, which generations there are in this deployment; nothing counts deployments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from settings import naming
from settings.errors import Problem
from settings.high_water import AUTHORITIES, Generation, Mark, broker_key, link_key, list_owners
from settings.model import Link, Listener, Settings

MOST_LIVE = 3
"""Generations of one thing. Each root is signed by those before it, and a root allows so many below it."""


@dataclass(frozen=True)
class Deployed:
    """What the stack's state shows of a rotation."""

    settled: frozenset[str] = frozenset()
    """Scripts (`name_settling`) that have seen a site's dataflows use new keys."""
    trusted: Mapping[str, str] = field(default_factory=dict)
    """Broker cluster -> the ConfigMap that its authentication names."""
    rotations: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Cluster -> rotations (`name_rotation`) whose scripts are there, however they have ended."""
    used: Mapping[str, str] = field(default_factory=dict)
    """Link -> the Secret that its endpoint names."""
    accepted: frozenset[tuple[str, int]] = frozenset()
    """Links, each with a generation that its broker knows."""


@dataclass(frozen=True)
class Live:
    """What of each thing is live, oldest first; the last is what the settings want."""

    settings: Settings
    authorities: tuple[Generation, ...]
    """Of the authority that signs links."""
    brokers: Mapping[str, tuple[Generation, ...]]
    """Broker cluster -> server chains, each with a root of its own."""
    links: Mapping[str, tuple[Generation, ...]]
    signers: Mapping[str, tuple[int, ...]]
    """Owner of roots (as of marks) -> generations that are not live, and whose root has signed one that is. Nobody
    trusts it; it stays until no live root carries its signature."""
    cut: frozenset[str]
    """Links whose endpoint names a key that is live no more: they stand still, and nothing is lost by haste."""
    leaving: Mapping[str, tuple[int, ...]]
    """Owner -> generations whose root is unprotected in this deployment, so that the next one can delete it."""

    def listeners(self, cluster: str) -> list[Listener]:
        """Return the cluster's listener as of each live generation; none without a listener."""
        settings, at = self.settings, self.settings.clusters[cluster]
        if at.listener is None:
            return []
        authority = self.trusted_authority(cluster)
        return [
            replace(
                at.listener,
                generation=one.number,
                authority=one.authority,
                **naming.server_authority_names(settings, at.code, one.number),
                **naming.listener_names(settings, cluster, one.number, authority),
            )
            for one in self.brokers[cluster]
        ]

    def links_as(self, link: Link) -> list[Link]:
        """Return the link as of each live generation."""
        return [
            replace(
                link,
                generation=one.number,
                authority=one.authority,
                **naming.link_names(self.settings, link.client, link.broker, one.number),
            )
            for one in self.links[link.name]
        ]

    def trusted_authority(self, cluster: str) -> int:
        """Return the one authority whose root a broker trusts: the oldest that has signed a live link to it.

        The roots of newer ones are signed by it too, so their links are accepted as well.
        """
        return min(one.authority for link in self.settings.links_to(cluster) for one in self.links[link.name])

    def rotates(self, link: Link) -> bool:
        """Return whether the site still has to go over to what the settings want."""
        return len(self.links[link.name]) > 1 or len(self.brokers[link.broker]) > 1

    def retired(self, owner: str) -> tuple[int, ...]:
        """Return the generations of which the root alone stays."""
        return tuple(sorted((*self.signers[owner], *self.leaving[owner])))

    @property
    def by_owner(self) -> dict[str, tuple[Generation, ...]]:
        """Return what is live of every owner of a mark."""
        brokers = {broker_key(name): live for name, live in self.brokers.items()}
        return {AUTHORITIES: self.authorities, **brokers, **{link_key(name): live for name, live in self.links.items()}}


def name_rotation(link: Link, listener: Listener) -> str:
    """Return what a site goes over to: its own generation, and that of the broker's chain. It never comes back."""
    return f"{link.name}-g{link.generation}-g{listener.generation}"


def name_settling(link: Link, listener: Listener) -> str:
    """Return the logical name of the script that has seen it, by which the stack's state is read."""
    return f"{link.client}-{naming.SETTLE}{name_rotation(link, listener)}"


def find_live(settings: Settings, before: Mapping[str, Mark], deployed: Deployed) -> Live:
    """Return what is live in the deployment that begins.

    Args:
        before: what the deployment before has written.
        deployed: what it has achieved.
    """
    moved = {
        link.name: name_settling(link, settings.listener_of(link)) in deployed.settled
        for link in settings.links.values()
    }
    links = {
        name: _keep(Generation(link.generation, link.authority), before.get(link_key(name)), link.revoked_generation,
                    settings.pki.revoked_generation, is_done=moved[name])
        for name, link in settings.links.items()
    }  # fmt: skip
    brokers = {
        name: _keep(Generation(listener.generation, listener.authority), before.get(broker_key(name)),
                    listener.revoked_generation, settings.pki.revoked_generation,
                    is_done=all(moved[link.name] for link in settings.links_to(name)))
        for name, cluster in settings.clusters.items()
        if (listener := cluster.listener)
    }  # fmt: skip
    authorities = _find_authorities(settings, before.get(AUTHORITIES), links.values(), deployed)
    owners = {AUTHORITIES: authorities, **{broker_key(name): live for name, live in brokers.items()}}
    signers = {owner: _find_signers(roots) for owner, roots in owners.items()}
    leaving = {
        owner: _find_leaving(roots, signers[owner], before[owner].live if owner in before else ())
        for owner, roots in owners.items()
    }
    cut = frozenset(
        link.name for link in settings.links.values() if _names_another_key(settings, link, links[link.name], deployed)
    )
    return Live(settings, authorities, brokers, links, signers, cut, leaving)


def find_crowded(settings: Settings, before: Mapping[str, Mark]) -> Iterator[Problem]:
    """Yield each generation that comes while too many before it are still in use."""
    live = find_live(settings, before, Deployed()).by_owner
    for one in list_owners(settings):
        oldest, *others = live[one.key]
        if len(others) >= MOST_LIVE:
            expected = (
                f"{one.generation - 1} until the sites that use generation {oldest} have followed, as `up` says; or"
                " say by revoked_generation that it need not work any more"
            )
            yield Problem(one.where, one.generation, expected, str(one.generation - 1))


def _keep(
    wanted: Generation, mark: Mark | None, revoked: int, revoked_authority: int, *, is_done: bool
) -> tuple[Generation, ...]:
    """Return what stays of what was live, and the wanted one."""
    was = [
        one
        for one in (mark.live if mark else ())
        if one.own > revoked and one.authority > revoked_authority and one.number <= wanted.number
    ]
    return _add([] if is_done else [one for one in was if one.number != wanted.number], wanted, was)


def _add(kept: list[Generation], wanted: Generation, was: Iterable[Generation]) -> tuple[Generation, ...]:
    """Return them with the wanted one, as it was made; its root is signed by those that are live when it is new."""
    made = next((one for one in was if one.number == wanted.number), None)
    return (*kept, made or replace(wanted, signers=tuple(one.number for one in reversed(kept))))


def _find_authorities(
    settings: Settings, mark: Mark | None, links: Iterable[tuple[Generation, ...]], deployed: Deployed
) -> tuple[Generation, ...]:
    """Return the authority that the settings want, and those that have signed a live link or are trusted somewhere."""
    wanted = settings.pki.generation
    used = {one.authority for live in links for one in live}
    was = [one for one in (mark.live if mark else ()) if settings.pki.revoked_generation < one.number <= wanted]
    trusted = set(deployed.trusted.values())
    kept = [
        one
        for one in was
        if one.number != wanted and (one.number in used or naming.client_ca_config_map(one.number) in trusted)
    ]
    return _add(kept, Generation(wanted, wanted), was)


def _names_another_key(settings: Settings, link: Link, live: Iterable[Generation], deployed: Deployed) -> bool:
    secrets = (naming.link_names(settings, link.client, link.broker, one.number)["secret_name"] for one in live)
    return link.name in deployed.used and deployed.used[link.name] not in secrets


def _find_signers(live: Iterable[Generation]) -> tuple[int, ...]:
    """Return what has signed a live root and is not live itself, lowest first."""
    return tuple(sorted({signer for one in live for signer in one.signers} - {one.number for one in live}))


def _find_leaving(live: Iterable[Generation], signers: Iterable[int], before: Iterable[Generation]) -> tuple[int, ...]:
    """Return what was live, and is neither that nor a signer now, lowest first."""
    return tuple(sorted({one.number for one in before} - {one.number for one in live} - set(signers)))
