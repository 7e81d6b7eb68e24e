"""What a lifecycle test may ask of an engine, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from rehearsal.providers import ResourceProvider


@dataclass(frozen=True)
class Result:
    """One run of the engine that succeeded, unless the test allowed it to fail."""

    operations: Mapping[str, str]
    """URN -> create | update | replace | delete, of what changed (or would, in a preview); the stack is left out."""
    outputs: Mapping[str, Any]
    """The stack's outputs, as the run left them; unknown ones are None."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """URN -> what its provider said, of what failed."""
    text: str = ""
    """What the engine printed."""

    def names(self, operation: str) -> set[str]:
        """Logical names of what this happened to."""
        return {name_of(urn) for urn, done in self.operations.items() if done == operation}


def name_of(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


class Engine(Protocol):
    """One stack of a copy of the project; tests change the copy's files and settings between runs."""

    project: Path

    @classmethod
    def new(cls, folder: Path, providers: Mapping[str, ResourceProvider], stack: str) -> Self:
        """An engine for a stack that was never deployed; `folder` is its own. `providers`: by plugin."""
        ...

    def copy(self, folder: Path, providers: Mapping[str, ResourceProvider]) -> Self:
        """Another engine, with this one's program and state."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """The stack's settings, to be changed and written back."""
        ...

    @settings.setter
    def settings(self, settings: dict[str, Any]) -> None: ...

    def preview(self) -> Result: ...

    def up(self, *, replace: Sequence[str] = (), may_fail: bool = False) -> Result:
        """`replace`: URNs that shall be replaced; `may_fail`: go on past errors, and return instead of raising."""
        ...

    def refresh(self) -> Result: ...

    def destroy(self) -> Result: ...

    def export(self) -> dict[str, Any]:
        """The stack in the format of `pulumi stack export`."""
        ...
