"""What a program registered, taken down once and played again without the program.

A run of the program costs most of a second and a replay a fraction of it, so that a sweep over hundreds of failures
takes minutes. Inputs are those of the recorded run, also where they come from outputs that another run would have made
differently (keys, certificates). One exception: a RandomId that is replaced has another value, and that is what for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graph.monitor import Monitor
from graph.random_values import RANDOM_ID


@dataclass
class Recording:
    """The calls of one run, each after all that it depends on, as the SDK made it only then."""

    calls: list[tuple[str, Any]] = field(default_factory=list)

    _drawn: dict[str, bytes] = field(default_factory=dict)
    """URN of a RandomId -> the value that the recorded inputs have: a first draw is the same in every run."""

    def note(self, call: str, request: Any) -> None:
        """Take down a registration, by the name of the call, before anybody changes the request."""
        copy = type(request)()
        copy.CopyFrom(request)
        self.calls.append((call, copy))

    def play(self, monitor: Monitor) -> None:
        """Make all calls again, in the same order. What depends on a failed resource, the engine skips by itself."""
        newer = dict[bytes, bytes]()
        for call, request in self.calls:
            text = request.SerializeToString()
            for old, new in newer.items():
                text = text.replace(old, new)  # of one length, so that the message stays whole
            answer = getattr(monitor, call)(type(request).FromString(text))
            if call == "RegisterResource" and request.type == RANDOM_ID and "hex" in answer.object:
                value = str(answer.object["hex"]).encode()
                if len(value) == 2 * request.object["byteLength"]:  # else it is not known yet
                    newer[self._drawn.setdefault(answer.urn, value)] = value
