"""What a program registered, taken down once and played again without the program.

A run of the program costs most of a second and a replay a fraction of it, so that a sweep over hundreds of failures
takes minutes. Inputs are those of the recorded run, also where they come from outputs that another run would have made
differently (keys, certificates).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graph.monitor import Monitor


@dataclass
class Recording:
    """The calls of one run, each after all that it depends on, as the SDK made it only then."""

    calls: list[tuple[str, Any]] = field(default_factory=list)

    def note(self, call: str, request: Any) -> None:
        """Take down a registration, by the name of the call, before anybody changes the request."""
        copy = type(request)()
        copy.CopyFrom(request)
        self.calls.append((call, copy))

    def play(self, monitor: Monitor) -> None:
        """Make all calls again, in the same order. What depends on a failed resource, the engine skips by itself."""
        for call, request in self.calls:
            copy = type(request)()
            copy.CopyFrom(request)
            getattr(monitor, call)(copy)
