"""AIO's own parts in an instance: what the release creates there, as a set, and what each is like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from arm.types import BY_ARM_TYPE
from arm.types.iotoperations import CONNECTOR_TEMPLATE, INSTANCE
from arm.values import leaves
from graph.graph import Resource
from rules.facts.children import Child, children_of
from rules.lookup import Hits, View

_SHOWN = 3
"""Differences of one resource that a finding tells."""


def default_parts(view: View) -> Hits:
    """Require what the release creates in an instance: every default child, with the properties that AIO relies on."""
    for cluster in view.clusters:
        instance = view.one(INSTANCE, cluster)
        if view.release and instance:  # else REL-01 or ASK-01 says so
            created = children_of(view.release)
            yield from _own_parts(view, instance, created, cluster)
            for template in view.all(CONNECTOR_TEMPLATE, cluster=cluster):
                if not any(_is(view, template, child) for child in created):
                    yield template.name, f"AIO {view.release.name} creates no such connector template. Remove it"


def _own_parts(view: View, instance: Resource, created: Sequence[Child], cluster: str) -> Hits:
    missing = []
    for child in created:
        found = [one for one in view.all(BY_ARM_TYPE[child.arm_type], cluster=cluster) if _is(view, one, child)]
        if not found:
            missing.append(f"{child.arm_type} {child.name!r}")
        for resource in found:
            yield from _compare(resource, view.inputs(resource).get("properties"), child)
    if missing:
        yield instance.name, f"lacks what AIO {view.settings.release.name} creates: {', '.join(missing)}. Add it"


def _is(view: View, resource: Resource, child: Child) -> bool:
    given = view.path(resource).rsplit("/", 1)[1]
    named = given.startswith(child.name) if child.name.endswith("-") else given == child.name
    return named and resource.arm_type == child.arm_type


def _compare(resource: Resource, properties: Any, child: Child) -> Hits:
    known = {path: value for path, value, _ in leaves(properties)}
    wrong = []
    for path, value, _ in leaves(child.properties):
        allowed = value if isinstance(value, frozenset) else {value}
        if known.get(path) not in allowed:
            wrong.append(f"{path} is {known.get(path)!r}, expected {' or '.join(map(repr, sorted(allowed)))}")
    if child.is_whole:
        own = child.judged.union(path for path, *_ in leaves(child.properties))
        wrong += [f"{path} is {value!r}, expected none" for path, value in known.items() if path not in own]
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        yield resource.name, f"properties: {'; '.join(wrong[:_SHOWN])}{more}. AIO's own parts rely on it"
