"""What an operation changes, grouped as people look for it: by cluster and concern, what loses something first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.graph import Graph, Resource
from graph.grouping import SHARED, concern_of, places
from graph.property_diff import Difference
from graph.property_paths import parse
from graph.random_values import RANDOM_ID
from graph.run_program import PROJECT
from graph.schedule import UNKNOWN_TYPE
from graph.urns import STACK_TYPE, is_resource, name_of, type_of

MARKS: Mapping[str, str] = {"replace": "+-", "delete": "-", "update": "~", "create": "+"}
"""Pulumi's own marks, what is dangerous first."""
LOSING = ("replace", "delete")


@dataclass(frozen=True)
class Heading:
    """Where people look for a resource."""

    cluster: str = SHARED
    concern: str = UNKNOWN_TYPE.concern


@dataclass(frozen=True)
class Change:
    """One resource, and what happens to it."""

    urn: str
    kind: str
    """create | update | replace | delete"""
    heading: Heading
    differences: Sequence[Difference] = ()
    is_certain: bool = True
    """False: a preview says `replace` only because a value is not known yet; if it stays as it is, nothing is lost.

    A preview of azure-native knows only `name` and `location` of what it will update, so that a changed tag
    of an identity is announced as the replacement of its roles.
    """

    @property
    def has_cause(self) -> bool:
        """Whether it says itself why it happens; the others are replaced with those that do."""
        return self.kind != "replace" or any(one.replaces and one.is_known for one in self.differences)


def find_headings(graph: Graph) -> dict[str, Heading]:
    """URN -> where it belongs, without components and providers."""
    return {
        urn: Heading(place, concern_of(graph.resources[urn]))
        for urn, place in places(graph).items()
        if is_resource(urn)
    }


def graph_of_state(stack: str, deployment: Mapping[str, Any]) -> Graph:
    """Return what an exported state says of resources: where they belong, what they hold; and the stack's outputs."""
    exported = deployment.get("resources") or []
    resources = {
        each["urn"]: Resource(
            urn=each["urn"],
            type=each["type"],
            name=name_of(each["urn"]),
            parent=each.get("parent", ""),
            custom=bool(each.get("custom")),
            inputs=each.get("inputs") or {},
            outputs=each.get("outputs") or {},
            property_dependencies=each.get("propertyDependencies") or {},
        )
        # What is still to be deleted has the name of what has replaced it.
        for each in sorted(exported, key=lambda each: not each.get("delete"))
    }
    outputs = next((one.outputs for one in resources.values() if one.type == STACK_TYPE), {})
    return Graph(PROJECT, stack, False, "", resources, outputs)


def changes_of(
    changes: Mapping[str, str],
    differences: Mapping[str, Sequence[Difference]],
    headings: Mapping[str, Heading],
    graph: Graph | None,
) -> list[Change]:
    """Every change of a resource, in the order in which people read them.

    Args:
        graph: what the program wants; without it every replacement is taken as certain.
    """
    # Replaced, a random id has another value and nothing is lost: for people that is an update.
    changes = {
        urn: "update" if kind == "replace" and type_of(urn) == RANDOM_ID else kind for urn, kind in changes.items()
    }
    perhaps = _perhaps(changes, differences, graph) if graph else set()
    found = [
        Change(urn, kind, headings.get(urn, Heading()), differences.get(urn, ()), is_certain=urn not in perhaps)
        for urn, kind in changes.items()
        if is_resource(urn)
    ]
    return sorted(found, key=_order)


def _perhaps(changes: Mapping[str, str], differences: Mapping[str, Sequence[Difference]], graph: Graph) -> set[str]:
    """Of what is announced as replaced, what is so only because of values that are not known yet."""
    perhaps = {
        urn
        for urn, kind in changes.items()
        if kind == "replace"
        and urn in graph.resources
        and not any(one.replaces and one.is_known for one in differences.get(urn, ()))
    }
    while True:
        new = {
            urn
            for urn, kind in changes.items()
            if is_resource(urn) and (kind == "create" or (kind == "replace" and urn not in perhaps))
        }
        certain = {urn for urn in perhaps if not _is_open(urn, differences.get(urn, ()), graph, new, perhaps)}
        if not certain:
            return perhaps
        perhaps -= certain


def _is_open(urn: str, own: Sequence[Difference], graph: Graph, new: Collection[str], perhaps: Collection[str]) -> bool:
    """Whether nothing that the replacement rests on is certain to become another one."""
    resource = graph.resources[urn]
    if keys := {str(parse(one.path)[0]) for one in own if one.replaces}:
        direct = {other for key in keys for other in resource.property_dependencies.get(key, ())}
        return bool(direct) and not ({*direct}.union(*map(graph.ancestors, direct)) & {*new})
    # One without a reason of its own is replaced with others.
    others = {*resource.options.replace_with, *graph.ancestors(urn)}
    return not others & {*new} and bool(others & {*perhaps})


def _order(one: Change) -> tuple[bool, str, str, int, str]:
    heading = one.heading
    return heading.cluster == SHARED, heading.cluster, heading.concern, list(MARKS).index(one.kind), name_of(one.urn)
