"""States that name what is no longer in them: the engine refuses to use such a one.

It leaves them behind where a run goes on after an error and deletes what a resource that was skipped still named: it
looks at what has failed, and not at what was skipped for it (pulumi/pulumi#16720; seen with 3.274.1). `pulumi state
repair` does the same as this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automation.deployment.pending_creates import State, list_needs
from graph.urns import name_of


def drop_dangling(deployment: State) -> tuple[State, list[str]]:
    """Return the state without references to what it does not hold, and what was dropped, in words.

    Parents and providers stay: without them a resource is none.
    """
    known = {resource["urn"] for resource in deployment.get("resources") or []}
    resources, dropped = [], []
    for resource in deployment.get("resources") or []:
        rest = {**resource, **_kept(resource, known)}
        resources.append(rest)
        if rest != resource:
            lost = sorted({name_of(urn) for urn in {*list_needs(resource)} - {*list_needs(rest)}})
            dropped.append(f"{name_of(resource['urn'])}: it needed {', '.join(lost)}, which the state has no more")
    return ({**deployment, "resources": resources} if dropped else deployment), dropped


def _kept(resource: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key in ("dependencies", "replaceWith"):
        if resource.get(key):
            kept[key] = [urn for urn in resource[key] if urn in known]
    if by_property := resource.get("propertyDependencies"):
        kept["propertyDependencies"] = {
            name: [urn for urn in urns if urn in known] if urns else urns for name, urns in by_property.items()
        }
    if resource.get("deletedWith") and resource["deletedWith"] not in known:
        kept["deletedWith"] = ""
    return kept
