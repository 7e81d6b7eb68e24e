"""What exists in the modelled Azure: its entries, and the tables that hold them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from arm import ids
from arm.shapes import Shape, shape_of
from arm.types import ResourceType

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Entry:
    """One resource. It never changes, as `AzureState.change` puts another in its place: what is made of it is kept."""

    id: str
    token: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    created_at: float
    state: str = "Succeeded"
    facts: dict[str, Any] = field(default_factory=dict)
    """What no body says: `stopped` of a VM, `node` (the VM's vmId) of a connected cluster."""

    @property
    def shape(self) -> Shape:
        return shape_of(self.token)

    @cached_property
    def row(self) -> ResourceType:
        return self.shape.type

    @property
    def api_version(self) -> str:
        return self.shape.api_version

    @property
    def type(self) -> str:
        return ids.type_of(self.id)

    @property
    def name(self) -> str:
        return ids.name_of(self.id)

    @cached_property
    def references(self) -> frozenset[str]:
        """Keys of the resources that its body names."""
        return frozenset(map(ids.key, body_references(self.shape, self.inputs)))

    @cached_property
    def text(self) -> str:
        """The entry as it is saved."""
        return json.dumps(self.__getstate__())

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in Entry.__dataclass_fields__}


def body_references(shape: Shape, inputs: Mapping[str, Any]) -> list[str]:
    """Return the ids in the body; those in the path are parents, not references."""
    body = {name: value for name, value in inputs.items() if name not in shape.type.path_parameters}
    return list(ids.references_in(body))


class Table(dict[str, _Value]):
    """A map that notes which of its keys have changed, in order."""

    def __init__(self, values: Mapping[str, _Value] | None = None) -> None:
        super().__init__(values or {})
        self.changed: dict[str, None] = {}
        self.version = 0
        """Another one after each change."""

    def __setitem__(self, key: str, value: _Value) -> None:
        self._note(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self._note(key)
        super().__delitem__(key)

    def _note(self, key: str) -> None:
        self.changed[key] = None
        self.version += 1


class Entries(Table[Entry]):
    """Entries by key, and of each type: most refusals ask for the others of one type, at every write."""

    def __init__(self, values: Mapping[str, Entry] | None = None) -> None:
        super().__init__(values)
        self._by_type: dict[ResourceType, dict[str, Entry]] = defaultdict(dict)
        for key, entry in self.items():
            self._by_type[entry.row][key] = entry

    def __setitem__(self, key: str, value: Entry) -> None:
        super().__setitem__(key, value)
        self._by_type[value.row][key] = value

    def __delitem__(self, key: str) -> None:
        del self._by_type[self[key].row][key]
        super().__delitem__(key)

    def of_type(self, row: ResourceType) -> list[Entry]:
        return list(self._by_type[row].values())
