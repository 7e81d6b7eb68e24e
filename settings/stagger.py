"""No more links of a cluster go over to new keys at once than its node has room for; the others follow by themselves.

Each takes two Run Commands, beside five that every node has, and Azure takes 25 of a VM
(learn.microsoft.com/azure/virtual-machines/linux/run-command-managed). The engine deletes last, so that a deployment
still has the scripts of those that the one before was about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from settings.errors import Problem
from settings.high_water import Mark, broker_key, link_key, list_chains
from settings.hold_back import leave_as_before
from settings.model import Link, Listener, Settings
from settings.rotation import Deployed, find_live, name_rotation

MOST_AT_ONCE = 10
"""Links that start at one cluster."""


@dataclass(frozen=True)
class _Unit:
    """What goes over together: a broker's chain with every link to it, or one link."""

    owners: Mapping[str, int]
    """Those that may wait -> the generation that they are to have."""
    links: Sequence[Link]


def stagger(settings: Settings, before: Mapping[str, Mark], deployed: Deployed) -> Settings:
    """Return what of the settings this deployment can take, in their order; what waits is as it was.

    What is revoked never waits: with nothing old beside it, it takes no script either.

    Args:
        before: what was live in the deployment before.
        deployed: what that has left.
    """
    units = [*_list_units(settings, before)]
    waiting = {owner: number for unit in units for owner, number in unit.owners.items()}
    used = _list_rotations(leave_as_before(settings, before, waiting.keys()), before, deployed)
    live = find_live(settings, before, deployed)
    for unit in units:
        needed = {link.client: _name_rotation(settings, link) for link in unit.links if live.rotates(link)}
        if all(len(used[cluster] | {name}) <= MOST_AT_ONCE for cluster, name in needed.items()):
            for cluster, name in needed.items():
                used[cluster].add(name)
            waiting = {owner: number for owner, number in waiting.items() if owner not in unit.owners}
    return replace(leave_as_before(settings, before, waiting.keys()), postponed=waiting) if waiting else settings


def find_rushed(settings: Settings, before: Mapping[str, Mark], deployed: Deployed) -> Iterator[Problem]:
    """Yield each cluster more of whose links need scripts than its node has room for, although all wait that may.

    A broker that is going over has new links and those with stolen keys go over too, and they cannot wait.

    Args:
        settings: as `stagger` returns them.
    """
    for cluster, rotations in _list_rotations(settings, before, deployed).items():
        if len(rotations) > MOST_AT_ONCE:
            more = sorted(rotations - deployed.rotations.get(cluster, frozenset()))
            links = [link.name for link in settings.links_from(cluster) if _name_rotation(settings, link) in more]
            given = f"{len(rotations)} links that start here need scripts to go over to new keys"
            expected = f"at most {MOST_AT_ONCE}, as each needs two Run Commands and Azure takes 25 of a VM"
            hint = (
                f"leave {', '.join(links)} as before, or out if new, until the others have gone over; where a key is"
                " stolen, take the old one of its broker away too (clusters.<name>.listener.revoked_generation)"
            )
            yield Problem(f"clusters.{cluster}", given, expected, f"{MOST_AT_ONCE} links", hint)


def _list_units(settings: Settings, before: Mapping[str, Mark]) -> Iterator[_Unit]:
    """Yield what has another generation than before, and is not to have it at once."""
    late = {
        owner: one.generation
        for owner, _, one in list_chains(settings)
        if (mark := before.get(owner)) and mark.live and _may_wait(settings, one, mark)
    }
    brokers = [name for name in settings.clusters if broker_key(name) in late]
    for name in brokers:
        links = settings.links_to(name)
        owners = [broker_key(name), *(link_key(link.name) for link in links)]
        yield _Unit({owner: late[owner] for owner in owners if owner in late}, links)
    for link in settings.links.values():
        if link.broker not in brokers and link_key(link.name) in late:
            yield _Unit({link_key(link.name): link.generation}, [link])


def _may_wait(settings: Settings, one: Listener | Link, mark: Mark) -> bool:
    was = mark.live[-1]
    is_revoked = was.own <= one.revoked_generation or was.authority <= settings.pki.revoked_generation
    return was.number != one.generation and not is_revoked


def _list_rotations(settings: Settings, before: Mapping[str, Mark], deployed: Deployed) -> dict[str, set[str]]:
    """Return the rotations of each cluster's links whose scripts there are, or will be."""
    live = find_live(settings, before, deployed)
    found = {cluster: set(deployed.rotations.get(cluster, ())) for cluster in settings.clusters}
    for link in settings.links.values():
        if live.rotates(link):
            found[link.client].add(_name_rotation(settings, link))
    return found


def _name_rotation(settings: Settings, link: Link) -> str:
    return name_rotation(link, settings.listener_of(link))
