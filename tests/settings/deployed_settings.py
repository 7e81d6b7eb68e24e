"""The parts of a deployment that the places of a setting mean (`settings/arrival.py`), and where its value is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from graph.graph import Resource, to_camel_case
from graph.inputs import decode_parameter
from rules.lookup import Hits, View
from settings.arrival import FORMS, Path, Place, find_arrival, values_at
from settings.model import Link
from settings.sections import list_fields, place_of

OUTPUT = "output"
_ENDS = ("links[].from", "links[].to")


@dataclass(frozen=True)
class Part:
    """A resource, or the stack's outputs, as places describe them."""

    name: str
    kinds: frozenset[str]
    """What it may be called in a place: ARM type, Pulumi type, `output`."""
    owner: str
    """Cluster; empty for what clusters share."""
    tree: dict[str, Any]


def find_missing(deployed: Deployed, setting: str) -> Hits:
    """Yield where a setting's value is not, though its field says so."""
    value = deployed.settings.values[setting]
    arrival = find_arrival(list_fields()[place_of(setting)])
    if arrival is None or value in ({}, []):
        return
    for place in arrival.places:
        if place.form:
            yield from _compare(deployed, place, setting, None if value is None else FORMS[place.form](value))


def _compare(deployed: Deployed, place: Place, setting: str, expected: object) -> Hits:
    for part in deployed.select(place, setting):
        path = deployed.path(place, setting)
        given = list(values_at(part.tree, path))
        anywhere = place.what == "*" and not place.condition
        absent = not given and expected is not None and not anywhere and _is_there(part, path)
        if absent or any(each != expected for each in given):
            where, shown = place.text.rpartition(" = ")[0], ", ".join(map(repr, given)) or "nothing"
            value = deployed.settings.values[setting]
            yield part.name, f"{where} is {shown}; {setting} is {value!r}, so expected {expected!r}"


def _is_there(part: Part, path: Path) -> bool:
    """Return whether the part has the items of a list that the path asks for by their value."""
    last = max((index for index, step in enumerate(path) if "=" in step), default=-1)
    return any(True for _ in values_at(part.tree, path[: last + 1]))


class Deployed:
    """The parts of a deployment, and which of them a place means."""

    def __init__(self, view: View) -> None:
        self._view, self.settings = view, view.settings

    @cached_property
    def parts(self) -> list[Part]:
        """Return every resource, and the stack's outputs."""
        outputs = Part(OUTPUT, frozenset({OUTPUT}), "", self._view.graph.outputs)
        return [outputs, *(self._read(resource) for resource in self._view.resources if resource.custom)]

    def select(self, place: Place, setting: str) -> Iterator[Part]:
        """Yield the parts that a place of a setting means."""
        if place.unless and self.settings.values.get(f"clusters.{self._name(setting)}.{place.unless}"):
            return
        scope = self._scope(place, setting)
        for part in self.parts:
            owned = scope is None or not part.owner or part.owner in scope
            if owned and _is_meant(part, place):
                yield part

    def path(self, place: Place, setting: str) -> Path:
        """Return the path of the place within a part."""
        prefix = ("parameters",) if place.script else ()
        rest = setting.partition("tags.")[2] if place_of(setting).endswith("tags") else ""
        name = self._name(setting)
        steps = tuple(name if step == "<name>" else step for step in place.path)
        return (*prefix, *steps, *((rest,) if rest else ()))

    def _name(self, setting: str) -> str:
        link = self._link(setting)
        return link.name if link else setting.split(".")[1] if setting.startswith("clusters.") else "*"

    def _link(self, setting: str) -> Link | None:
        if not setting.startswith("links["):
            return None
        return list(self.settings.links.values())[int(setting[len("links[") : setting.index("]")])]

    def _scope(self, place: Place, setting: str) -> set[str] | None:
        """Return the clusters whose parts are meant; None: all."""
        if place_of(setting) in _ENDS or not setting.startswith(("clusters.", "links[")):
            return None
        if link := self._link(setting):
            return {link.client, link.broker}
        own = self._name(setting)
        ends = [{link.client, link.broker} for link in self.settings.links.values()]
        return set().union(*(pair - {own} for pair in ends if own in pair)) if place.linked else {own}

    def _read(self, resource: Resource) -> Part:
        tree = dict(self._view.inputs(resource))
        if self._view.is_script(resource):
            tree["parameters"] = {
                name: decode_parameter(text) or text for name, text in self._view.parameters(resource).items()
            }
        options = {to_camel_case(name): value for name, value in asdict(resource.options).items()}
        owner = self._view.cluster(resource) or self._owner_by_name(resource)
        kinds = frozenset({resource.type, resource.arm_type} - {""})
        return Part(resource.name, kinds, owner, {**tree, "type": resource.type, "options": options})

    def _owner_by_name(self, resource: Resource) -> str:
        """Return the cluster with whose name the logical name begins: keys and certificates are in no group."""
        owners = [name for name in self._view.clusters if resource.name.startswith(f"{name}-")]
        return max(owners, key=len, default="")


def _is_meant(part: Part, place: Place) -> bool:
    if place.script:
        name = part.tree.get("runCommandName")
        return bool(name) and place.script in ("*", name)
    if not any(fnmatchcase(kind, place.what) for kind in part.kinds):
        return False
    key, text = place.condition or ((), "")
    return not place.condition or any(fnmatchcase(_text(value), text) for value in values_at(part.tree, key))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
