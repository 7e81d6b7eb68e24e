"""Which settings of a cluster have an effect, by the kind of its host."""

from __future__ import annotations

from collections.abc import Mapping

_OF_CLUSTER = ("connected_cluster.resource_id", "connected_cluster.kubeconfig", "connected_cluster.context")
_OF_MACHINE = (
    "machine.resource_id",
    "machine.ssh.host",
    "machine.ssh.port",
    "machine.ssh.user",
    "machine.ssh.host_key",
    "machine.ssh_over_arc.user",
    "machine.ssh_over_arc.port",
)
_OF_VM = (
    "address_space",
    "subnet",
    "node.vm_size",
    "node.zone",
    "node.os_disk_gib",
    "node.os_disk_sku",
    "node.encryption_at_host",
    "node.image",
    "nodes[].vm_size",
    "nodes[].zone",
)
WITHOUT_EFFECT: Mapping[str, frozenset[str]] = {
    "azure-vm": frozenset({*_OF_MACHINE, "nodes[].machine.resource_id", *_OF_CLUSTER}),
    "arc-machine": frozenset({*_OF_CLUSTER, *_OF_VM}),
    "existing-cluster": frozenset(
        {
            *_OF_MACHINE,
            *_OF_VM,
            "node.k3s_version",
            "node.k3s_sha256",
            "node.network_policies",
            "node.proxy.http",
            "node.proxy.https",
            "node.proxy.no_proxy",
            "node.maintenance.start",
            "node.maintenance.duration",
            "node.maintenance.time_zone",
            "node.maintenance.every",
            "nodes",
        }
    ),
}
"""Kind of host -> settings, below the cluster, that are not in effect there."""
DEFAULT_HOSTING = "azure-vm"
_HAS_NETWORK = frozenset({"azure-vm"})


def makes_network(hosting: object) -> bool:
    """Return whether the stack makes a virtual network; true of what is no kind of host, which is refused as such."""
    return not isinstance(hosting, str) or hosting in _HAS_NETWORK or hosting not in WITHOUT_EFFECT
