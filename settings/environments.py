"""What differs between environments, side by side. Everything else is the same in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """Defaults of one kind of environment; a stack file overrides the first block per cluster."""

    name: str
    # Sizes (per cluster, may be overridden)
    vm_size: str
    zone: str | None
    os_disk_gib: int
    os_disk_sku: str
    memory_profile: str
    frontend_replicas: int
    frontend_workers: int
    backend_partitions: int
    backend_workers: int
    backend_redundancy_factor: int
    persistence_gib: int | None
    # Protection
    protect: bool
    """Resource group, vault, storage, VNet, node, broker and CA keys refuse to be deleted (Pulumi `protect`)."""
    purge_protection: bool
    """Key Vault; cannot be switched off again (field-review §3, rule 19)."""
    soft_delete_days: int
    """Key Vault, 7 to 90; fixed at creation."""
    storage_sku: str
    dataflow_disk_persistence: bool
    """Dataflows keep unsent messages on disk; off: a reboot of the node loses them."""
    # Certificates, hours
    leaf_hours: int
    early_renewal_hours: int


PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            name="dev",
            vm_size="Standard_D8s_v6",
            zone=None,
            os_disk_gib=128,
            os_disk_sku="Premium_LRS",
            memory_profile="Low",
            frontend_replicas=2,
            frontend_workers=2,
            backend_partitions=1,
            backend_workers=2,
            backend_redundancy_factor=2,
            persistence_gib=None,
            protect=False,
            purge_protection=False,
            soft_delete_days=7,
            storage_sku="Standard_LRS",
            dataflow_disk_persistence=False,
            leaf_hours=24 * 365,
            early_renewal_hours=24 * 60,
        ),
        Profile(
            name="prod",
            vm_size="Standard_D16s_v6",
            zone="1",
            os_disk_gib=256,
            os_disk_sku="Premium_LRS",
            memory_profile="Medium",
            frontend_replicas=2,
            frontend_workers=4,
            backend_partitions=2,
            backend_workers=2,
            backend_redundancy_factor=2,
            persistence_gib=32,
            protect=True,
            purge_protection=True,
            soft_delete_days=90,
            storage_sku="Standard_ZRS",
            dataflow_disk_persistence=True,
            leaf_hours=24 * 180,
            early_renewal_hours=24 * 45,
        ),
    )
}  # fmt: skip
