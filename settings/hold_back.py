"""What an external CA has not signed yet is held back: as it was, or out of the deployment where it never was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from settings.errors import Problem
from settings.high_water import AUTHORITIES, Generation, Mark, broker_key, link_key, list_chains
from settings.model import Authorities, Cluster, Link, Settings
from settings.naming import authority_names, link_names, listener_names, server_authority_names, server_ca_config_map


def hold_back(settings: Settings, before: Mapping[str, Mark]) -> Settings:
    """Return what can be deployed with what is signed.

    Args:
        before: what was live in the deployment before.
    """
    waiting = {one.owner for one in settings.external.waiting}
    return leave_as_before(settings, before, waiting) if waiting else settings


def leave_as_before(settings: Settings, before: Mapping[str, Mark], waiting: Set[str]) -> Settings:
    """Return the settings with these owners of marks as they were, or without them where they never were.

    Args:
        before: what was live in the deployment before.
    """
    was = {owner: mark.live[-1] for owner, mark in before.items() if mark.live}
    clusters = {
        name: _listen_as_before(settings, cluster, was.get(broker_key(name)))
        if broker_key(name) in waiting
        else cluster
        for name, cluster in settings.clusters.items()
    }
    links = {
        name: found
        for name, link in settings.links.items()
        if clusters[link.broker].listener
        and (found := _connect_as_before(settings, link, was.get(link_key(name))) if _needs(link) & waiting else link)
    }
    links = {name: _trust(link, clusters) for name, link in links.items()}
    linked = {(link.client, link.broker) for link in links.values()}
    number = max((link.authority for link in links.values()), default=settings.pki.generation)
    return replace(
        settings,
        clusters={
            name: cluster if any(broker == name for _, broker in linked) else replace(cluster, listener=None)
            for name, cluster in clusters.items()
        },
        links=links,
        peerings=tuple(one for one in settings.peerings if {(one.first, one.second), (one.second, one.first)} & linked),
        pki=settings.pki.model_copy(update={"generation": number}),
        authorities=Authorities(**authority_names(settings, number)),
    )


def _needs(link: Link) -> set[str]:
    return {link_key(link.name), AUTHORITIES}


def _connect_as_before(settings: Settings, link: Link, was: Generation | None) -> Link | None:
    if was is None:
        return None
    names = link_names(settings, link.client, link.broker, was.number)
    return replace(link, generation=was.number, authority=was.authority, **names)


def _listen_as_before(settings: Settings, cluster: Cluster, was: Generation | None) -> Cluster:
    listener = cluster.listener
    assert listener is not None, cluster.name
    if was is None:
        return replace(cluster, listener=None)
    names = {
        **_be_found_as_before(settings, cluster, was),
        **server_authority_names(settings, cluster.code, was.number),
        **listener_names(settings, cluster.name, was.number, was.authority),
    }
    return replace(cluster, listener=replace(listener, generation=was.number, authority=was.authority, **names))


def _be_found_as_before(settings: Settings, cluster: Cluster, was: Generation) -> dict[str, Any]:
    """Return the DNS name that the old leaf is for: clients go on to ask for that."""
    chain = settings.external.signed.get(f"{cluster.name}-server-leaf-g{was.number}")
    if chain is None:
        return {}
    names = chain.dns_names
    return {"dns_names": names, "host": names[0] if names else str(cluster.address)}


def _trust(link: Link, clusters: Mapping[str, Cluster]) -> Link:
    listener = clusters[link.broker].listener
    assert listener is not None, link.broker
    return replace(link, server_ca_config_map=server_ca_config_map(link.broker, listener.generation))


def find_stranded(settings: Settings, held: Settings, before: Mapping[str, Mark]) -> Iterator[Problem]:
    """Yield each broker that is left without a link, as the only ones to it are new and wait to be signed.

    It would go, and could come back with another generation only.
    """
    for name, cluster in settings.clusters.items():
        mark = before.get(broker_key(name))
        if cluster.listener and held.clusters[name].listener is None and mark and mark.in_use:
            waiting = [link.name for link in settings.links_to(name)]
            expected = f"beside {', '.join(waiting)} a link to {name} that is there already, until those are signed"
            given = "no link that is signed: the listener would be taken away"
            yield Problem(f"clusters.{name}.listener", given, expected, f"links: [{{from: ..., to: {name}}}]")


def find_kept(settings: Settings) -> Iterator[Problem]:
    """Yield what is to be taken away and stays, as its successor is held back."""
    revoked = settings.pki.revoked_generation
    for _, where, one in list_chains(settings):
        if one.own_generation <= one.revoked_generation or one.authority <= revoked:
            expected = "to be left out until what takes its place is signed: it would go on to work"
            yield Problem(f"{where}.revoked_generation", max(one.revoked_generation, revoked), expected, "0")
