"""Providers as the engine sees them: one interface for the offline engine (in process) and the real one (gRPC).

The semantics are those of azure-native, tls and random, the words those of the engine's provider protocol
(pulumi/pulumi, proto/pulumi/provider.proto). Values are plain, without secret marks, with `UNKNOWN` where a preview
does not know: our providers accept no secrets, so the engine removes the marks and puts them back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Properties = dict[str, Any]


@dataclass(frozen=True)
class ExistingResource:
    """A resource as the engine's state has it."""

    urn: str
    type: str
    id: str
    inputs: Properties
    outputs: Properties


@dataclass(frozen=True)
class Diff:
    """What changes between the old inputs and the new ones."""

    changed: Sequence[str] = ()
    """Top-level inputs that differ; an unknown counts as changed. Empty: nothing to do."""
    replaces: Sequence[str] = ()
    """Those of them that cannot change in place."""
    delete_before_replace: bool = False
    detailed: Mapping[str, str] = field(default_factory=dict)
    """Property path -> add | add_replace | delete | delete_replace | update | update_replace."""


class ProviderError(Exception):
    """The provider failed; nothing was created, updated or deleted. `str()` is what Azure said."""


class InitializationError(ProviderError):
    """Azure accepted the call and failed later: the resource exists and its state is kept.

    The engine's ErrorResourceInitFailed (pulumi/pulumi, proto/pulumi/provider.proto).
    """

    def __init__(self, resource_id: str, inputs: Properties, outputs: Properties, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.resource_id, self.inputs, self.outputs, self.reasons = resource_id, inputs, outputs, tuple(reasons)


@dataclass(frozen=True)
class ReadResult:
    """What a resource is now; an empty id means that it is gone."""

    resource_id: str
    inputs: Properties
    outputs: Properties


class ResourceProvider(Protocol):
    """One provider, e.g. azure-native with all its parameterized packages. Called from several threads at once.

    Every method may raise `ProviderError`.
    """

    def check(self, urn: str, type_token: str, old_inputs: Properties, inputs: Properties) -> Properties:
        """Return the inputs with defaults filled in; unknowns stay."""
        ...

    def diff(self, old: ExistingResource, inputs: Properties, ignore_changes: Sequence[str]) -> Diff:
        """Return what differs between the old inputs and the new ones."""
        ...

    def create(self, urn: str, type_token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        """Return id and outputs; in a preview no id, the inputs, and `UNKNOWN` for every other output."""
        ...

    def read(self, old: ExistingResource) -> ReadResult: ...

    def update(self, old: ExistingResource, inputs: Properties, *, preview: bool) -> Properties:
        """Return the new outputs. In a preview only `name` and `location` of what was not given stay known."""
        ...

    def delete(self, old: ExistingResource) -> None: ...

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Return the result of a provider function; what it reads must exist, also in a preview."""
        ...
