"""What a stack file means where it says nothing: a promise to whoever has deployed one, kept in `docs/settings.md`.

A default that changes reaches every stack that relied on the old one: another number of frontends replaces the broker
with what it holds, another `instance` every name in Azure. So it is said here too, and changes in two places.
"""

from __future__ import annotations

from collections.abc import Mapping

from rules.facts import node

_SITE, _ENTERPRISE, _LINK = "clusters.site", "clusters.enterprise", "links[0]"

STACK: Mapping[str, object] = {
    "instance": "001",
    "release": "2608",
    "tags": {},
    "admin_user_object_ids": [],
    "operator_group_object_id": None,
    "custom_roles": True,
    f"{_SITE}.code": "a",
    f"{_SITE}.address_space": "10.1.0.0/16",
    f"{_SITE}.subnet": "10.1.1.0/24",
    f"{_SITE}.node.address": "10.1.1.10",
    f"{_ENTERPRISE}.code": "b",
    f"{_ENTERPRISE}.address_space": "10.2.0.0/16",
    f"{_ENTERPRISE}.subnet": "10.2.1.0/24",
    f"{_ENTERPRISE}.node.address": "10.2.1.10",
    f"{_ENTERPRISE}.listener.port": 28883,
    f"{_ENTERPRISE}.listener.dns_name": None,
    f"{_ENTERPRISE}.listener.generation": 1,
    f"{_ENTERPRISE}.listener.revoked_generation": 0,
    f"{_LINK}.from": "site",
    f"{_LINK}.to": "enterprise",
    f"{_LINK}.via": "peering",
    f"{_LINK}.generation": 1,
    f"{_LINK}.revoked_generation": 0,
    f"{_LINK}.client_id_prefix": "site.",
    f"{_LINK}.client_ids": None,
    f"{_LINK}.topics[0].from": "input",
    f"{_LINK}.topics[0].to": "site/output",
    f"{_LINK}.topics[0].payload": "any",
    f"{_LINK}.topics[0].shared": False,
    "pki.generation": 1,
    "pki.revoked_generation": 0,
    "pki.algorithm": "ecdsa",
    "pki.external_ca": "none",
    "pki.root_days": 3650,
    "pki.intermediate_days": 1825,
}
"""Of a file that has prefix, environment and location only."""

CLUSTER: Mapping[str, object] = {
    "hosting": "azure-vm",
    "tags": {},
    "network": "peered",
    "node.image": None,
    "node.k3s_version": node.K3S_VERSION.value,
    "node.k3s_sha256": None,
    "node.network_policies": False,
    "node.proxy.http": None,
    "node.proxy.https": None,
    "node.proxy.no_proxy": [],
    "node.maintenance.start": None,
    "node.maintenance.duration": "03:00",
    "node.maintenance.time_zone": "UTC",
    "node.maintenance.every": "Week Sunday",
    "broker.max_session_hours": 168,
    "broker.max_message_hours": None,
    "broker.max_packet_mib": 4,
    "broker.max_receive_messages": None,
    "broker.max_keep_alive_seconds": 300,
    "broker.max_queue_messages": None,
}
"""The same in each cluster; its location is the stack's."""

PROFILES: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "dev": {
        "cluster": {
            "node.vm_size": "Standard_D8s_v6",
            "node.zone": None,
            "node.os_disk_gib": 128,
            "node.os_disk_sku": "Premium_LRS",
            "node.encryption_at_host": False,
            "broker.memory_profile": "Low",
            "broker.frontend_replicas": 2,
            "broker.frontend_workers": 2,
            "broker.backend_partitions": 1,
            "broker.backend_workers": 2,
            "broker.backend_redundancy_factor": 2,
            "broker.persistence_gib": None,
        },
        "stack": {
            "protection.protect": False,
            "protection.purge_protection": False,
            "protection.soft_delete_days": 7,
            "protection.storage_sku": "Standard_LRS",
            "protection.dataflow_disk_persistence": False,
            "protection.outage_hours": 1,
            "pki.signed_folder": "certificates/dev",
            "pki.leaf_days": 365,
            "pki.early_renewal_days": 92,
        },
    },
    "prod": {
        "cluster": {
            "node.vm_size": "Standard_D16s_v6",
            "node.zone": "1",
            "node.os_disk_gib": 256,
            "node.os_disk_sku": "Premium_LRS",
            "node.encryption_at_host": True,
            "broker.memory_profile": "Medium",
            "broker.frontend_replicas": 2,
            "broker.frontend_workers": 4,
            "broker.backend_partitions": 2,
            "broker.backend_workers": 2,
            "broker.backend_redundancy_factor": 2,
            "broker.persistence_gib": 32,
        },
        "stack": {
            "protection.protect": True,
            "protection.purge_protection": True,
            "protection.soft_delete_days": 90,
            "protection.storage_sku": "Standard_ZRS",
            "protection.dataflow_disk_persistence": True,
            "protection.outage_hours": 72,
            "pki.signed_folder": "certificates/prod",
            "pki.leaf_days": 180,
            "pki.early_renewal_days": 45,
        },
    },
}
"""Profile -> what it sets in each cluster, and for the stack."""


def defaults_of(profile: str, location: str) -> dict[str, object]:
    """Return every default of an environment that is named as its profile."""
    each = {**CLUSTER, "location": location, **PROFILES[profile]["cluster"]}
    clusters = {f"{cluster}.{key}": value for cluster in (_SITE, _ENTERPRISE) for key, value in each.items()}
    return {**STACK, **clusters, "profile": profile, **PROFILES[profile]["stack"]}
