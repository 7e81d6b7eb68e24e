"""Every resource of the graph, by cluster and concern, and what an operation would do or has done to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from arm.shapes import shape_of
from arm.values import redact
from automation.deployment.deployment_result import DeploymentResult
from automation.report.bodies import LongText, LongTexts, render_body
from graph.graph import Graph, Resource
from graph.grouping import SHARED, concern_of, places
from graph.plan import changes_of
from graph.urns import name_of

NO_CONCERN = "components and providers"
PERHAPS = "perhaps-replace"
"""A preview says so only because a value is not known yet (`graph.plan.Change.is_certain`)."""
ORDER = ("replace", "delete", PERHAPS, "update", "create")
"""What is dangerous first."""
_FEW = 6
"""So many clusters are shown opened."""


@dataclass(frozen=True)
class Entry:
    """One resource."""

    id: str
    name: str
    type: str
    action: str
    """One of `ORDER`; empty: nothing."""
    failed: bool
    method: str
    path: str
    api_version: str
    body: Markup
    """What is sent, or the inputs of what is no ARM call."""
    waits_for: Sequence[tuple[str, str]]
    """(id, name) of what it depends on directly."""

    @property
    def is_arm(self) -> bool:
        return bool(self.path)


@dataclass(frozen=True)
class Group:
    """The resources of one concern in one place."""

    concern: str
    entries: Sequence[Entry]

    @property
    def actions(self) -> list[tuple[str, int]]:
        """Return what happens here, and how often."""
        return _count_actions(self.entries)


@dataclass(frozen=True)
class Place:
    """A cluster, or what clusters share."""

    name: str
    groups: Sequence[Group]
    opened: bool

    @property
    def count(self) -> int:
        """Without components and providers."""
        return sum(len(group.entries) for group in self.groups if group.concern != NO_CONCERN)

    @property
    def actions(self) -> list[tuple[str, int]]:
        """Return what happens here, and how often."""
        return _count_actions([entry for group in self.groups for entry in group.entries])

    @property
    def failed(self) -> int:
        return sum(entry.failed for group in self.groups for entry in group.entries)


@dataclass(frozen=True)
class ListedChange:
    """One line of the list of changes; `id` is empty for what the program no longer has."""

    action: str
    id: str
    name: str
    place: str
    differences: Sequence[str]
    """What of it, and to what."""


@dataclass(frozen=True)
class Resources:
    """The section."""

    places: Sequence[Place]
    concerns: Sequence[str]
    changes: Sequence[ListedChange]
    """What is dangerous first."""
    has_changes: bool
    """Whether anything is known of changes."""
    texts: Sequence[LongText]

    @property
    def count(self) -> int:
        """Without components and providers."""
        return sum(place.count for place in self.places)

    @property
    def others(self) -> int:
        """Components and providers."""
        return sum(len(group.entries) for place in self.places for group in place.groups) - self.count

    @property
    def lists(self) -> list[tuple[str, list[ListedChange]]]:
        """Changes by what happens, without creates, which are counted only."""
        by_action = groupby(self.changes, lambda change: change.action)
        return [(action, list(changes)) for action, changes in by_action if action != "create"]

    def count_changes(self, *actions: str) -> int:
        """Return how often these happen."""
        return sum(change.action in actions for change in self.changes)

    def count_by_place(self, concern: str) -> list[int]:
        """Return how many resources of the concern each place has."""
        return [sum(len(group.entries) for group in place.groups if group.concern == concern) for place in self.places]


def list_resources(graph: Graph, clusters: Sequence[str], report: DeploymentResult | None) -> Resources:
    """Return the section; the report says what changes, None if nobody was asked."""
    texts = LongTexts()
    urns = sorted(graph.resources)
    ids = {urn: f"resource-{number}" for number, urn in enumerate(urns, 1)}
    place = places(graph)
    actions = _read_actions(report, graph) if report else {}
    failed = {failure.urn for failure in report.failures} if report else set()
    found: dict[str, dict[str, list[Entry]]] = {}
    for urn in sorted(urns, key=lambda urn: (graph.resources[urn].name, urn)):
        resource = graph.resources[urn]
        concern = concern_of(resource) or NO_CONCERN
        entry = _build_entry(graph, resource, ids, actions.get(urn, ""), urn in failed, texts)
        found.setdefault(place[urn], {}).setdefault(concern, []).append(entry)
    names = [*(name for name in clusters if name in found), *sorted(found.keys() - {*clusters, SHARED}), SHARED]
    concerns = sorted(
        {concern for groups in found.values() for concern in groups}, key=lambda one: (one == NO_CONCERN, one)
    )
    return Resources(
        [_build_place(name, found.get(name, {}), concerns, opened=len(clusters) <= _FEW) for name in names],
        [concern for concern in concerns if concern != NO_CONCERN],
        _list_changes(actions, report, ids, place) if report else [],
        report is not None,
        list(texts.by_text.values()),
    )


def _read_actions(report: DeploymentResult, graph: Graph) -> dict[str, str]:
    """Return URN -> what happens to the resource; a replacement that is not certain is called so."""
    changes = changes_of(report.changes, report.differences, {}, graph)
    return {one.urn: one.kind if one.is_certain else PERHAPS for one in changes}


def _build_entry(
    graph: Graph, resource: Resource, ids: Mapping[str, str], action: str, failed: bool, texts: LongTexts
) -> Entry:
    body: object = redact(resource.inputs)
    method = path = api_version = ""
    if resource.is_arm:
        shape = shape_of(resource.type)
        method, path, api_version = "PUT", graph.arm_path(resource), shape.api_version
        body = redact(shape.body(resource.inputs))
    waits = sorted((graph.resources[urn].name, ids[urn]) for urn in {*resource.dependencies} if urn in ids)
    return Entry(
        ids[resource.urn], resource.name, resource.type, action, failed, method, path, api_version,
        render_body(body, resource.name, texts), [(one, name) for name, one in waits],
    )  # fmt: skip


def _build_place(name: str, groups: Mapping[str, Sequence[Entry]], concerns: Sequence[str], *, opened: bool) -> Place:
    ordered = [Group(concern, groups[concern]) for concern in concerns if concern in groups]
    return Place(name, ordered, opened)


def _count_actions(entries: Sequence[Entry]) -> list[tuple[str, int]]:
    counts = Counter(entry.action for entry in entries if entry.action)
    return [(action, counts[action]) for action in ORDER if counts[action]]


def _list_changes(
    actions: Mapping[str, str], report: DeploymentResult, ids: Mapping[str, str], places: Mapping[str, str]
) -> list[ListedChange]:
    listed = [
        ListedChange(
            action,
            ids.get(urn, ""),
            name_of(urn),
            places.get(urn, "no longer in the program"),
            [str(one) for one in report.differences.get(urn, ())],
        )
        for urn, action in actions.items()
    ]
    return sorted(listed, key=lambda change: (ORDER.index(change.action), change.place, change.name))
