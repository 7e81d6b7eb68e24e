"""Which settings of a cluster have an effect, by the kind of its host."""

from __future__ import annotations

from collections.abc import Mapping

WITHOUT_EFFECT: Mapping[str, frozenset[str]] = {
    "azure-vm": frozenset({"machine.resource_id"}),
    "arc-machine": frozenset(
        {
            "address_space",
            "subnet",
            "node.vm_size",
            "node.zone",
            "node.os_disk_gib",
            "node.os_disk_sku",
            "node.encryption_at_host",
        }
    ),
}
"""Kind of host -> settings, below the cluster, that are not in effect there."""
HAS_NETWORK = frozenset({"azure-vm"})
"""Kinds for which the stack makes a virtual network."""
DEFAULT_HOSTING = "azure-vm"
