"""Creates whose answer never arrived, in the state's format, from what the engine's events say of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from arm.values import SECRET_MARKER
from automation.deployment.operations import EngineResult
from graph.property_values import SECRET_SIGNATURE, SIGNATURE


def find_unanswered_creates(outcome: EngineResult, urns: Collection[str]) -> list[dict[str, Any]]:
    """Those of the creates that were begun; dependencies come with the next `up`, as events do not tell them."""
    return [
        {
            "urn": new.urn,
            "type": new.type,
            "custom": True,
            "parent": new.parent,
            "provider": new.provider,
            "protect": bool(new.protect),
            "retainOnDelete": bool(new.retain_on_delete),
            "inputs": _importable(new.inputs or {}),
        }
        for new in (outcome.creates[urn] for urn in urns if urn in outcome.creates)
    ]


def _importable(value: Any) -> Any:
    """Events hide secrets, also from whoever could decrypt them; the next `up` writes the resource with the right ones.

    (pulumi/pulumi, pkg/display/events.go, `BlindingCrypter`.)
    """
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return {SIGNATURE: SECRET_SIGNATURE, "plaintext": json.dumps(SECRET_MARKER)}
        return {key: _importable(item) for key, item in value.items()}
    return [_importable(item) for item in value] if isinstance(value, list) else value
