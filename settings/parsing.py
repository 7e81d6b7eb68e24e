"""From the raw value of the stack file to a `StackSection`, and pydantic's errors to problems in our own words."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from settings.defaults import Tree, by_name, by_profile, merged
from settings.errors import NOTHING, Problem, as_yaml
from settings.fields import About, find_about, nearest
from settings.paths import Path, contains, dotted, leaves
from settings.profiles import PROFILES
from settings.proxies import WHY_NO_CERTIFICATE
from settings.schema import ClusterSection, StackSection
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
    "http_proxy": "http",
    "https_proxy": "https",
    "skip": "no_proxy",
    "skip_range": "no_proxy",
}
"""What others call it -> our keys, where spelling leads astray."""
_NOT_SUPPORTED: Mapping[tuple[str, str], str] = {
    ("proxy", key): WHY_NO_CERTIFICATE for key in ("ca", "ca_certificate", "cert", "certificate", "trusted_ca")
}
"""(section, key) that one may look for -> why there is none."""


class Parsed(NamedTuple):
    """The settings in their right form."""

    stack: StackSection
    origins: Mapping[str, str]
    """Path -> layer, of everything that is not a static or computed default."""


class Malformed(NamedTuple):
    """Settings whose form is wrong: keys, types, what is missing."""

    problems: list[Problem]
    layered: Tree
    """The raw value over what its profile says."""


def parse(raw: Tree) -> Parsed | Malformed:
    """Parse the raw value, or return every problem of its form."""
    raw = copy.deepcopy(raw)
    problems = list(_take_out_misplaced(raw))
    known = [path for problem in problems for path in (problem.where, problem.meant)]
    profile = _profile(raw)
    layered = merged(merged(by_name(raw), by_profile(raw, profile)), raw)
    try:
        stack = StackSection.model_validate(layered)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            path = _path(details)
            if not any(contains(one, dotted(path)) for one in known):
                problems.append(_problem(details, path))
    return Malformed(problems, layered) if problems else Parsed(stack, _origins(raw, profile))


def _profile(raw: Tree) -> str:
    """Return the chosen profile; any one when the choice is broken, which is then reported as such."""
    name = merged(by_name(raw), raw).get("profile")
    return name if isinstance(name, str) and name in PROFILES else next(iter(PROFILES))


def _origins(raw: Tree, profile: str) -> Mapping[str, str]:
    from_profile = dict.fromkeys(dict(leaves(by_profile(raw, profile))), f"profile {profile}")
    return from_profile | dict.fromkeys(dict(leaves(raw)), "stack file")


# --- where: pydantic's location, without its marks ---


def _path(details: ErrorDetails) -> Path:
    return tuple(step for step in details["loc"] if step != "[key]")


def _about(path: Path) -> tuple[About | None, type[BaseModel] | None]:
    """Return what is expected at a path, and the section (model) that stands there, if one does."""
    kind: Any = StackSection
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
        about = find_about(field)
        kind = field.annotation
    kind = _without_none(kind)
    return about, kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _without_none(kind: Any) -> Any:
    some = [arg for arg in get_args(kind) if arg is not type(None)]
    return some[0] if type(None) in get_args(kind) else kind


# --- what: our own words ---


def _problem(details: ErrorDetails, path: Path) -> Problem:
    where, given = dotted(path), details["input"]
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
    near = _nearest_choice(details)
    hint = context.get("hint") or _quoting_hint(details, given) or (f"the nearest is {near}" if near else about.hint)
    example = as_yaml(near or context.get("example") or about.example)
    if context.get("hide"):
        given = "(not shown)"
    return Problem(where, given, str(context.get("expected", about.expected)), example, hint)


def _nearest_choice(details: ErrorDetails) -> str:
    """Return the word out of a few that was probably meant; empty when none is near, or any text would do."""
    if details["type"] != "literal_error":
        return ""
    return nearest(details["input"], re.findall(r"'([^']+)'", str(details.get("ctx", {}).get("expected", ""))))


def _unknown_key(path: Path, given: object) -> Problem:
    """Show the key only: its value could be a password that somebody meant for elsewhere."""
    *above, key = path
    keys = list(fields_of(_about(tuple(above))[1] or StackSection))
    if why := _NOT_SUPPORTED.get((str(above[-1]) if above else "", str(key))):
        example = _example((*above, keys[0]))
        return Problem(dotted(path), key, f"one of the keys {', '.join(keys)}; there is no {key}", example, why)
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
    """Return what is expected of a key that stands in the wrong section, and where it belongs."""
    places = [(place, fields_of(section)[key]) for place, section in sections() if key in fields_of(section)]
    if not places:
        return None
    return find_about(places[0][1]), " and of ".join(place or _SETTINGS for place, _ in places)


def _take_out_misplaced(raw: Tree) -> Iterator[Problem]:
    """Remove keys of the settings that are indented like clusters; a cluster of such a name has a cluster's keys."""
    clusters = raw.get("clusters")
    if not isinstance(clusters, dict):
        return
    for key, value in list(clusters.items()):
        if key in fields_of(StackSection) and value and not _is_cluster(value):
            del clusters[key]
            expected = f"clusters only; {key} is a key of {_SETTINGS}"
            hint = f"move {key} and what is in it two columns to the left, into the column of clusters"
            yield Problem(dotted(("clusters", key)), key, expected, _example((key,)), hint, meant=key)


def _is_cluster(value: object) -> bool:
    return isinstance(value, dict) and not value.keys().isdisjoint(fields_of(ClusterSection))


def _example(path: Path) -> str:
    """Return a valid line for the key at the path."""
    about = _about(path)[0]
    assert about, f"no field at {dotted(path)}"
    return f"{path[-1]}: {as_yaml(about.example)}"


def _quoting_hint(details: ErrorDetails, given: object) -> str:
    if details["type"] in ("string_type", "literal_error") and isinstance(given, bool | int | float):
        return f"YAML read a {'truth value' if isinstance(given, bool) else 'number'} here; put the text in quotes"
    if details["type"] == "int_type" and isinstance(given, str) and given.strip().isdigit():
        return "YAML read a text here; write the number without quotes"
    return ""
