"""Reads the path of a request: which resource, or which list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from arm import ids
from arm.types import BY_ARM_TYPE, ResourceType
from rehearsal.arm_rest.exchange import not_modelled
from rehearsal.azure.errors import ArmError

_ROWS: Mapping[str, ResourceType] = {arm_type.lower(): row for arm_type, row in BY_ARM_TYPE.items()}
_WORDS = ("subscriptions", "resourceGroups", "providers")


@dataclass(frozen=True)
class Place:
    """A resource, or the list of a type below `scope`."""

    row: ResourceType
    scope: str
    """Of a resource, what it is in."""
    arm_id: str
    """Empty for a list."""


def spell(path: str) -> str:
    """Return the path with ARM's own words spelled as in ids: no client has to."""
    for word in _WORDS:
        path = re.sub(rf"/{word}(?=/|$)", f"/{word}", path, flags=re.I)
    return path


def find_place(path: str) -> Place:
    """Return what the path leads to.

    Raises:
        ArmError: nothing that Azure or the model knows.
    """
    is_list = len(path.rsplit("/providers/", 1)[1].split("/")) % 2 == 0
    arm_id = f"{path}/any" if is_list else path
    row = _ROWS.get(ids.type_of(arm_id).lower())
    if row is None:
        raise unknown_type(ids.type_of(arm_id))
    return Place(row, ids.parent_of(arm_id), "" if is_list else arm_id)


def unknown_type(arm_type: str) -> ArmError:
    """Return the answer about a type that has no row: Azure may know it."""
    return not_modelled(f"the resource type {arm_type}")
