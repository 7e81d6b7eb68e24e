"""What AIO's broker takes of a node, and of its clients.

Sources: learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-availability-scale,
learn.microsoft.com/azure/iot-operations/deploy-iot-ops/overview-deploy; packets:
learn.microsoft.com/azure/iot-operations/reference/mqtt-support, Maximum packet size. It writes MB; the API's most for
`maxPacketSizeBytes` is the High profile's 256 as MiB.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from settings.schema import BrokerSection


@dataclass(frozen=True)
class MemoryProfile:
    """Memory of one broker pod, MiB; `backend_mib` is per backend worker."""

    frontend_mib: int
    backend_mib: int
    packet_mib: int
    """The largest packet that the broker takes."""


MEMORY_PROFILES: Mapping[str, MemoryProfile] = {
    "Tiny": MemoryProfile(99, 102, 4),
    "Low": MemoryProfile(387, 390, 16),
    "Medium": MemoryProfile(1946, 1536, 64),
    "High": MemoryProfile(5018, 5939, 256),
}

AIO_WITHOUT_BROKER_GIB = 4
"""AIO's fixed services and K3s: 3.8-4.1 GB measured by Microsoft."""
DISK_WITHOUT_PERSISTENCE_GIB = 30
"""Disk that AIO's hardware requirements ask for."""


def broker_memory_gib(broker: BrokerSection, nodes: int = 1) -> float:
    """Return the memory of the broker pods on one of so many nodes; one with less leaves some of them Pending.

    Frontends, and the backends of a partition, keep away from nodes that have one already, so they spread evenly (How
    to configure availability and scale, "Cardinality"); what is left over may come together on one node.
    """
    profile = MEMORY_PROFILES[broker.memory_profile]
    frontends = ceil(broker.frontend_replicas / nodes) * profile.frontend_mib
    backends = _backends_on_one(broker, nodes) * broker.backend_workers * profile.backend_mib
    return (frontends + backends) / 1024


def largest_packet_mib(broker: BrokerSection) -> int:
    """Return the largest packet that the broker takes: AIO applies the smaller of both limits."""
    of_memory = MEMORY_PROFILES[broker.memory_profile].packet_mib
    return min(of_memory, broker.max_packet_mib or of_memory)


def persistence_disk_gib(broker: BrokerSection, nodes: int = 1) -> int:
    """Return the disk of the backend pods on one of so many nodes: each has a volume of its own."""
    return _backends_on_one(broker, nodes) * (broker.persistence_gib or 0)


def _backends_on_one(broker: BrokerSection, nodes: int) -> int:
    """Return the backend pods on one node at most: each partition spreads by itself."""
    return broker.backend_partitions * ceil(broker.backend_redundancy_factor / nodes)
