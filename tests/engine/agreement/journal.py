"""What an engine asks of the providers, in order, and whether it keeps to the order that dependencies demand."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from rehearsal.providers import ResourceProvider

_NOTED = ("create", "update", "delete", "read")
Dependencies = Mapping[str, set[str]]
"""URN -> the URNs that it needs."""


@dataclass
class Call:
    """One call, between two moments of one clock."""

    kind: str
    urn: str
    begun: int
    ended: int = -1
    """-1: it has not ended."""
    failed: bool = False


@dataclass
class Journal:
    """All calls of one operation; cleared before the next."""

    calls: list[Call] = field(default_factory=list)
    _clock: Iterator[int] = field(default_factory=count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def counts(self) -> Counter[tuple[str, str]]:
        """How often each was asked for of each resource."""
        return Counter((call.kind, call.urn) for call in self.calls)

    def out_of_order(self, before: Dependencies, after: Dependencies) -> list[str]:
        """What was made before it could be, or deleted while something still needed it; dependencies by state.

        What has failed is not there to be built on, or still there to need it: nothing that waits for it may begin.
        """
        return [
            f"{late.kind} {late.urn} did not wait for {early.kind} {early.urn}{', which failed' * early.failed}"
            for late, early in [*self._makes(after), *self._deletes(before)]
            if late.begun < early.ended or early.failed
        ]

    def replacements(self) -> Iterator[tuple[str, str]]:
        """The URN of what was both created and deleted, and which of it came first."""
        for urn in {call.urn for call in self.calls}:
            kinds = [call.kind for call in self._of(urn, "create", "delete")]
            if len(set(kinds)) > 1:
                yield urn, f"{kinds[0]} first"

    def _makes(self, after: Dependencies) -> Iterator[tuple[Call, Call]]:
        for urn, needed in after.items():
            for late in self._of(urn, "create", "update"):
                yield from ((late, early) for other in needed for early in self._of(other, "create", "update"))

    def _deletes(self, before: Dependencies) -> Iterator[tuple[Call, Call]]:
        for urn, needed in before.items():
            for early in self._of(urn, "delete"):
                yield from ((late, early) for other in needed for late in self._of(other, "delete"))

    def _of(self, urn: str, *kinds: str) -> list[Call]:
        return [call for call in self.calls if call.urn == urn and call.kind in kinds]

    def note(self, kind: str, urn: str, call: Callable[[], Any]) -> Any:
        """Make the call."""
        with self._lock:
            entry = Call(kind, urn, next(self._clock))
            self.calls.append(entry)
        try:
            return call()
        except BaseException:
            entry.failed = True
            raise
        finally:
            with self._lock:
                entry.ended = next(self._clock)


class Journaling:
    """A provider whose calls are noted, but for those of a preview."""

    def __init__(self, provider: ResourceProvider, journal: Journal) -> None:
        self._provider, self._journal = provider, journal

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._provider, name)
        return partial(self._noted, name, method) if name in _NOTED else method

    def _noted(self, kind: str, method: Callable[..., Any], first: Any, *rest: Any, **options: Any) -> Any:
        call = partial(method, first, *rest, **options)
        urn = first if isinstance(first, str) else first.urn
        return call() if options.get("preview") else self._journal.note(kind, urn, call)
