"""Findings by cause: what is wrong at one place is told once, and what follows from it is counted with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph.graph import Graph
from graph.grouping import find_stamp
from rules import Finding

_IN_CLUSTER: Mapping[str, tuple[str, ...]] = {
    "ASK-01": ("ASK-06",),
    "ASK-03": ("ASK-06",),
    "ASK-04": ("ASK-06",),
    "ASK-05": ("ASK-06",),
    "REL": ("ASK-06",),
    "REF": ("ASK-06", "REF-08"),
    "REF-07": ("ASK-06", "REF-08", "REL-01"),
    "PATH": ("ASK-06", "REF-01", "REF-02", "REF-08"),
    "EDGE-01": ("ASK-01", "ASK-06", "REF", "EDGE-08"),
    "EDGE": ("ASK-01", "ASK-06", "REF"),
    "ID-01": ("ASK-06", "REF"),
    "ID-02": ("ASK-06", "REF"),
    "ID-03": ("ASK-06", "REF", "ID-02"),
    "ID-04": ("ASK-06", "REF"),
    "SEC-02": ("ASK-06", "REF"),
    "PKI": ("ASK-01", "ASK-06"),
    "MQTT": ("ASK-01", "ASK-06", "MQTT-02"),
    "NET": ("ASK-01", "ASK-06", "REF-08"),
    "LIFE": ("ASK-06",),
    "OUT": ("ASK", "REF", "REL-01"),
}
"""Rule, or its letters -> rules, or their letters, of which a finding in the same cluster is the likely cause."""
_NEARBY: Mapping[str, tuple[str, ...]] = {
    "ASK-04": ("SHAPE-01",),
    "SHAPE-01": ("ASK-05", "REL-01"),
    "REF": ("ASK-05", "REL-01"),
    "EDGE": ("NET-01",),
    "PKI": ("REF", "PKI-05", "PKI-08", "MQTT-01"),
    "MQTT": ("REF",),
    "NET": ("ASK-04", "MQTT-02"),
    "REL-02": ("REL-01",),
    "LIFE": ("REF-08",),
    "LIFE-07": ("REF-08", "PATH-03"),
}
"""The same, where both are about one resource, or the consequence names the cause's or waits for it."""


@dataclass(frozen=True)
class Cause:
    """One thing to mend."""

    finding: Finding
    same: Sequence[Finding] = ()
    """The same mistake at other resources."""
    followers: Sequence[Finding] = ()
    """What is likely to go with it."""

    @property
    def message(self) -> str:
        """Return the finding's message, with what else goes with it."""
        parts = [self.finding.message]
        if self.same:
            parts.append(f"The same at {_list([one.resource for one in self.same])}.")
        if self.followers:
            verb = "finding follows" if len(self.followers) == 1 else "findings follow"
            names = list(dict.fromkeys(f"{one.rule} {one.resource}" for one in self.followers))
            shown = f": {', '.join(names)}" if len(names) <= _MOST_NAMES else f", e.g. {', '.join(names[:_MOST_NAMES])}"
            parts.append(f"{len(self.followers)} more {verb} from it{shown}.")
        return "\n".join(parts)


_MOST_NAMES = 6


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


def find_causes(findings: Sequence[Finding], graph: Graph) -> list[Cause]:
    """Return the findings by cause, in the order of the rules; each finding is in exactly one cause."""
    groups, names = _group(findings), _read_names(graph)
    above = [
        next((at for at, other in enumerate(groups) if at != index and _explains(other, group, names)), None)
        for index, group in enumerate(groups)
    ]
    followers: dict[int, list[Finding]] = {}
    for index, group in enumerate(groups):
        if (root := _root(index, above)) != index:
            followers.setdefault(root, []).extend(group)
    roots = [index for index in range(len(groups)) if _root(index, above) == index]
    return [Cause(groups[index][0], groups[index][1:], followers.get(index, ())) for index in roots]


def _root(index: int, above: Sequence[int | None]) -> int:
    """Return the cause of the cause; where causes go round in a circle, the first of them."""
    path: list[int] = []
    at: int | None = index
    while at is not None and at not in path:
        path.append(at)
        at = above[at]
    return path[-1] if at is None else min(path[path.index(at) :])


