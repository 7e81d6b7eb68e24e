"""From the raw value of the stack file to a `StackInput`, and pydantic's errors to problems in our own words.

A broken value is reported, taken out (or replaced by a stand-in) and the rest parsed again, so that the rules that
look at several settings still run and everything is reported at once.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from settings.defaults import Tree, by_environment, by_name, merged
from settings.environments import PROFILES, Profile
from settings.errors import NOTHING, Problem, as_yaml
from settings.fields import About, nearest
from settings.paths import Path, contains, dotted, leaves
from settings.schema import ClusterInput, StackInput
from settings.sections import fields_of, sections
from settings.yaml_mistakes import spaced

_SETTINGS = "edge-stamps:settings"
_OTHER_WORDS: Mapping[str, str] = {
    "region": "location",
    "size": "vm_size",
    "network": "address_space",
    "cidr": "address_space",
    "ip": "address",
    "subscription": "subscription_id",
    "tenant": "tenant_id",
}
"""What others call it -> our keys, where spelling leads astray."""
_MOST_ROUNDS = 10
"""Each round takes out what the last one found; a stand-in may bring a deeper missing key to light, hence a few."""


class Parsed(NamedTuple):
    """What came of the raw value: as much of it as could be used, and the problems of the rest."""

    stack: StackInput
    problems: list[Problem]
    broken: list[str]
    """Paths whose values are stand-ins: what a rule says about them means nothing."""
    origins: Mapping[str, str]
    """Path -> layer, of everything that is not a static or computed default."""


def parse(raw: Tree) -> Parsed:
    """Parse the raw value as far as it can be; never fails."""
    raw = copy.deepcopy(raw)
    problems = list(_take_out_misplaced(raw))
    broken = [path for problem in problems for path in (problem.where, problem.meant)]
    for _ in range(_MOST_ROUNDS):
        profile = _profile(raw)
        layered = merged(merged(by_name(raw), by_environment(raw, profile)), raw)
        try:
            stack = StackInput.model_validate(layered)
        except ValidationError as error:
            found = error.errors(include_url=False)
        else:
            return Parsed(stack, problems, broken, _origins(raw, profile))
        for details in found:
            path = _path(details)
            where = dotted(path)
            if not any(contains(known, where) for known in broken):
                problems.append(_problem(details, path))
        broken += [dotted(_path(details)) for details in found]
        for details in sorted(found, key=lambda details: -len(_path(details))):  # A map goes after what is in it.
            _repair(raw, details, _path(details))
    raise AssertionError(f"the settings could not be repaired: {found}")


def _profile(raw: Tree) -> Profile:
    """The chosen profile; any one when the choice is broken, which is then reported as such."""
    name = merged(by_name(raw), raw).get("profile")
    return PROFILES.get(name if isinstance(name, str) else "", next(iter(PROFILES.values())))


def _origins(raw: Tree, profile: Profile) -> Mapping[str, str]:
    from_profile = dict.fromkeys(dict(leaves(by_environment(raw, profile))), f"environment {profile.name}")
    return from_profile | dict.fromkeys(dict(leaves(raw)), "stack file")


# --- where: pydantic's location, without its marks ---


def _path(details: ErrorDetails) -> Path:
    return tuple(step for step in details["loc"] if step != "[key]")


def _about(path: Path) -> tuple[About | None, type[BaseModel] | None]:
    """What is expected at a path, and the section (model) that stands there, if one does."""
    kind: Any = StackInput
    about = None
    for step in path:
        kind = _without_none(kind)
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            # An item of a map or list: described by its section, or as part of the whole.
            kind = next(reversed(get_args(kind)), None)
            continue
        fields = fields_of(kind)
        if step not in fields:
            return None, None
        field = fields[str(step)]
        about = next(meta for meta in field.metadata if isinstance(meta, About))
        kind = field.annotation
    kind = _without_none(kind)
    return about, kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _without_none(kind: Any) -> Any:
    some = [arg for arg in get_args(kind) if arg is not type(None)]
    return some[0] if type(None) in get_args(kind) else kind


# --- what: our own words ---


def _problem(details: ErrorDetails, path: Path) -> Problem:
    where, given = dotted(path), _shown(details["input"])
    if details["type"] in ("extra_forbidden", "invalid_key"):
        return _unknown_key(path, given)
    about, section = _about(path)
    if details["type"] == "model_type" and section:
        keys = list(fields_of(section))
        example = spaced(str(given))
        hint = "a space is missing after the colon" if example else ""
        expected = f"a map with keys out of {', '.join(keys)}"
        return Problem(where, given, expected, example or _example((*path, keys[0])), hint)
    assert about, f"no field at {where}"
    if details["type"] == "missing":
        return Problem(where, NOTHING, about.expected, as_yaml(about.example), about.hint)
    context = details.get("ctx", {}) if details["type"] == "refused" else {}
    hint = context.get("hint") or _quoting_hint(details, given) or about.hint
    example = as_yaml(context.get("example") or about.example)
    return Problem(where, given, str(context.get("expected", about.expected)), example, hint)


def _unknown_key(path: Path, given: object) -> Problem:
    """Shows the key only: its value could be a password that somebody meant for elsewhere."""
    *above, key = path
    keys = list(fields_of(_about(tuple(above))[1] or StackInput))
    if elsewhere := _elsewhere(str(key)):
        about, places = elsewhere
        expected = f"one of the keys {', '.join(keys)}"
        return Problem(dotted(path), key, expected, f"{key}: {as_yaml(about.example)}", f"{key} is a key of {places}")
    if len(path) == 1 and _is_cluster(given):
        hint = f"if {key} is a cluster, move it two columns to the right, below clusters"
        return Problem(dotted(path), key, f"one of the keys {', '.join(keys)}", _example(("clusters",)), hint)
    other = _OTHER_WORDS.get(str(key), "")
    near = other if other in keys else nearest(key, keys)
    expected = f"a known key; the nearest is {near}" if near else f"one of the keys {', '.join(keys)}"
    example = _example((*above, near or keys[0]))
    return Problem(dotted(path), key, expected, example, meant=dotted((*above, near)) if near else "")


def _elsewhere(key: str) -> tuple[About, str] | None:
    """What is expected of a key that stands in the wrong section, and where it belongs."""
    places = [(place, fields_of(section)[key]) for place, section in sections() if key in fields_of(section)]
    if not places:
        return None
    about = next(meta for meta in places[0][1].metadata if isinstance(meta, About))
    return about, " and of ".join(place or _SETTINGS for place, _ in places)


def _take_out_misplaced(raw: Tree) -> Iterator[Problem]:
    """Keys of the settings that are indented like clusters; a cluster of such a name has a cluster's keys."""
    clusters = raw.get("clusters")
    if not isinstance(clusters, dict):
        return
    for key, value in list(clusters.items()):
        if key in fields_of(StackInput) and value and not _is_cluster(value):
            del clusters[key]
            expected = f"clusters only; {key} is a key of {_SETTINGS}"
            hint = f"move {key} and what is in it two columns to the left, into the column of clusters"
            yield Problem(dotted(("clusters", key)), key, expected, _example((key,)), hint, meant=key)


