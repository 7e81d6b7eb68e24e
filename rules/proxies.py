"""Nodes behind a proxy: what goes out knows it, and what stays inside is never sent to it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from arm.hosting import JOIN
from graph.graph import Resource
from rules.facts import node
from rules.facts.node_files import PROXY_PARAMETERS
from rules.lookup import Hits, View

_SCRIPTS = ("setup-k3s", "connect-arc", JOIN)
"""Those that ask the internet for something, and tell K3s and Arc's agents what to ask."""


def nodes_know_their_proxy(view: View) -> Hits:
    """Require of every node the proxies of the settings, of others none, and exceptions for all that is inside."""
    for name, cluster in view.clusters.items():
        proxy = cluster.node.proxy if cluster.node else None
        wanted = (proxy.http or proxy.https, proxy.https or proxy.http) if proxy else (None, None)
        for script in (one for kind in _SCRIPTS for one in view.commands(name, kind)):
            given = view.parameters(script)
            for key, value in zip(PROXY_PARAMETERS, wanted, strict=False):
                if given.get(key) != value:
                    yield script.name, f"parameter {key}: {given.get(key)!r}; the settings ask for {value!r}"
            if wanted[1]:
                yield from _find_sent_out(view, name, script, given.get("NO_PROXY", ""))


def _find_sent_out(view: View, cluster: str, script: Resource, no_proxy: str) -> Hits:
    words = [word for word in no_proxy.split(",") if word]
    networks = [network for word in words if (network := _read(word))]
    for what, host in (*_list_inside(view, cluster), *_list_given(view, cluster)):
        network = _read(host)
        is_past = any(network.subnet_of(one) for one in networks) if network else host in words
        if not is_past:
            yield script.name, f"parameter NO_PROXY: lacks {host}, {what}, which no proxy reaches. Add it"


def _list_inside(view: View, cluster: str) -> Iterator[tuple[str, str]]:
    yield "the node itself", "127.0.0.1"
    yield "the pods of K3s", str(node.K3S_POD_NETWORK.value)
    yield "the services of K3s", str(node.K3S_SERVICE_NETWORK.value)
    yield "names of services", ".svc"
    yield from (("Azure's own on the machine", address) for address in node.PLATFORM_SERVICES.value)
    own = view.clusters[cluster]
    inside = [own.network.subnet] if own.network else own.addresses
    yield from (("the network of the nodes", str(one)) for one in inside)
    for link in view.settings.links_from(cluster):
        listener = view.settings.listener_of(link)
        yield from ((f"the broker of link {link.name}", host) for host in (listener.host, *listener.dns_names))


def _list_given(view: View, cluster: str) -> Iterator[tuple[str, str]]:
    asked_for = view.clusters[cluster].node
    yield from (("which the settings leave out", host) for host in (asked_for.proxy.no_proxy if asked_for else ()))


def _read(word: str) -> IPv4Network | None:
    """Return the network, or the address as one; None of a name."""
    try:
        return IPv4Network(word) if "/" in word else IPv4Network(IPv4Address(word))
    except ValueError:
        return None
