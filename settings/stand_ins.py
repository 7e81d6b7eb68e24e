"""Values for what only a tenant knows, so that an environment can be rehearsed before it has one."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from settings import TENANT_KEYS
from settings.stack_file import SETTINGS_KEY

STAND_INS: Mapping[str, str] = {
    "subscription_id": "5ab5c21e-0000-4000-8000-000000000001",
    "tenant_id": "7e4a47ea-0000-4000-8000-000000000002",
    "custom_locations_object_id": "c1057025-0000-4000-8000-000000000003",
    "admin_group_object_id": "ad316209-0000-4000-8000-000000000004",
    "ssh_public_key": (
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA rehearsal-only"
    ),
}

assert set(STAND_INS) == set(TENANT_KEYS)


def with_stand_ins(config: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the configuration with stand-ins for the tenant's values that it lacks, and which those are."""
    filled = copy.deepcopy(dict(config))
    settings = filled.get(SETTINGS_KEY)
    if not isinstance(settings, dict):
        return filled, []
    missing = [key for key in TENANT_KEYS if key not in settings]
    settings.update({key: STAND_INS[key] for key in missing})
    return filled, missing
