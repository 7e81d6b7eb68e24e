"""The modelled Azure as the clusters see it: entries by id and type, at one moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from arm import ids
from arm.types import ResourceType
from rehearsal.azure.entries import Entry

if TYPE_CHECKING:
    from rehearsal.cluster.model import ClusterView

IsEffective = Callable[[str, str, str], bool]
"""(scope, GUID of the role, principal) -> whether the principal has the role there, and Azure knows it."""


class Inventory:
    """What exists, and `at` which moment certificates are judged."""

    def __init__(self, entries: Iterable[Entry], is_effective: IsEffective, at: datetime) -> None:
        self.is_effective, self.at = is_effective, at
        self._entries = {ids.key(entry.id): entry for entry in entries}
        self.views: dict[str, ClusterView] = {}
        """By the id of the connected cluster: those that were computed from it (`build.build_view`)."""

    def find(self, arm_id: str) -> Entry | None:
        return self._entries.get(ids.key(arm_id))

    def find_ready(self, arm_id: str) -> Entry | None:
        """Return the resource if ARM calls it Succeeded."""
        found = self.find(arm_id)
        return found if found and is_ready(found) else None

    def of_type(self, row: ResourceType) -> list[Entry]:
        return self._by_type[row]

    def below(self, row: ResourceType, arm_id: str) -> Iterator[Entry]:
        """Yield everything of the type below the resource."""
        return (entry for entry in self.of_type(row) if ids.is_below(entry.id, arm_id))

    @cached_property
    def placed(self) -> list[Entry]:
        """Everything that is meant for a cluster, as it names an extended location."""
        return [entry for entry in self._entries.values() if find_location(entry)]

    @cached_property
    def _by_type(self) -> dict[ResourceType, list[Entry]]:
        found: dict[ResourceType, list[Entry]] = defaultdict(list)
        for entry in self._entries.values():
            found[entry.row].append(entry)
        return found


def is_ready(entry: Entry) -> bool:
    """Return whether ARM calls it Succeeded: not Failed, and no longer being created or updated."""
    return entry.state == "Succeeded"


def find_location(entry: Entry) -> str:
    """Return the id of the custom location that the resource is put into; empty if it is none of a cluster."""
    return str(ids.at(entry.inputs, "extendedLocation.name") or "")
