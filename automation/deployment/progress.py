"""Follows an operation: what has become of each resource, how far it is, and how long it may still take."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from automation.deployment.operations import EngineResult, Stage
from graph.graph import Graph
from graph.schedule import schedule, waits_for
from graph.urns import is_resource

OUTCOMES: Mapping[str, str] = {
    "succeeded": "it is as the settings want it, and was not before",
    "failed": "Azure has refused it, or it went wrong there",
    "skipped": "nothing was to be done",
    "not-run": "it was never begun, as something that it waits for has failed, or nothing was begun at all",
    "cancelled": "it was never begun, as the run was interrupted",
    "unknown": "it was begun, and nobody has seen how it ended: accepted work is not cancelled",
}
"""What can become of a resource, and of a command."""


@dataclass(frozen=True)
class Expected:
    """One resource that the program wants, or that the stack has."""

    seconds: int
    """Estimate of what creating it takes."""
    after: Sequence[str] = ()
    """URNs of what it waits for."""


def expectations_of(graph: Graph) -> dict[str, Expected]:
    """Everything that the program wants, in an order in which it can be made."""
    return {
        urn: Expected(step.finish - step.start, waits_for(graph, graph.resources[urn]))
        for urn, step in schedule(graph).steps.items()
    }


@dataclass
class Tracker:
    """Listens to an operation, over all runs of the engine."""

    expected: Mapping[str, Expected] = field(default_factory=dict)
    """By URN, each after what it waits for."""
    existing: Collection[str] = ()
    """URNs that the stack had before: they take no time unless something is done to them."""
    now: Callable[[], float] = time.monotonic
    """Seconds."""
    began: dict[str, float] = field(default_factory=dict)
    """URN -> when its last step began."""
    took: dict[str, float] = field(default_factory=dict)
    """URN -> seconds that its last step took."""
    ended: dict[str, str] = field(default_factory=dict)
    """URN -> one of `OUTCOMES`."""
    changes: dict[str, str] = field(default_factory=dict)
    """URN -> create | update | replace | delete, of what was done."""
    gone: set[str] = field(default_factory=set)
    """URNs of what was deleted to be made again."""
    last: EngineResult | None = None
    """What the engine has said so far."""
    urns: list[str] = field(init=False)
    """Of all resources that are wanted or were met, without components and providers."""

    def __post_init__(self) -> None:
        self.urns = [urn for urn in self.expected if is_resource(urn)]
        self._known = set(self.urns)

    def __call__(self, stage: Stage, urn: str, outcome: EngineResult) -> None:
        """Take notice of what the engine says; `automation.deployment.operations.Progress`."""
        if urn not in self._known and is_resource(urn):
            self._known.add(urn)
            self.urns.append(urn)
        self.last = outcome
        if stage == "begun":
            self.began[urn] = self.now()
            self.ended.pop(urn, None)
        elif stage == "same":
            self.ended.setdefault(urn, "skipped")
        elif stage == "gone":
            self.ended.pop(urn, None)
            self.began.pop(urn, None)
            self.gone.add(urn)
            self.changes[urn] = "delete"
        else:
            self.ended[urn] = "succeeded" if stage == "done" else "failed"
            if stage == "done":
                self.changes[urn] = outcome.changes[urn]
            self.took[urn] = self.now() - self.began.get(urn, self.now())

    @property
    def done(self) -> int:
        """How many resources need nothing more."""
        return sum(self.ended.get(urn) in ("succeeded", "skipped") for urn in [*self.urns])

    @property
    def at_work(self) -> dict[str, float]:
        """URN -> seconds since it was begun, the longest first."""
        begun = [urn for urn in [*self.began] if urn in self._known and urn not in self.ended]
        running = {urn: self.now() - self.began[urn] for urn in begun}
        return dict(sorted(running.items(), key=lambda item: -item[1]))

    @property
    def seconds_left(self) -> float:
        """Estimate: the longest chain of what is still to be done."""
        finish: dict[str, float] = {}
        for urn, expected in self.expected.items():
            start = max((finish[other] for other in expected.after if other in finish), default=0)
            finish[urn] = start + self._remaining(urn, expected.seconds)
        return max(finish.values(), default=0)

    def outcomes(self, *, interrupted: bool = False) -> dict[str, str]:
        """URN -> one of `OUTCOMES`, for every resource, when the operation is over."""
        never = "cancelled" if interrupted else "not-run"
        return {urn: self.ended.get(urn, "unknown" if urn in self.began else never) for urn in self.urns}

    def _remaining(self, urn: str, seconds: int) -> float:
        if urn in self.ended or (urn in self.existing and urn not in self.began and urn not in self.gone):
            return 0
        if urn in self.began:
            return max(0, seconds - (self.now() - self.began[urn]))
        return seconds


def count_outcomes(outcomes: Mapping[str, str]) -> dict[str, int]:
    """How many came to each of `OUTCOMES`, in their order, without those that none came to."""
    counts = Counter(outcomes.values())
    return {outcome: counts[outcome] for outcome in OUTCOMES if counts[outcome]}
