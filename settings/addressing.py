"""The address plan: which networks are free to use, and what follows from a cluster's address space."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from ipaddress import IPv4Address, IPv4Network

from settings.well_known import K3S_POD_NETWORK, K3S_SERVICE_NETWORK

PRIVATE_NETWORKS = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918."""

RESERVED_NETWORKS: Mapping[IPv4Network, str] = {
    K3S_POD_NETWORK: "the pods of K3s",
    K3S_SERVICE_NETWORK: "the services of K3s",
    IPv4Network("127.0.0.0/8"): "loopback",
    IPv4Network("169.254.0.0/16"): "link-local addresses and Azure's metadata service",
    IPv4Network("168.63.129.16/32"): "Azure's platform services (DNS, health probes)",
    IPv4Network("224.0.0.0/4"): "multicast",
    IPv4Network("255.255.255.255/32"): "broadcast",
}
"""Azure refuses these in a VNet, or K3s would send a peer's packets to its own pods."""

LARGEST_PREFIX_LENGTH = 29
"""Azure's smallest VNet and subnet: 8 addresses, 5 of them reserved."""
SMALLEST_PREFIX_LENGTH = 8

_NODE_OFFSET = 10
_FIRST_USABLE_OFFSET = 4

RESERVED_PORTS: Mapping[int, str] = {
    22: "SSH",
    53: "DNS",
    80: "HTTP (Traefik)",
    443: "HTTPS (Traefik)",
    1883: "MQTT without TLS",
    2379: "etcd",
    2380: "etcd",
    4317: "OpenTelemetry",
    4318: "OpenTelemetry",
    6443: "the API server of K3s",
    6444: "the load balancer of K3s",
    8472: "the pod network of K3s (VXLAN)",
    8889: "the Prometheus exporter of OpenTelemetry",
    9600: "the metrics of AIO's broker",
    10010: "containerd of K3s",
    **dict.fromkeys(range(10248, 10260), "the kubelet and control plane of K3s"),
    18883: "AIO's default listener",
    51820: "the pod network of K3s (WireGuard)",
}
"""Taken on the node or by AIO; a ServiceLB port is a host port and would stay Pending (docs.k3s.io/networking)."""
NODE_PORTS = range(30000, 32768)
"""Kubernetes hands these out to Services by itself."""


def default_subnet(address_space: IPv4Network) -> IPv4Network:
    """Return the second /24, so that the first stays free; the whole of a space without two /24s."""
    if address_space.prefixlen > 23:
        return address_space
    return IPv4Network((address_space[256], 24))


def default_node_address(subnet: IPv4Network) -> IPv4Address:
    """Return .10 of the subnet, or its first usable address when the subnet is too small for that."""
    return subnet[_NODE_OFFSET if subnet.num_addresses > _NODE_OFFSET + 1 else _FIRST_USABLE_OFFSET]


def next_node_address(subnet: IPv4Network, taken: Collection[IPv4Address]) -> IPv4Address | None:
    """Return the first free address behind those of the nodes, else any free one; None where none is free."""
    first, last = usable(subnet)
    start = max((one for one in taken if first <= one <= last), default=first)
    candidates = (IPv4Address(number) for number in (*range(int(start), int(last) + 1), *range(int(first), int(start))))
    return next((one for one in candidates if one not in taken), None)


def azure_reserved(subnet: IPv4Network) -> frozenset[IPv4Address]:
    """Return the five addresses of a subnet that Azure keeps: network, gateway, two for DNS, broadcast."""
    return frozenset((subnet[0], subnet[1], subnet[2], subnet[3], subnet[-1]))


def usable(subnet: IPv4Network) -> tuple[IPv4Address, IPv4Address]:
    """Return the first and the last address that Azure hands out."""
    return subnet[_FIRST_USABLE_OFFSET], subnet[-2]


def free_networks(taken: list[IPv4Network], prefix_length: int, count: int) -> list[IPv4Network]:
    """Return up to that many private networks of the size, one after the other (see `next_free`)."""
    found: list[IPv4Network] = []
    while len(found) < count and (network := next_free([*taken, *found], prefix_length)):
        found.append(network)
    return found


def is_free(network: IPv4Network, taken: list[IPv4Network]) -> bool:
    """Return whether a cluster could have the network: private, of a size that Azure takes, overlapping nothing."""
    return (
        any(network.subnet_of(private) for private in PRIVATE_NETWORKS)
        and SMALLEST_PREFIX_LENGTH <= network.prefixlen <= LARGEST_PREFIX_LENGTH
        and not any(network.overlaps(other) for other in (*taken, *RESERVED_NETWORKS))
    )


def next_free(taken: list[IPv4Network], prefix_length: int) -> IPv4Network | None:
    """Return the first private network of that size that overlaps neither the given ones nor a reserved one."""
    blocked = [*taken, *RESERVED_NETWORKS]
    for private in PRIVATE_NETWORKS:
        if prefix_length < private.prefixlen:
            continue
        candidate: IPv4Network | None = IPv4Network((private[0], prefix_length))
        while candidate and candidate.subnet_of(private):
            obstacle = next((network for network in blocked if network.overlaps(candidate)), None)
            if obstacle is None:
                return candidate
            # Go on behind whichever of the two ends later; the larger network contains the smaller.
            behind = int(max(obstacle.broadcast_address, candidate.broadcast_address)) + 1
            candidate = IPv4Network((behind, prefix_length)) if behind < 2**32 else None
    return None
