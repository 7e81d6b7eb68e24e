"""Which replacements one replacement makes necessary (pulumi/pulumi, pkg/resource/deploy/step_generator.go)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from arm.values import UNKNOWN
from graph import property_paths
from rehearsal.engine.dependencies import find_dependents
from rehearsal.engine.registry import Registry
from rehearsal.engine.state import ResourceState
from rehearsal.providers import Diff


def apply_replace_on_changes(diff: Diff, replace_on_changes: Sequence[str], *, init_errors: bool) -> Diff:
    """Return the provider's diff, with what the program says must not change in place (`applyReplaceOnChanges`).

    `#initerror` among them replaces a resource that was never ready.
    """
    paths = [property_paths.parse(text) for text in replace_on_changes]
    below = [key for key in diff.changed if _contains_any(paths, key)]
    if init_errors and _contains_any(paths, "#initerror"):
        below.append("#initerror")
    detailed = {
        path: f"{kind}_replace" if _contains_any(paths, path) and not kind.endswith("_replace") else kind
        for path, kind in diff.detailed.items()
    }
    return replace(diff, replaces=list(dict.fromkeys([*diff.replaces, *below])), detailed=detailed)


def _contains_any(paths: Sequence[property_paths.Path], path: str) -> bool:
    return any(property_paths.contains(one, property_paths.parse(path)) for one in paths)


def find_dependents_to_replace(
    root: ResourceState, resources: Sequence[ResourceState], seen: Collection[str], registry: Registry
) -> list[ResourceState]:
    """Return what must be deleted before the root can be, in the order of the state (`calculateDependentReplacements`).

    A dependent is replaced if the provider says so when every input that comes from a replaced resource is unknown.
    What the program has registered already (`seen`) cannot depend on the root any more.
    """
    replaced = {root.urn}
    found = []
    for candidate in find_dependents(resources, root, seen):
        if candidate.custom and not candidate.external and _must_follow(candidate, replaced, registry):
            found.append(candidate)
            replaced.add(candidate.urn)
    return found


def _must_follow(candidate: ResourceState, replaced: set[str], registry: Registry) -> bool:
    if candidate.provider_urn in replaced or candidate.deleted_with in replaced:
        return True
    inputs: dict[str, Any] = {
        key: value if replaced.isdisjoint(candidate.property_dependencies.get(key, ())) else UNKNOWN
        for key, value in candidate.inputs.items()
    }
    if not any(value is UNKNOWN for value in inputs.values()):
        return False
    diff = registry.diff(candidate, inputs, candidate.ignore_changes)
    return bool(apply_replace_on_changes(diff, candidate.replace_on_changes, init_errors=False).replaces)


def find_cascades(urn: str, olds: Collection[ResourceState]) -> list[ResourceState]:
    """Return what names the resource in `replace_with` or `deleted_with` (`findDependentCascadeReplacements`)."""
    return [old for old in olds if urn in old.replace_with or old.deleted_with == urn]