def _is_cluster(value: object) -> bool:
    return isinstance(value, dict) and not value.keys().isdisjoint(fields_of(ClusterInput))


def _example(path: Path) -> str:
    """A valid line for the key at the path."""
    about = _about(path)[0]
    assert about, f"no field at {dotted(path)}"
    return f"{path[-1]}: {as_yaml(about.example)}"


def _quoting_hint(details: ErrorDetails, given: object) -> str:
    if details["type"] in ("string_type", "literal_error") and isinstance(given, bool | int | float):
        return f"YAML read a {'truth value' if isinstance(given, bool) else 'number'} here; put the text in quotes"
    if details["type"] == "int_type" and isinstance(given, str) and given.strip().isdigit():
        return "YAML read a text here; write the number without quotes"
    return ""


def _shown(given: object) -> object:
    """The value, unless it is a secret that somebody put there by mistake."""
    return "(a private key, not shown)" if "PRIVATE KEY" in str(given) else given


# --- the rest: what the rules can still look at ---


def _repair(raw: Tree, details: ErrorDetails, path: Path) -> None:
    """Make the value at the path go away: a stand-in for what is required, the default for the rest."""
    *above, last = path
    parent: Any = raw
    for step in above:
        inner = parent.get(step) if isinstance(parent, dict) else parent[step]
        if not isinstance(inner, dict | list):  # An empty section, or one that is only in the defaults.
            inner = parent[step] = {}
        parent = inner
    if details["type"] == "missing":
        about, section = _about(path)
        parent[last] = {} if section else about and about.example
    elif details["type"] == "model_type":
        parent[last] = {}
    elif isinstance(parent, dict):
        # Also by its text: the key of a map that is no text at all (`1: ...`).
        for key in [key for key in parent if key == last or str(key) == str(last)]:
            del parent[key]
