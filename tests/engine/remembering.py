"""Keys, certificates and random names that two runs share, so that all that is made of them can be compared."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from rehearsal.providers import Properties, ResourceProvider


class Remembering:
    """A provider whose creates give each resource what its first create with these inputs gave."""

    def __init__(self, provider: ResourceProvider) -> None:
        self._provider = provider
        self._made: dict[tuple[str, str], tuple[str, Properties]] = {}
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    def create(self, urn: str, type_token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        if preview:
            return self._provider.create(urn, type_token, inputs, preview=True)
        with self._lock:
            key = (urn, repr(sorted(inputs.items())))
            if key not in self._made:
                self._made[key] = self._provider.create(urn, type_token, inputs, preview=False)
            return self._made[key]


def remembering(providers: Mapping[str, ResourceProvider]) -> dict[str, Any]:
    """The plugins tls and random, each remembering."""
    return {plugin: Remembering(providers[plugin]) for plugin in ("tls", "random")}
