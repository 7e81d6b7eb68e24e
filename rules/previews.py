"""A preview says what the deployment will do: the same resources, and the same inputs as far as they were known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from arm.values import UNKNOWN, reveal
from graph.graph import Graph
from rules.lookup import Hits


def same_resources(preview: Graph, deployment: Graph) -> Hits:
    """No resource appears or vanishes, and none has another type, parent or name."""
    for here, there, missing_in in ((preview, deployment, "deployment"), (deployment, preview, "preview")):
        for urn in sorted(set(here.resources) - set(there.resources)):
            resource = here.resources[urn]
            same_name = sorted(other.type for other in there.resources.values() if other.name == resource.name)
            hint = f"there its name belongs to {', '.join(same_name)}" if same_name else "nothing has its name there"
            yield (
                resource.name,
                f"{resource.type} is missing in the {missing_in}; {hint}. What there is must not depend on outputs",
            )
    for urn in sorted(set(preview.resources) & set(deployment.resources)):
        before, after = preview.resources[urn], deployment.resources[urn]
        if before.parent != after.parent:
            old, new = before.parent.rsplit("::", 1)[-1], after.parent.rsplit("::", 1)[-1]
            yield before.name, f"parent: {old} in the preview, {new} in the deployment; expected the same"


def same_inputs(preview: Graph, deployment: Graph) -> Hits:
    """No input that the preview showed is another one in the deployment."""
    for urn in sorted(set(preview.resources) & set(deployment.resources)):
        before, after = preview.resources[urn], deployment.resources[urn]
        for where, old, new in _differences(reveal(before.inputs), reveal(after.inputs), ""):
            message = f"{where}: {_shown(old)} in the preview, {_shown(new)} in the deployment; expected the same"
            yield before.name, message


def _differences(before: Any, after: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    if before is UNKNOWN:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _differences(before.get(key), after.get(key), f"{where}.{key}" if where else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, f"{where}[{index}]")
    elif before != after:
        yield where, before, after


def _shown(value: Any) -> str:
    """Short, and never a key."""
    shown = repr(value)
    if "PRIVATE KEY" in shown:
        return "a private key"
    return shown if len(shown) <= 100 else f"{shown[:100]}…"
