"""Pure functions on ARM resource ids. Ids are not case-sensitive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

RESOURCE_GROUP = "Microsoft.Resources/resourceGroups"

# Parts of a path that exist with their parent and are no resources of their own here.
_IMPLICIT = ("/blobservices/default",)
_RESOURCE_ID = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/[^/]+/[^/]+/[^/]+(/[^/]+)*", re.I)
# Inputs whose text nobody at ARM reads.
_OPAQUE = {"tags", "configurationSettings", "configurationProtectedSettings", "parameters", "protectedParameters"}


def key(arm_id: str) -> str:
    """Return the id in the form in which ids are compared."""
    return arm_id.rstrip("/").lower()


def is_below(arm_id: str, parent: str) -> bool:
    """Whether the id is that of the parent or of something in its path."""
    return f"{key(arm_id)}/".startswith(f"{key(parent)}/")


@lru_cache(maxsize=10_000)
def parent_of(arm_id: str) -> str:
    """Return the resource, resource group or subscription above the id; of an extension resource, its scope."""
    parent = re.sub(r"(/providers/[^/]+)?/[^/]+/[^/]+$", "", arm_id.rstrip("/"), flags=re.I)
    implicit = next((part for part in _IMPLICIT if key(parent).endswith(part)), "")
    return parent[: -len(implicit)] if implicit else parent


def group_of(arm_id: str) -> str:
    """Return the resource group's id; empty above resource groups."""
    found = re.match(r"/subscriptions/[^/]+/resourceGroups/[^/]+", arm_id, flags=re.I)
    return found[0] if found else ""


def type_of(arm_id: str) -> str:
    """Return the ARM type, e.g. Microsoft.Network/virtualNetworks/subnets."""
    _, separator, last = arm_id.rpartition("/providers/")
    if not separator:
        return RESOURCE_GROUP if group_of(arm_id) else "Microsoft.Resources/subscriptions"
    namespace, *segments = last.split("/")
    return "/".join([namespace, *segments[::2]])


def name_of(arm_id: str) -> str:
    """Return the last segment."""
    return arm_id.rstrip("/").rsplit("/", 1)[-1]


def connected_by(parameters: Mapping[str, str]) -> str:
    """Return the id of the connected cluster that nodes/connect-arc.sh makes when it is given these parameters."""
    group = f"/subscriptions/{parameters.get('SUBSCRIPTION_ID')}/resourceGroups/{parameters.get('RESOURCE_GROUP')}"
    return f"{group}/providers/Microsoft.Kubernetes/connectedClusters/{parameters.get('CLUSTER_NAME')}"


def machine_of(parameters: Mapping[str, str]) -> str:
    """Return the id of the machine that nodes/enable-arc.sh makes when it is given these parameters."""
    group = f"/subscriptions/{parameters.get('SUBSCRIPTION_ID')}/resourceGroups/{parameters.get('RESOURCE_GROUP')}"
    return f"{group}/providers/Microsoft.HybridCompute/machines/{parameters.get('MACHINE_NAME')}"


def references_in(value: Any) -> Iterator[str]:
    """Yield the ids of resources anywhere inside, also those that are keys of a map."""
    if isinstance(value, str):
        if _RESOURCE_ID.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if name not in _OPAQUE:
                yield from references_in(name)
                yield from references_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references_in(item)


def at(value: Any, path: str) -> Any:
    """Return what is at a dotted path; None where the path leads nowhere."""
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def same_place(left: str, right: str) -> bool:
    """Whether two locations are one: `East US 2` is `eastus2`."""
    return left.replace(" ", "").lower() == right.replace(" ", "").lower()
