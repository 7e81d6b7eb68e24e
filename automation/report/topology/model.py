"""Clusters, the links between them and their peerings, read from a recorded deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arm.hosting import BY_NODE_TYPE
from arm.types import ResourceType
from arm.types.iotoperations import BROKER_LISTENER, DATAFLOW, DATAFLOW_ENDPOINT
from arm.types.keyvault import VAULT
from arm.types.network import VIRTUAL_NETWORK, VIRTUAL_NETWORK_PEERING
from arm.types.resources import RESOURCE_GROUP
from arm.values import redact
from graph.graph import Graph
from graph.grouping import STAMP, places
from graph.inputs import at, list_at, text_at
from settings.model import Settings


@dataclass(frozen=True)
class DrawnCluster:
    """One stamp. What the graph does not know yet, as in a preview, is empty."""

    name: str
    region: str
    node_size: str
    virtual_network: str
    address_space: str
    node_address: str
    key_vault: str
    ports: tuple[int, ...]
    """Open to other clusters: those of LoadBalancer listeners."""


@dataclass(frozen=True)
class DrawnLink:
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

    clusters: tuple[DrawnCluster, ...]
    links: tuple[DrawnLink, ...]
    peerings: frozenset[frozenset[str]]
    """Pairs of clusters whose VNets are peered in both directions."""
    routed: frozenset[frozenset[str]] = frozenset()
    """Pairs of clusters between which the stack leaves the way to somebody else."""

    def is_peered(self, link: DrawnLink) -> bool:
        """Return whether the VNets of both ends are peered."""
        return frozenset((link.client, link.broker)) in self.peerings

    def describe_peering(self, link: DrawnLink) -> str:
        """Return in a few words how the networks of both ends are joined."""
        without_network = {cluster.name for cluster in self.clusters if not cluster.virtual_network}
        if {link.client, link.broker} & without_network:
            return "no VNet to peer"
        if frozenset((link.client, link.broker)) in self.routed:
            return "by routes of yours"
        return "VNets peered" if self.is_peered(link) else "VNets not peered"


def read_topology(graph: Graph, settings: Settings) -> Topology:
    """Return the topology of a graph; the settings only say in which order people think of the clusters."""
    order = list(settings.clusters)
    names = [stamp.name for stamp in graph.of_type(STAMP)]
    names.sort(key=lambda name: order.index(name) if name in order else len(order))
    stamps = {name: _Inputs() for name in names}
    for urn, place in sorted(places(graph).items()):
        if place in stamps:
            resource = graph.resources[urn]
            stamps[place].setdefault(resource.arm_type, []).append(redact(resource.inputs))
    outputs = redact(graph.outputs)
    clusters = tuple(_read_cluster(name, inputs, outputs) for name, inputs in stamps.items())
    brokers = {
        f"{host}:{port}": cluster.name
        for cluster in clusters
        for host in (cluster.node_address, at(outputs, f"broker_endpoints.{cluster.name}.host"))
        for port in cluster.ports
        if host
    }
    links = tuple(link for name, inputs in stamps.items() for link in _read_links(name, inputs, brokers))
    described = outputs.get("links") or {}
    routed = frozenset(
        frozenset((one.get("from"), one.get("to"))) for one in described.values() if one.get("via") == "routed"
    )
    return Topology(clusters, links, _read_peerings(stamps), routed)


class _Inputs(dict[str, list[dict[str, Any]]]):
    """The resources of one cluster: ARM type -> redacted inputs."""

    def all(self, row: ResourceType) -> list[dict[str, Any]]:
        return self.get(row.arm_type, [])

    def first(self, row: ResourceType) -> dict[str, Any]:
        return next(iter(self.all(row)), {})


def _read_cluster(name: str, inputs: _Inputs, outputs: Mapping[str, Any]) -> DrawnCluster:
    network = inputs.first(VIRTUAL_NETWORK)
    sizes = (text_at(inputs.first(node_type), kind.node_size) for node_type, kind in BY_NODE_TYPE.items())
    return DrawnCluster(
        name,
        region=text_at(inputs.first(RESOURCE_GROUP), "location"),
        node_size=next(filter(None, sizes), ""),
        virtual_network=text_at(network, "virtualNetworkName"),
        address_space=", ".join(list_at(network, "addressSpace.addressPrefixes")),
        node_address=text_at(outputs, f"clusters.{name}.node.private_ip_address"),
        key_vault=text_at(inputs.first(VAULT), "vaultName"),
        ports=tuple(
            port["port"]
            for listener in inputs.all(BROKER_LISTENER)
            if text_at(listener, "properties.serviceType") == "LoadBalancer"
            for port in list_at(listener, "properties.ports")
            if "port" in port
        ),
    )


def _read_links(name: str, inputs: _Inputs, brokers: Mapping[str, str]) -> Iterator[DrawnLink]:
    for endpoint in inputs.all(DATAFLOW_ENDPOINT):
        if text_at(endpoint, "properties.hostType") == "CustomMqtt":  # the others lead to the cluster's own broker
            endpoint_name = text_at(endpoint, "dataflowEndpointName")
            address = text_at(endpoint, "properties.mqttSettings.host")
            topics = tuple(
                topic for dataflow in inputs.all(DATAFLOW) for topic in _read_topics(dataflow, endpoint_name)
            )
            yield DrawnLink(name, brokers.get(address, ""), endpoint_name, address, topics)


def _read_topics(dataflow: Mapping[str, Any], endpoint: str) -> Iterator[tuple[str, str]]:
    operations = list_at(dataflow, "properties.operations")
    sources = [topic for one in operations for topic in list_at(one, "sourceSettings.dataSources")]
    for one in operations:
        if text_at(one, "destinationSettings.endpointRef") == endpoint:
            yield from ((source, text_at(one, "destinationSettings.dataDestination")) for source in sources)


def _read_peerings(stamps: Mapping[str, _Inputs]) -> frozenset[frozenset[str]]:
    by_network = {text_at(one.first(VIRTUAL_NETWORK), "virtualNetworkName"): name for name, one in stamps.items()}
    halves = {
        (name, by_network.get(text_at(peering, "remoteVirtualNetwork.id").rpartition("/")[2], ""))
        for name, inputs in stamps.items()
        for peering in inputs.all(VIRTUAL_NETWORK_PEERING)
    }
    return frozenset(frozenset(half) for half in halves if half[::-1] in halves and "" not in half)
