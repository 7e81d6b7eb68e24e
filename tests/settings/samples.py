"""A valid minimal stack file, and how tests change it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from settings import Problem

Problems = Callable[[dict[str, Any]], list[Problem]]
Change = Callable[[dict[str, Any]], dict[str, Any]]

MINIMAL: dict[str, Any] = {
    "prefix": "myorg",
    "environment": "dev",
    "location": "eastus2",
    "subscription_id": "11111111-aaaa-4aaa-8aaa-111111111111",
    "tenant_id": "22222222-aaaa-4aaa-8aaa-222222222222",
    "custom_locations_object_id": "33333333-aaaa-4aaa-8aaa-333333333333",
    "admin_group_object_id": "44444444-aaaa-4aaa-8aaa-444444444444",
    "ssh_public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f test",
}


def with_changes(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with the dotted paths set; a change of clusters.* keeps both default clusters."""
    changed = copy.deepcopy(data)
    if any(path.startswith("clusters.") for path in changes):
        changed["clusters"] = {"site": {}, "enterprise": {}}
    if any(path.startswith("links[") for path in changes):
        changed["links"] = [{"from": "site", "to": "enterprise"}]
    for path, value in copy.deepcopy(changes).items():
        steps = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]
        parent: Any = changed
        for step in steps[:-1]:
            parent = parent[step] if isinstance(step, int) else parent.setdefault(step, {})
        parent[steps[-1]] = value
    return changed
