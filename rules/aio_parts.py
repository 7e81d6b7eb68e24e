"""AIO's own parts in an instance: what the release creates there, as a set, and what each is like."""

from __future__ import annotations

from typing import Any

from arm.types import BY_ARM_TYPE
from arm.types.iotoperations import INSTANCE
from arm.values import leaves
from graph.graph import Resource
from rules.facts.children import CHILDREN, Child
from rules.lookup import Hits, View

_LEFT_OUT = {
    "Microsoft.IoTOperations/instances/registryEndpoints": "nothing of a stamp pulls an image by it yet",
    "Microsoft.IoTOperations/instances/akriConnectorTemplates": "a stamp has no devices yet, so no OPC UA connector",
}
"""Types that the release creates and the stack does not, on purpose; one that is there is judged all the same."""
_SHOWN = 3
"""Differences of one resource that a finding tells."""


def default_parts(view: View) -> Hits:
    """Require what the release creates in an instance: every default child, with the properties that AIO relies on."""
    for cluster in view.clusters:
        instance = view.one(INSTANCE, cluster)
        if view.release is None or instance is None:  # REL-01 and ASK-01 say so
            continue
        missing = []
        for child in (one for one in CHILDREN if one.since <= view.release.name):
            row = BY_ARM_TYPE.get(child.arm_type)
            found = [one for one in view.all(row, cluster=cluster) if _is_named(view, one, child.name)] if row else []
            if not found and child.arm_type not in _LEFT_OUT:
                missing.append(f"{child.arm_type} {child.name!r}")
            for resource in found:
                yield from _compare(resource, view.inputs(resource).get("properties"), child)
        if missing:
            yield instance.name, f"lacks what AIO {view.release.name} creates: {', '.join(missing)}. Add it"


def _is_named(view: View, resource: Resource, name: str) -> bool:
    given = view.path(resource).rsplit("/", 1)[1]
    return given.startswith(name) if name.endswith("-") else given == name


def _compare(resource: Resource, properties: Any, child: Child) -> Hits:
    known = {path: value for path, value, _ in leaves(properties)}
    wrong = []
    for path, value, _ in leaves(child.properties):
        allowed = value if isinstance(value, frozenset) else {value}
        if known.get(path) not in allowed:
            wrong.append(f"{path} is {known.get(path)!r}, expected {' or '.join(map(repr, sorted(allowed)))}")
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        yield resource.name, f"properties: {'; '.join(wrong[:_SHOWN])}{more}. AIO's own parts rely on it"
