"""What differs between kinds of environment, side by side: partial stack files, below whatever a stack file says.

`node` and `broker` are those of each cluster. Every profile sets exactly the settings that have no default of their own
(`settings.schema`); a gap is a mistake in this file, told when it is imported and never to a user.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from settings.schema import PROFILE_SECTIONS

PROFILES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "dev": {
        "node": {
            "vm_size": "Standard_D8s_v6",
            "zone": None,
            "os_disk_gib": 128,
            "os_disk_sku": "Premium_LRS",
            "encryption_at_host": False,  # a first try meets a subscription without the feature
        },
        "broker": {
            "memory_profile": "Low",
            "frontend_replicas": 2,
            "frontend_workers": 2,
            "backend_partitions": 1,
            "backend_workers": 2,
            "backend_redundancy_factor": 2,
            "persistence_gib": None,
        },
        "protection": {
            "protect": False,
            "purge_protection": False,
            "soft_delete_days": 7,
            "storage_sku": "Standard_LRS",
            "dataflow_disk_persistence": False,
            "outage_hours": 1,
        },
        "pki": {"leaf_days": 365, "early_renewal_days": 92},
    },
    "prod": {
        "node": {
            "vm_size": "Standard_D16s_v6",
            "zone": "1",
            "os_disk_gib": 256,
            "os_disk_sku": "Premium_LRS",
            "encryption_at_host": True,
        },
        "broker": {
            "memory_profile": "Medium",
            "frontend_replicas": 2,
            "frontend_workers": 4,
            "backend_partitions": 2,
            "backend_workers": 2,
            "backend_redundancy_factor": 2,
            "persistence_gib": 32,
        },
        "protection": {
            "protect": True,
            "purge_protection": True,
            "soft_delete_days": 90,
            "storage_sku": "Standard_ZRS",
            "dataflow_disk_persistence": True,
            "outage_hours": 72,
        },
        "pki": {"leaf_days": 180, "early_renewal_days": 45},
    },
}


class ProfileError(ImportError):
    """A profile does not fit the schema: the text says where. Nothing can be loaded then."""


def faults(profiles: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[str]:
    """Return what the profiles lack, and what they have that is no setting."""
    for profile, given in profiles.items():
        for name, section in PROFILE_SECTIONS.items():
            keys = given.get(name, {}).keys()
            for key in sorted(_required(section) - keys):
                yield f"profile {profile} lacks {name}.{key}, which has no default in settings/schema.py"
            for key in sorted(keys - section.model_fields.keys()):
                yield f"profile {profile} sets {name}.{key}, which is no field of settings/schema.py"


def _required(section: type[BaseModel]) -> set[str]:
    return {name for name, field in section.model_fields.items() if field.is_required()}


if _found := list(faults(PROFILES)):
    raise ProfileError("settings/profiles.py: " + "; ".join(_found))
