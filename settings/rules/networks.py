"""Rules of how packets get from cluster to cluster."""

from __future__ import annotations

from collections.abc import Iterator

from settings.errors import NOTHING, Problem
from settings.hosting import makes_network
from settings.schema import StackSection

_EXAMPLE = "http://proxy.example.com:3128"


def peered_networks_are_made(stack: StackSection) -> Iterator[Problem]:
    """Report a cluster that is to be peered, and whose network is not the stack's."""
    for name, cluster in stack.clusters.items():
        if cluster.network == "peered" and not makes_network(cluster.hosting):
            where = f"clusters.{name}"
            expected = f"none, as {where}.hosting is {cluster.hosting}, whose network is not the stack's to peer"
            yield Problem(f"{where}.network", "peered", expected, "none")


def peerings_have_networks(stack: StackSection) -> Iterator[Problem]:
    """Report a link that is to be peered with a cluster that is peered with nobody."""
    for index, link in enumerate(stack.links):
        ends = {name: stack.clusters[name] for name in (link.client, link.broker) if name in stack.clusters}
        without = [name for name, cluster in ends.items() if cluster.network == "none"]
        if link.via == "peering" and without:
            expected = f"routed, as clusters.{without[0]}.network is none"
            yield Problem(f"links[{index}].via", "peering", expected, "routed")


def one_way_per_pair(stack: StackSection) -> Iterator[Problem]:
    """Report a routed link back between two clusters that are peered: the peering would carry it too."""
    seen: dict[frozenset[str], int] = {}
    for index, link in enumerate(stack.links):
        first = seen.setdefault(frozenset((link.client, link.broker)), index)
        other = stack.links[first].via
        if other != link.via:
            expected = f"{other}, as links[{first}] joins the same two clusters"
            yield Problem(f"links[{index}].via", link.via, expected, str(other))


def no_proxy_has_proxy(stack: StackSection) -> Iterator[Problem]:
    """Report exceptions from a proxy that is not there: somebody has left out the proxy."""
    for name, cluster in stack.clusters.items():
        proxy = cluster.node.proxy
        if proxy.no_proxy and not proxy.https:
            where = f"clusters.{name}.node.proxy"
            yield Problem(f"{where}.https", NOTHING, f"the proxy that {where}.no_proxy leaves these out of", _EXAMPLE)
