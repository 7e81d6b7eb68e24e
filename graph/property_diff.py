"""What an engine's step changes in a resource, by property, with the values; secrets are the engine's own markers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.automation.events import StepEventMetadata
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_WIRE

from arm.values import SECRET_MARKER, UNKNOWN_MARKER
from graph.property_paths import Path, parse
from graph.property_values import SECRET_SIGNATURE, SIGNATURE

_LONGEST_VALUE = 60
_ENGINES_OWN = {"replaceWith"}
"""Said of what is replaced with another resource, and no property."""
_ABSENT = object()


@dataclass(frozen=True)
class Difference:
    """One property of one resource."""

    path: str
    """As in `properties.settings[0].name`."""
    before: str
    """As JSON, long values cut; empty: it was not there."""
    after: str
    replaces: bool
    """Whether the resource is replaced because of it."""

    @property
    def is_known(self) -> bool:
        """Return whether it is known already what the property will be."""
        return self.after != UNKNOWN_MARKER

    def __str__(self) -> str:
        why = " (replaces)" if self.replaces else ""
        return f"{self.path}: {self.before or 'not set'} -> {self.after or 'not set'}{why}"


def differences(step: StepEventMetadata) -> list[Difference]:
    """Return every property that the step changes, in order of their paths."""
    kinds = step.detailed_diff or {}
    found = []
    for path in sorted({*kinds, *(() if kinds else step.diffs or ())} - _ENGINES_OWN):
        is_output = path in kinds and not kinds[path].input_diff
        side = "outputs" if is_output else "inputs"
        replaces = path in kinds and "replace" in str(kinds[path].diff_kind).lower()
        try:
            # The new inputs are compared with the old inputs or outputs (pulumi/pulumi, pkg/engine/detailedDiff.go).
            before = _at(getattr(step.old, side, None), parse(path))
            after = _at(getattr(step.new, "inputs", None), parse(path))
            if after is _ABSENT and is_output:  # of a refresh: what Azure says now
                after = _at(getattr(step.new, "outputs", None), parse(path))
        except ValueError:  # providers write some names, as those of tags, without quotes: no value then
            before = after = _ABSENT
        found.append(Difference(path, *_shown(before, after), replaces))
    if not any(one.replaces for one in found):
        # A reason that is no property's: `id` where somebody asked for it, `provider`.
        found += [Difference(key, "", "", replaces=True) for key in sorted({*(step.keys or ())} - _ENGINES_OWN)]
    return found


def known(value: Any) -> Any:
    """Return a value without the engine's ways to write what is not known (None), or hidden."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return SECRET_MARKER
        return {key: known(item) for key, item in value.items()}
    if isinstance(value, list):
        return [known(item) for item in value]
    return None if value == UNKNOWN_ON_WIRE else value


def _at(value: Any, path: Path) -> Any:
    """Return the value at the path; a secret or an unknown on the way stands for what lies inside."""
    for part in path:
        if value == UNKNOWN_ON_WIRE or (isinstance(value, Mapping) and value.get(SIGNATURE) == SECRET_SIGNATURE):
            return value
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return value


def _shown(before: Any, after: Any) -> tuple[str, str]:
    """Return both as JSON; of long ones what begins shortly before they part."""
    texts = (_text(before), _text(after))
    parts = next((at for at, (old, new) in enumerate(zip(*texts, strict=False)) if old != new), min(map(len, texts)))
    start = max(0, parts - _LONGEST_VALUE // 2) if max(map(len, texts)) > _LONGEST_VALUE else 0
    return _cut(texts[0], start), _cut(texts[1], start)


def _cut(text: str, start: int) -> str:
    if not start and len(text) <= _LONGEST_VALUE:
        return text
    head, tail = ("..." if start else ""), ("..." if len(text) > start + _LONGEST_VALUE else "")
    return f"{head}{text[start : start + _LONGEST_VALUE]}{tail} ({len(text)} characters)"


def _text(value: Any) -> str:
    if value is _ABSENT:
        return ""
    return UNKNOWN_MARKER if value == UNKNOWN_ON_WIRE else json.dumps(known(value), sort_keys=True)
