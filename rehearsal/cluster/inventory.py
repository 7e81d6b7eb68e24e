"""The modelled Azure as the clusters see it: entries by id and type, at one moment."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from arm import ids
from arm.hosting import BY_NODE_TYPE, NODE_ID
from arm.types import ResourceType
from rehearsal.azure.entries import Entry

if TYPE_CHECKING:
    from rehearsal.cluster.model import ClusterView

IsEffective = Callable[[str, str, str], bool]
"""(scope, GUID of the role, principal) -> whether the principal has the role there, and Azure knows it."""
Routes = Collection[tuple[str, str]]
"""Addresses between which packets find their way without a peering."""
_Question = tuple[Any, ...]
"""A method of `Inventory`, and its arguments."""
Answers = Mapping[_Question, Any]
_Answer = TypeVar("_Answer")
_Key = TypeVar("_Key", bound=Hashable)
_Table = defaultdict[_Key, list[Entry]]


class Inventory:
    """What exists, `at` which moment certificates are judged, and `routes` that are not the stack's."""

    def __init__(self, entries: Iterable[Entry], is_effective: IsEffective, at: datetime, routes: Routes = ()) -> None:
        self._is_effective, self.at, self.routes = is_effective, at, frozenset(routes)
        self._tables = _Tables(entries)
        self.views: dict[str, ClusterView] = {}
        """By the id of the connected cluster: those that were computed from it (`build.build_view`)."""
        self._answers: dict[_Question, Any] = {}

    def listen(self) -> tuple[Inventory, Answers]:
        """Return the same inventory, and all that it will have been asked, with the answers."""
        other = copy.copy(self)
        other._answers = {}
        return other, other._answers

    def answers(self, before: Answers) -> bool:
        """Return whether it answers the same questions alike: then the same comes of it."""
        return all(read(self, *words) == answer for (read, *words), answer in before.items())

    def _note(self, question: _Question, answer: _Answer) -> _Answer:
        self._answers[question] = answer
        return answer

    def find(self, arm_id: str) -> Entry | None:
        return self._note((Inventory.find, arm_id), self._tables.by_id.get(ids.key(arm_id)))

    def find_ready(self, arm_id: str) -> Entry | None:
        """Return the resource if ARM calls it Succeeded."""
        found = self.find(arm_id)
        return found if found and is_ready(found) else None

    def find_node(self, node: str) -> Entry | None:
        """Return the machine that calls itself so."""
        return self._note((Inventory.find_node, node), self._tables.nodes.get(node))

    def of_type(self, row: ResourceType) -> list[Entry]:
        return self._note((Inventory.of_type, row), self._tables.by_type[row])

    def named(self, row: ResourceType, name: str) -> list[Entry]:
        """Return everything of the type that has this name, wherever it is."""
        return self._note((Inventory.named, row, name), self._tables.by_name[row, name])

    def below(self, row: ResourceType, arm_id: str) -> list[Entry]:
        """Return everything of the type right below the resource."""
        return self._note((Inventory.below, row, arm_id), self._tables.by_parent[ids.key(arm_id), row])

    def placed_in(self, location_id: str) -> list[Entry]:
        """Return everything that is meant for a cluster, as it names this extended location."""
        return self._note((Inventory.placed_in, location_id), self._tables.by_location[ids.key(location_id)])

    def placed_below(self, arm_id: str) -> list[Entry]:
        """Return everything below the resource that names an extended location."""
        return self._note((Inventory.placed_below, arm_id), self._tables.by_ancestor[ids.key(arm_id)])

    def placed_nowhere(self) -> list[Entry]:
        """Return everything that names an extended location that does not exist."""
        return self._note((Inventory.placed_nowhere,), self._tables.nowhere)

    def is_effective(self, scope: str, role_guid: str, principal: str) -> bool:
        """Return whether the principal has the role there, and Azure knows it."""
        question = (Inventory.is_effective, scope, role_guid, principal)
        return self._note(question, self._is_effective(scope, role_guid, principal))


class _Tables:
    """The entries by what is asked for; each table is made when it is first used."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.by_id = {ids.key(entry.id): entry for entry in entries}

    @cached_property
    def by_type(self) -> _Table[ResourceType]:
        return _group((entry.row, entry) for entry in self.by_id.values())

    @cached_property
    def by_name(self) -> _Table[tuple[ResourceType, str]]:
        return _group(((entry.row, entry.name), entry) for entry in self.by_id.values())

    @cached_property
    def by_parent(self) -> _Table[tuple[str, ResourceType]]:
        return _group(((ids.key(ids.parent_of(entry.id)), entry.row), entry) for entry in self.by_id.values())

    @cached_property
    def nodes(self) -> dict[str, Entry]:
        """The machines, by what they call themselves."""
        machines = (machine for node_type in BY_NODE_TYPE for machine in self.by_type[node_type])
        return {str(machine.outputs[NODE_ID]): machine for machine in machines if machine.outputs.get(NODE_ID)}

    @cached_property
    def by_location(self) -> _Table[str]:
        return _group((ids.key(location), one) for one in self.by_id.values() if (location := find_location(one)))

    @cached_property
    def by_ancestor(self) -> _Table[str]:
        placed = (one for inside in self.by_location.values() for one in inside)
        return _group((ids.key(ancestor), one) for one in placed for ancestor in _list_ancestors(one.id))

    @cached_property
    def nowhere(self) -> list[Entry]:
        return [one for location, inside in self.by_location.items() if location not in self.by_id for one in inside]


def _group(pairs: Iterable[tuple[_Key, Entry]]) -> _Table[_Key]:
    found: _Table[_Key] = defaultdict(list)
    for key, entry in pairs:
        found[key].append(entry)
    return found


def _list_ancestors(arm_id: str) -> Iterator[str]:
    """Yield the resource and each one above it."""
    while ids.name_of(arm_id) and ids.type_of(arm_id) != ids.RESOURCE_GROUP:
        yield arm_id
        arm_id = ids.parent_of(arm_id)


def is_ready(entry: Entry) -> bool:
    """Return whether ARM calls it Succeeded: not Failed, and no longer being created or updated."""
    return entry.state == "Succeeded"


def find_location(entry: Entry) -> str:
    """Return the id of the custom location that the resource is put into; empty if it is none of a cluster."""
    return str(ids.at(entry.inputs, "extendedLocation.name") or "")
