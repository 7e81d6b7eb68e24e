"""A committed stack, its settings changed one by one, and where its deployment then differs from what it was."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from ipaddress import IPv4Address, IPv4Network
from itertools import pairwise
from typing import Any, get_args

from pydantic.fields import FieldInfo

from graph.evaluate_stack import evaluate_config, sign_by_stand_in
from graph.graph import Graph
from rules.lookup import View
from settings import Settings, SettingsError, load, naming, stack_file
from settings.arrival import Arrives, Path, Place, find_arrival, is_meant, values_at
from settings.fields import find_about
from settings.loaded_stack import LoadedStack
from settings.sections import list_fields, place_of
from settings.stand_ins import STAND_INS
from tests.conftest import PROGRAM
from tests.settings.deployed_settings import Deployed

Raw = dict[str, Any]
Document = dict[str, dict[str, Any]]
"""Logical name -> the part as places describe it."""

FIELDS = list_fields()
READ_BESIDE = {"pki.signed_folder"}
"""Fields that say where something is read from, and are not deployed."""
ARRIVALS: Mapping[str, Arrives] = {place: found for place, field in FIELDS.items() if (found := find_arrival(field))}

_PARTS_OF_NAMES = frozenset({"code", "client", "broker", "source", "destination", "client_id_prefix"})
"""Fields of the resolved settings that are no names but parts of them."""
_MASKS = {
    re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----\n?", re.DOTALL): "<PEM>",
    re.compile(r"^[0-9a-f]{64}$"): "<fingerprint>",
    re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"): "<time>",
    re.compile(r"^https://\w+\.oic\.prod-arc\.azure\.com/.*"): "<issuer>",
}
"""What keys, certificates and Azure itself come up with: what they are made from is compared."""
_NOTHING: tuple[object, ...] = (None, [], {})
_DIGESTS = {
    re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"): "<GUID>",
    re.compile(r"\b[0-9a-f]{5,8}\b"): "<digest>",
    re.compile(r"\b20(\.\d+){3}"): "<public address>",
}
"""What is computed of a name."""


@dataclass(frozen=True)
class Stack:
    """A committed stack, with stand-ins for the tenant's values, and its profile written out."""

    name: str
    raw: Raw
    settings: Settings

    @cached_property
    def deployed(self) -> Deployed:
        return Deployed(View(evaluate(self.name, self.raw, self.settings), self.settings))


@cache
def read_stack(name: str) -> Stack:
    raw = stack_file.read(PROGRAM, name)[stack_file.SETTINGS_KEY]
    assert isinstance(raw, dict)
    return stack_of(name, raw)


def stack_of(name: str, raw: Raw) -> Stack:
    raw = {**raw, **STAND_INS}
    raw["profile"] = load(raw).profile
    return Stack(name, raw, load(raw))


def evaluate(stack: str, raw: Raw, settings: Settings) -> Graph:
    """Return the graph of a deployment; what an external CA signs, a stand-in has signed."""
    config = {stack_file.SETTINGS_KEY: raw}
    if settings.pki.has_external_ca:
        settings = stack_file.load(PROGRAM, stack, raw)
    with sign_by_stand_in(LoadedStack(PROGRAM, stack, config, settings)) as signed:
        return evaluate_config(PROGRAM, stack, signed.config, signed.settings, preview=False, keys=signed.keys)


# --- another legal value ---


def change(stack: Stack, setting: str) -> tuple[object, Raw, Settings] | None:
    """Return another value of a setting with the stack that has it; None if no other one is legal here."""
    field = FIELDS[place_of(setting)]
    for other in _others(field, stack, setting):
        raw = _with(stack, setting, other)
        try:
            return other, raw, load(raw)
        except SettingsError:
            continue
    return None


def _others(field: FieldInfo, stack: Stack, setting: str) -> Iterator[object]:
    value, arrival = stack.settings.values[setting], find_arrival(field)
    ends = stack.settings.clusters if field.annotation is str and setting.startswith("links[") else ()
    candidates = [
        *(arrival.others if arrival else ()),
        find_about(field).example,
        *_by_type(field.annotation, value),
        *ends,
    ]
    return (each for each in candidates if each != value)


