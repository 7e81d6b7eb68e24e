"""What a deployment consists of, at a glance: clusters, links between them, and peerings; read from its graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arm.values import redact
from graph.graph import Graph, Resource
from graph.grouping import places
from graph.inputs import at, items, text
from settings.model import Settings


@dataclass(frozen=True)
class Cluster:
    """One stamp. What the graph does not know yet, as in a preview, is empty."""

    name: str
    region: str
    vm_size: str
    virtual_network: str
    address_space: str
    node_address: str
    key_vault: str
    ports: tuple[int, ...]
    """Open to other clusters: those of LoadBalancer listeners."""


@dataclass(frozen=True)
class Link:
    """A dataflow endpoint that leads out of its cluster, and the dataflows that send to it."""

    client: str
    broker: str
    """The cluster whose listener is at the address; empty if none is."""
    endpoint: str
    address: str
    """host:port."""
    topics: tuple[tuple[str, str], ...]
    """(topic here, topic there)."""


@dataclass(frozen=True)
class Topology:
    """The whole."""

    clusters: tuple[Cluster, ...]
    links: tuple[Link, ...]
    peerings: frozenset[frozenset[str]]
    """Pairs of clusters whose VNets are peered in both directions."""

    def peered(self, link: Link) -> bool:
        """Whether the VNets of both ends are peered."""
        return frozenset((link.client, link.broker)) in self.peerings


def drawn(graph: Graph, settings: Settings) -> Topology:
    """The topology of a graph; the settings only say in which order people think of the clusters."""
    order = list(settings.clusters)
    owned = _by_place(graph)
    names = [stamp.name for stamp in graph.of_type("ClusterStamp")]
    names.sort(key=lambda name: order.index(name) if name in order else len(order))
    clusters = tuple(_cluster(name, owned[name]) for name in names)
    by_address = {address: name for name in names for address in _addresses(graph, name, owned[name])}
    links = tuple(link for name in names for link in _links(name, owned[name], by_address))
    return Topology(clusters, links, _peerings(owned))


class _Owned:
    """The resources of one cluster: by the last part of their type, with inputs in plain."""

    def __init__(self) -> None:
        self.kinds: dict[str, list[dict[str, Any]]] = {}

    def add(self, resource: Resource) -> None:
        self.kinds.setdefault(resource.type.rsplit(":", 1)[-1], []).append(redact(resource.inputs))

    def all(self, kind: str) -> list[dict[str, Any]]:
        return self.kinds.get(kind, [])

    def one(self, kind: str) -> dict[str, Any]:
        return next(iter(self.all(kind)), {})


def _by_place(graph: Graph) -> dict[str, _Owned]:
    owned: dict[str, _Owned] = {}
    for urn, place in sorted(places(graph).items()):
        owned.setdefault(place, _Owned()).add(graph.resources[urn])
    return owned


def _cluster(name: str, owned: _Owned) -> Cluster:
    network = owned.one("VirtualNetwork")
    return Cluster(
        name,
        region=text(owned.one("ResourceGroup"), "location"),
        vm_size=text(owned.one("VirtualMachine"), "hardwareProfile.vmSize"),
        virtual_network=text(network, "virtualNetworkName"),
        address_space=", ".join(items(network, "addressSpace.addressPrefixes")),
        node_address=_node_address(owned),
        key_vault=text(owned.one("Vault"), "vaultName"),
        ports=tuple(_ports(owned)),
    )


def _node_address(owned: _Owned) -> str:
    configurations = items(owned.one("NetworkInterface"), "ipConfigurations")
    return next((found for one in configurations if (found := text(one, "privateIPAddress"))), "")


def _ports(owned: _Owned) -> Iterator[int]:
    for listener in owned.all("BrokerListener"):
        if text(listener, "properties.serviceType") == "LoadBalancer":
            yield from (port["port"] for port in items(listener, "properties.ports") if "port" in port)


def _addresses(graph: Graph, name: str, owned: _Owned) -> Iterator[str]:
    """Where the cluster's listeners are: at the node's address, and at the host that the stack publishes."""
    published = at(redact(graph.outputs), f"broker_endpoints.{name}.host")
    yield from (f"{host}:{port}" for host in (_node_address(owned), published) if host for port in _ports(owned))


def _links(name: str, owned: _Owned, by_address: Mapping[str, str]) -> Iterator[Link]:
    for endpoint in owned.all("DataflowEndpoint"):
        if text(endpoint, "properties.hostType") != "CustomMqtt":
            continue  # the cluster's own broker
        own_name = text(endpoint, "dataflowEndpointName")
        address = text(endpoint, "properties.mqttSettings.host")
        topics = tuple(topic for flow in owned.all("Dataflow") for topic in _topics(flow, own_name))
        yield Link(name, by_address.get(address, ""), own_name, address, topics)


def _topics(dataflow: Mapping[str, Any], endpoint: str) -> Iterator[tuple[str, str]]:
    operations = items(dataflow, "properties.operations")
    sources = [topic for one in operations for topic in items(one, "sourceSettings.dataSources")]
    for one in operations:
        if text(one, "destinationSettings.endpointRef") == endpoint:
            yield from ((source, text(one, "destinationSettings.dataDestination")) for source in sources)


def _peerings(owned: Mapping[str, _Owned]) -> frozenset[frozenset[str]]:
    by_network = {text(one.one("VirtualNetwork"), "virtualNetworkName"): name for name, one in owned.items()}
    halves = {
        (name, by_network.get(text(peering, "remoteVirtualNetwork.id").rpartition("/")[2], ""))
        for name, one in owned.items()
        for peering in one.all("VirtualNetworkPeering")
    }
    return frozenset(frozenset(half) for half in halves if half[::-1] in halves and "" not in half)
