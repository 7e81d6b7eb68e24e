"""Read everything again and let the state follow (pulumi/pulumi, step.go `RefreshStep`, `rebuildBaseState`)."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from graph.graph import mark_secret_outputs
from rehearsal.engine.journal import Journal
from rehearsal.engine.registry import PROVIDER_TYPE, Registry, mark_secrets
from rehearsal.engine.result import Outcome, Result, Step
from rehearsal.engine.state import ResourceState, now
from rehearsal.providers import Diff, InitializationError, ProviderError, ReadResult


def refresh_all(journal: Journal, registry: Registry, result: Result, *, parallel: int) -> None:
    """Read every custom resource, those first that others depend on; drop what is gone."""
    with ThreadPoolExecutor(parallel) as pool:
        read = list(pool.map(lambda old: _refresh(old, registry, result), journal.base))
    parents = {old.urn: old.parent for old in journal.base}
    journal.rebuild(_drop_lost_references([new for new in read if new is not None], parents))


def _refresh(old: ResourceState, registry: Registry, result: Result) -> ResourceState | None:
    if not old.custom or old.type.startswith(PROVIDER_TYPE) or old.pending_replacement:
        return old
    new = old.copy()
    try:
        found = _read(old, new, registry, result)
        if found.resource_id:
            new.change(
                id=found.resource_id,
                inputs=mark_secret_outputs(old.inputs, found.inputs, ()),
                outputs=mark_secret_outputs(old.outputs, mark_secrets(old, found.outputs), ()),
            )
        changed = _list_changes(old, new)
        if changed:
            new.change(modified=now())
        diff = _invert_diff(registry, old, new) if changed else Diff()
    except ProviderError as error:
        result.say("error", old.urn, str(error))
        result.set(old.urn, "failed")
        return old
    gone = not found.resource_id
    outcome: Outcome = "delete" if gone else "update" if changed else "same"
    result.did(Step("refresh", old.urn, old, None if gone else new, diff), outcome)
    return None if gone else new


def _read(old: ResourceState, new: ResourceState, registry: Registry, result: Result) -> ReadResult:
    try:
        found = registry.read(old)
    except InitializationError as error:
        listed = "\n* ".join(error.reasons)
        result.say("warning", old.urn, f"Refreshed resource is in an unhealthy state:\n* {listed}")
        new.change(init_errors=list(error.reasons))
        return ReadResult(error.resource_id, error.inputs, error.outputs)
    new.change(init_errors=())
    return found


def _list_changes(old: ResourceState, new: ResourceState) -> list[str]:
    """List inputs and outputs that are not what they were, by name; ignored ones do not count."""
    pairs = ((old.inputs, new.inputs), (old.outputs, new.outputs))
    differing = {key for was, here in pairs for key in {*was, *here} if was.get(key) != here.get(key)}
    return sorted(differing - set(old.ignore_changes))


def _invert_diff(registry: Registry, old: ResourceState, new: ResourceState) -> Diff:
    """Return what an `up` would change back, the other way round; a change of outputs alone counts as well."""
    back = registry.diff(new, old.inputs, old.ignore_changes)
    opposite = {"add": "delete", "delete": "add"}
    detailed = {path: opposite.get(kind.removesuffix("_replace"), "update") for path, kind in back.detailed.items()}
    return Diff(changed=sorted({*back.changed, *_list_changes(old, new)}), detailed=detailed)


def _drop_lost_references(resources: list[ResourceState], parents: Mapping[str, str]) -> list[ResourceState]:
    """Without references to what is gone; a child of a lost parent goes to the parent's parent.

    As with the engine, inputs that depend on nothing lose their entry until the next `up`.
    """
    left: set[str] = set()
    for resource in resources:
        parent = resource.parent
        while parent and parent not in left:
            parent = parents.get(parent, "")
        resource.change(
            parent=parent,
            dependencies=[urn for urn in resource.dependencies if urn in left],
            property_dependencies={
                key: [urn for urn in urns if urn in left]
                for key, urns in resource.property_dependencies.items()
                if not left.isdisjoint(urns)
            },
            deleted_with=resource.deleted_with if resource.deleted_with in left else "",
            replace_with=[urn for urn in resource.replace_with if urn in left],
        )
        left.add(resource.urn)
    return resources