def _by_type(kind: Any, value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    with suppress(ValueError):
        return [str(IPv4Address(str(value)) + 1)]
    with suppress(ValueError):
        network = IPv4Network(str(value))
        return [str(IPv4Network((network.broadcast_address + 1, network.prefixlen)))]
    literals = [each for inner in (kind, *get_args(kind)) for each in get_args(inner)]
    return [each for each in literals if isinstance(each, str)]


def _with(stack: Stack, setting: str, value: object) -> Raw:
    """Return the stack file with one setting changed; a list that it lacks is written out first."""
    raw = copy.deepcopy(stack.raw)
    steps: list[Any] = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", setting)]
    inner: Any = raw
    for step, following in pairwise(steps):
        if isinstance(inner, dict) and inner.get(step) is None:
            inner[step] = _topics(stack, setting) if isinstance(following, int) else {}
        inner = inner[step]
    inner[steps[-1]] = value
    return raw


def _topics(stack: Stack, setting: str) -> list[Raw]:
    link = list(stack.settings.links.values())[int(re.findall(r"\d+", setting)[0])]
    return [{"from": topic.source, "to": topic.destination} for topic in link.topics]


# --- differences ---


@dataclass(frozen=True)
class Change:
    """One setting of one stack, before and after."""

    stack: Stack
    setting: str
    value: object
    before: Deployed
    after: Deployed
    names: Mapping[str, str]
    """Composed texts before -> after."""

    @property
    def places(self) -> list[tuple[Place, str]]:
        """Return the places that the field declares, and those of the fields whose defaults follow from it."""
        return list(_places(self.stack.settings, self.setting))

    def arrives_at(self, place: Place, setting: str) -> bool:
        return _values(self.before, place, setting) != _values(self.after, place, setting)

    def is_there(self, place: Place, setting: str) -> bool:
        """Return whether the stack has something that the place means."""
        return bool(_values(self.before, place, setting) or _values(self.after, place, setting))

    def elsewhere(self) -> list[str]:
        """Return what differs where nothing is declared."""
        before, after = (self._document(one) for one in (self.before, self.after))
        if self.names:
            before = self._renamed(before)
            before, after = ({key: _masked(tree, _DIGESTS) for key, tree in one.items()} for one in (before, after))
        return list(_differences(before, after))

    def forgotten_names(self) -> list[str]:
        """Return composed texts that change with the setting, and that nothing deploys.

        The name of a maintenance configuration (mc-…) is there for every cluster, and deployed where it has a window.
        """
        texts = repr([(part.name, part.tree) for part in self.before.parts])
        names = {old: new for old, new in self.names.items() if not old.startswith("mc-")}
        return [old for old, new in names.items() if old != new and old not in texts]

    def _document(self, deployed: Deployed) -> Document:
        """Return every part without what is at declared places."""
        document = {part.name: copy.deepcopy(part.tree) for part in deployed.parts}
        for place, setting in self.places:
            for part in deployed.select(place, setting):
                if place.path:
                    _erase(document.get(part.name), deployed.path(place, setting))
                else:
                    document.pop(part.name, None)
        return {name: _masked(tree, _MASKS) for name, tree in document.items()}

    def _renamed(self, document: Document) -> Document:
        """Return the parts with their new names in them; what belongs to neither end of a link keeps its own."""
        anything = [Place("", "*", None, (), "", linked, "") for linked in (False, True)]
        own = {part.name for place in anything for part in self.before.select(place, self.setting)}
        pattern = re.compile("|".join(map(re.escape, sorted(self.names, key=len, reverse=True))))

        def rename(text: str) -> str:
            return pattern.sub(lambda found: self.names[found[0]], text)

        return {
            rename(name) if name in own else name: _mapped(tree, rename) if name in own else tree
            for name, tree in document.items()
        }


def make_change(stack: Stack, setting: str) -> Change | None:
    """Return the stack before and after a change of the setting; None where no other value is legal."""
    found = change(stack, setting)
    if found is None:
        return None
    value, raw, settings = found
    before, after = stack.deployed, Deployed(View(evaluate(stack.name, raw, settings), settings))
    names = {}
    if ARRIVALS[place_of(setting)].names:
        pairs = sorted(_names(stack.settings, settings), key=lambda pair: pair[0] != pair[1])  # what changed wins
        # Keys and certificates carry their generation in the logical name.
        gone = {part.name for part in before.parts} - {part.name for part in after.parts}
        generations = f"-g{stack.settings.values[setting]}", f"-g{value}"
        names = dict(pairs) | {name: name.replace(*generations) for name in gone if generations[0] in name}
    return Change(stack, setting, value, before, after, names)


def _places(settings: Settings, setting: str) -> Iterator[tuple[Place, str]]:
    arrival = ARRIVALS[place_of(setting)]
    yield from ((place, setting) for place in arrival.places)
    own = setting.split(".")[1] if setting.startswith("clusters.") else ""
    for other in settings.values:
        place = place_of(other)
        if own and other.split(".")[:2] != ["clusters", own]:
            continue
        if place not in READ_BESIDE and any(f"{place}.".startswith(f"{outer}.") for outer in arrival.through):
            yield from _places(settings, other)


def _values(deployed: Deployed, place: Place, setting: str) -> list[tuple[str, list[Any]]]:
    found = [
        (part.name, list(values_at(part.tree, deployed.path(place, setting))))
        for part in deployed.select(place, setting)
    ]
    return [(name, values) for name, values in found if values]


def _erase(tree: Any, path: Path) -> None:
    *above, last = path
    for parent in values_at(tree, tuple(above)):
        if isinstance(parent, list):
            parent[:] = [item for item in parent if not is_meant(item, last)]
        elif isinstance(parent, dict):
            for key in list(parent) if last == "*" else [last]:
                parent.pop(key, None)


def _names(before: Settings, after: Settings) -> Iterator[tuple[str, str]]:
    """Yield every composed text of the settings before, and what it is after."""
    yield naming.stack_tag(before), naming.stack_tag(after)
    parts = ("clusters", "links", "peerings", "authorities", "tenant")
    yield from _texts(
        {part: _plain(getattr(before, part)) for part in parts}, {part: _plain(getattr(after, part)) for part in parts}
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value


def _texts(before: Any, after: Any) -> Iterator[tuple[str, str]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in before.keys() & after.keys():
            if key not in _PARTS_OF_NAMES:
                yield from _texts(before[key], after[key])
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        for one, other in zip(before, after, strict=False):
            yield from _texts(one, other)
    elif isinstance(before, str) and isinstance(after, str):
        yield before, after


_LEAST_TIME = 1_500_000_000
"""Seconds since 1970; no other number of a deployment is as high."""


def _masked(value: Any, masks: Mapping[re.Pattern[str], str]) -> Any:
    def mask(text: str) -> str:
        for pattern, instead in masks.items():
            text = pattern.sub(instead, text)
        return text

    return _mapped(value, mask)


def _mapped(value: Any, change_text: Any) -> Any:
    if isinstance(value, Mapping):
        return {change_text(key): _mapped(inner, change_text) for key, inner in value.items() if inner not in _NOTHING}
    if isinstance(value, list | tuple):
        return [_mapped(inner, change_text) for inner in value]
    if isinstance(value, int) and value > _LEAST_TIME:
        return "<time>"
    return change_text(value) if isinstance(value, str) else value


def _differences(before: Any, after: Any, where: str = "") -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _differences(before.get(key), after.get(key), f"{where}.{key}".removeprefix("."))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, f"{where}[{index}]")
    elif before != after:
        yield f"{where}: {_short(before)} -> {_short(after)}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 120 else f"{text[:120]}..."
