"""The API versions of each type that Microsoft has published, whether or not there is a table of them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from arm.types import ResourceType

FILE = Path(__file__).parent / "versions.json"


def published(row: ResourceType) -> tuple[str, ...]:
    """Return them, oldest first; those in use are among them."""
    return tuple(sorted({*_read().get(row.arm_type, ()), *row.versions}))


@cache
def _read() -> dict[str, list[str]]:
    versions: dict[str, list[str]] = json.loads(FILE.read_text(encoding="utf-8"))["versions"]
    return versions
