"""Find what answers a node that connects to a host and port: name, peerings, security groups, Service, frontends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from arm.types.iotoperations import BROKER_LISTENER
from arm.types.network import NETWORK_INTERFACE
from graph import pem
from graph.inputs import text_at
from rehearsal.azure.entries import Entry
from rehearsal.cluster.broker import list_ports
from rehearsal.cluster.build import build_view
from rehearsal.cluster.inventory import Inventory, find_location
from rehearsal.cluster.links import DeployedLink, is_at, is_open
from rehearsal.cluster.model import ClusterView
from rehearsal.cluster.network import find_obstacles
from rehearsal.cluster.security_groups import address_of

Outcome = Literal["connected", "refused", "no answer", "no such name"]


@dataclass(frozen=True)
class Way:
    """How a connection begins, and the cluster whose broker is at its end."""

    outcome: Outcome
    broker: ClusterView | None = None


AsRunning = Callable[[ClusterView], ClusterView]
"""From what is deployed for a broker to what its pods run with."""


def find_way(
    inventory: Inventory,
    cluster: Entry,
    host: str,
    port: int,
    nameless: Collection[str],
    as_running: AsRunning = lambda view: view,
) -> Way:
    """Return what a connection from the cluster's node to the host comes to.

    Args:
        inventory: what exists.
        cluster: the connected cluster.
        host: address or name.
        port: on it.
        nameless: names that nobody has made a DNS record for; every other one leads where its certificate is.
        as_running: what the broker that answers runs with; what is deployed, if left out.
    """
    brokers = list(_find_brokers(inventory, port))
    address = f"{host}:{port}"
    found = [one for one in brokers if is_at(one, address, inside=True)]
    if not pem.is_ip(host):
        found = found or brokers[: len(brokers) == 1]  # a name that the certificate lacks leads somewhere all the same
        if host in nameless or not found:
            return Way("no such name")
    if not found:
        known = any(address_of(nic) == host for nic in inventory.of_type(NETWORK_INTERFACE))
        return Way("refused" if known else "no answer")
    link = DeployedLink(build_view(inventory, cluster), "", address, found[0])
    if any(find_obstacles(inventory, link)):
        return Way("no answer")
    broker = as_running(found[0])
    # A Service that has taken the port is one with nothing behind it.
    answers = broker.frontends_up and is_open(broker, port) and port not in broker.taken_ports
    return Way("connected" if answers else "refused", broker)


def _find_brokers(inventory: Inventory, port: int) -> Iterator[ClusterView]:
    """Yield the clusters on which a listener has the port."""
    seen = set()
    for listener in inventory.of_type(BROKER_LISTENER):
        properties = listener.inputs.get("properties", {})
        if port in [one.get("port") for one in list_ports(properties)]:
            location = inventory.find(find_location(listener))
            cluster = inventory.find(text_at(location.inputs, "hostResourceId")) if location else None
            if cluster and cluster.id not in seen:
                seen.add(cluster.id)
                yield build_view(inventory, cluster)
