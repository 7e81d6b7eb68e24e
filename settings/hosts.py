"""What a cluster stands on, of the resolved settings: network, machines, nodes, proxy."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from settings.cluster_names import NodeNames
from settings.machines import Machine
from settings.schema import NodeSection


@dataclass(frozen=True)
class Network:
    """The VNet that the stack makes for a cluster."""

    address_space: IPv4Network
    subnet: IPv4Network


@dataclass(frozen=True)
class FurtherNode:
    """A node of a cluster beside its first one: an agent of its K3s."""

    name: str
    names: NodeNames
    address: IPv4Address
    machine: Machine | None
    """None: the stack makes it."""
    node: NodeSection
    """That of the first, with what differs."""


@dataclass(frozen=True)
class ExistingCluster:
    """The Arc-connected cluster that is there already, and is not the stack's."""

    resource_id: str
    resource_group: str
    name: str
    kubeconfig: str | None
    """With which kubectl reaches it; None: by Arc's proxy."""
    context: str | None

    def list_parameters(self) -> dict[str, str]:
        """Return the parameters of nodes/with-kubeconfig.sh that say which cluster it is, and the way to it."""
        way = {"KUBECONFIG_FILE": self.kubeconfig, "KUBE_CONTEXT": self.context}
        return {
            "RESOURCE_GROUP": self.resource_group,
            "CLUSTER_NAME": self.name,
            **{name: value for name, value in way.items() if value},
        }


@dataclass(frozen=True)
class Proxy:
    """The proxy by which a node reaches the internet."""

    http: str
    """URL, for what is not encrypted."""
    https: str
    no_proxy: tuple[str, ...]
    """All that is reached without it."""
