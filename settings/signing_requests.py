"""Which certificates an external CA has to sign, and where they are read from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import PurePath

from settings.external_ca import Request
from settings.high_water import AUTHORITIES, broker_key, link_key
from settings.model import Link, Listener, Settings
from settings.naming import authority_names
from settings.rotation import Live

LEAVES = "leaves"


def list_requests(settings: Settings) -> Iterator[Request]:
    """Yield what these settings need signed."""
    if settings.links and settings.pki.external_ca != LEAVES:
        yield request_client_intermediate(settings, settings.pki.generation)
    for name, cluster in settings.clusters.items():
        if cluster.listener:
            yield request_server(settings, name, cluster.listener)
    if settings.pki.external_ca == LEAVES:
        yield from map(request_client, settings.links.values())


def list_live_requests(live: Live) -> Iterator[Request]:
    """Yield what everything live was signed with."""
    settings = live.settings
    for name in live.brokers:
        for listener in live.listeners(name):
            yield request_server(settings, name, listener)
    if settings.pki.external_ca == LEAVES:
        yield from (request_client(one) for link in settings.links.values() for one in live.links_as(link))
    else:
        yield from list_client_requests(live).values()


def list_client_requests(live: Live) -> dict[int, Request]:
    """Return one request for each live generation of the authorities: all of its links have the same root."""
    if live.settings.pki.external_ca != LEAVES:
        return {one.number: request_client_intermediate(live.settings, one.number) for one in live.authorities}
    return {one.authority: request_client(one) for link in live.settings.links.values() for one in live.links_as(link)}


def request_client_intermediate(settings: Settings, number: int) -> Request:
    """Return the request for what signs links in a generation of the authorities."""
    name = authority_names(settings, number)["client_intermediate"]
    return Request(AUTHORITIES, "client-intermediate", number, name, is_server=False, is_ca=True)


def request_server(settings: Settings, cluster: str, listener: Listener) -> Request:
    """Return the request for a generation of a broker's leaf, or of the intermediate above it."""
    owner, number = broker_key(cluster), listener.generation
    if settings.pki.external_ca != LEAVES:
        role = f"{cluster}-server-intermediate"
        return Request(owner, role, number, listener.intermediate_name, is_server=True, is_ca=True)
    return Request(
        owner, f"{cluster}-server-leaf", number, listener.common_name, is_server=True, is_ca=False,
        dns_names=listener.dns_names, ip_addresses=listener.ip_addresses,
    )  # fmt: skip


def request_client(link: Link) -> Request:
    """Return the request for a generation of a link's leaf."""
    role = f"{link.name}-client-leaf"
    return Request(link_key(link.name), role, link.generation, link.common_name, is_server=False, is_ca=False)


def locate_signed(settings: Settings, request: Request) -> str:
    """Return the file, seen from the stack's, in which the signed chain is expected."""
    return str(PurePath(settings.pki.signed_folder or "") / request.file)


def find_outside_windows(settings: Settings) -> dict[str, timedelta]:
    """Return the subject of what an external CA signs -> how long before its end it is to be signed again."""
    pki = settings.pki
    return {
        f"CN={one.common_name}": timedelta(
            hours=pki.intermediate_early_renewal_hours if one.is_ca else pki.early_renewal_hours
        )
        for one in settings.external.requests
    }
