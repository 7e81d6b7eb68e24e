"""Where a setting arrives in the deployment: its field says so, and a test proves it.

A place reads `WHAT[KEY=VALUE]: PATH = FORM unless SETTING`, as in `Microsoft.Network/natGateways: zones[] = value`:

* WHAT: an ARM type, a Pulumi type, `Run Command <script>` (its parameters, decoded), or `output` (the stack's). `*`
  stands for any text. Resources of the setting's own cluster are meant, after `linked` those of clusters linked to it.
* KEY=VALUE: only the resources with this value there; `*` stands for any text.
* PATH: of an input; `[]` is each item of a list, `[KEY=VALUE]` the items with this value, `*` each value of a map,
  `<name>` the cluster or link. `options` are the resource's. Without a path the resource as a whole comes and goes.
* FORM: how the value reads there, a key of `FORMS`; without one it goes into something larger.
* SETTING: another one of the same cluster, which goes there instead where it is set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

Path = tuple[str, ...]

FORMS: Mapping[str, Callable[[Any], object]] = {
    "value": lambda value: value,
    "text": str,
    "upper case": str.upper,
    "GiB": "{}GiB".format,
    "MiB in bytes": lambda mib: mib * 1024**2,
    "days in hours": lambda days: days * 24,
    "hours in seconds": lambda hours: hours * 3600,
    "Enabled or Disabled": lambda on: "Enabled" if on else "Disabled",
    "true or absent": lambda on: on or None,
}
"""Null reads as absent in every form."""

_PLACE = re.compile(
    r"(?P<linked>linked )?(?P<what>[^\[\]]+?)(?:\[(?P<key>[^=\]]+)=(?P<text>[^\]]+)\])?"
    r"(?:: (?P<path>.+?)(?: = (?P<form>.+?))?)?(?: unless (?P<unless>.+))?"
)
_STEP = re.compile(r"\[[^\]]*\]|[^.\[]+")


@dataclass(frozen=True)
class Place:
    """One place of the deployment; the module says how it is written."""

    text: str
    what: str
    condition: tuple[Path, str] | None
    path: Path
    form: str
    linked: bool
    unless: str

    @property
    def script(self) -> str:
        """Return the script whose parameters are meant; empty for other places."""
        return self.what.removeprefix("Run Command ") if self.what.startswith("Run Command ") else ""


@dataclass(frozen=True)
class Arrives:
    """Where a setting arrives, and how another value of it is chosen."""

    places: tuple[Place, ...]
    names: bool
    """Names are composed of it: every text of the resolved settings that holds it, wherever that is deployed."""
    through: tuple[str, ...]
    """Settings whose defaults follow from it: it arrives where they do."""
    others: tuple[object, ...]
    """Other legal values, where neither type nor example tells one."""


def arrives(
    *places: str, names: bool = False, through: tuple[str, ...] = (), others: tuple[object, ...] = ()
) -> Arrives:
    """Say where a setting arrives."""
    return Arrives(tuple(map(parse_place, places)), names, through, others)


def find_arrival(field: FieldInfo) -> Arrives | None:
    """Return where a field says that it arrives."""
    return next((each for each in field.metadata if isinstance(each, Arrives)), None)


def describe_arrival(field: FieldInfo) -> str:
    """Return where a field arrives, in one line; empty where it says nothing."""
    found = find_arrival(field)
    if found is None:
        return ""
    parts = ["names in Azure"] if found.names else []
    parts += [f"what follows from {setting}" for setting in found.through]
    return "; ".join([*parts, *(place.text for place in found.places)])


def parse_place(text: str) -> Place:
    """Read a place.

    Raises:
        ImportError: it is not written as the module says.
    """
    found = _PLACE.fullmatch(text)
    if not found or (found["form"] or "value") not in FORMS:
        raise ImportError(f"settings/schema.py: {text!r} is no place. Expected: see settings/arrival.py")
    condition = (parse_path(found["key"]), found["text"]) if found["key"] else None
    path = parse_path(found["path"] or "")
    return Place(
        text, found["what"], condition, path, found["form"] or "", bool(found["linked"]), found["unless"] or ""
    )


def parse_path(text: str) -> Path:
    """Split a path into its steps: keys, `[]`, `[KEY=VALUE]`."""
    return tuple(_STEP.findall(text))


def values_at(value: Any, path: Path) -> Iterator[Any]:
    """Yield every value at a path."""
    if not path:
        yield value
        return
    for inner in _step_into(value, path[0]):
        yield from values_at(inner, path[1:])


def _step_into(value: Any, step: str) -> list[Any]:
    if isinstance(value, list):
        return [item for item in value if is_meant(item, step)]
    if isinstance(value, Mapping):
        return list(value.values()) if step == "*" else [value[step]] if step in value else []
    return []


def is_meant(item: object, step: str) -> bool:
    """Return whether a step into a list goes into this item."""
    if not step.startswith("["):
        return False
    key, _, expected = step[1:-1].partition("=")
    return not key or (isinstance(item, Mapping) and str(item.get(key)) == expected)