def _explains(cause: Sequence[Finding], group: Sequence[Finding], names: _Names) -> bool:
    """Tell whether one group is the likely cause of another: by the tables, or as it is about the same input."""
    first, own = cause[0], group[0]
    shared = {one.resource for one in cause} & {one.resource for one in group}
    if shared and _input(own) and _input(first) == _input(own):
        return _precedes(first, own)
    if _may_cause(_IN_CLUSTER, first.rule, own.rule):
        return _shares_a_cluster(cause, group, names)
    return _may_cause(_NEARBY, first.rule, own.rule) and any(
        other.resource == one.resource
        or other.resource in names.waits_for.get(one.resource, ())
        or _mentions(one, other.resource)
        for one in group
        for other in cause
    )


def _shares_a_cluster(cause: Sequence[Finding], group: Sequence[Finding], names: _Names) -> bool:
    if cause[0].rule == "ASK-06" or group[0].rule.startswith("OUT"):  # what lies with another cluster; outputs of all
        return True
    places = [{names.clusters.get(one.resource, one.resource) for one in findings} for findings in (cause, group)]
    return bool(places[0] & places[1])


def _mentions(finding: Finding, resource: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(resource)}(?![\w-])", finding.message) is not None


def _precedes(first: Finding, own: Finding) -> bool:
    """Of two findings about one input, the one that a rule of form or of the settings has is told; SHAPE-02 last."""
    order = ("ASK-05", "ASK-06", "SHAPE-01", "ASK", "REF", "REL")
    ranks = [
        next((index for index, name in enumerate(order) if one.rule.startswith(name)), 9 + (one.rule == "SHAPE-02"))
        for one in (first, own)
    ]
    return ranks[0] < ranks[1]


def _may_cause(table: Mapping[str, tuple[str, ...]], cause: str, rule: str) -> bool:
    """Tell whether the table says so, and not of the reverse too, as between rules of one kind."""
    return _lists(table, rule, cause) and not _lists(table, cause, rule)


def _lists(table: Mapping[str, tuple[str, ...]], rule: str, cause: str) -> bool:
    causes = table.get(rule, table.get(rule.partition("-")[0], ()))
    return any(cause == name or cause.partition("-")[0] == name for name in causes)


@dataclass(frozen=True)
class _Names:
    """What is known of a resource by its logical name."""

    clusters: Mapping[str, str]
    waits_for: Mapping[str, frozenset[str]]
    """Directly."""


def _read_names(graph: Graph) -> _Names:
    waits = {
        one.name: frozenset(graph.resources[urn].name for urn in one.dependencies if urn in graph.resources)
        for one in graph.resources.values()
        if one.custom
    }
    return _Names(_clusters(graph), waits)


def _clusters(graph: Graph) -> dict[str, str]:
    """Logical name -> the stamp that makes it, or whose part it is by its name."""
    stamps = {find_stamp(graph, one) for one in graph.resources.values()} - {""}
    found = {}
    for one in graph.resources.values():
        stamp = find_stamp(graph, one)
        by_name = [each for each in stamps if one.name.startswith(f"{each}-")]
        found[one.name] = stamp or max(by_name, key=len, default="")
    return found


def _group(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Put together what one rule says in the same words of several resources."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    seen: dict[tuple[str, str, str], int] = {}
    for one in findings:
        words = (one.rule, _input(one), _skeleton(one.message))
        nth = seen[one.resource, *words[:2]] = seen.get((one.resource, *words[:2]), -1) + 1
        groups.setdefault((*words, nth), []).append(one)
    return list(groups.values())


def _input(finding: Finding) -> str:
    """Return the input that a message begins with, without indexes; empty if with none."""
    found = re.match(r"(configurationSettings\.[\w.-]+|[a-zA-Z_][\w.\[\]]*): ", finding.message)
    return re.sub(r"\[\d+\]", "", found[1]) if found else ""


def _skeleton(message: str) -> str:
    """Return the message's plain words: without names, ids, values."""
    return " ".join(word for word in re.findall(r"\S+", message) if re.fullmatch(r"[a-z]+[,.;:]?", word))
