"""What is tried: every operation on every type in every way that it can fail, pairs of that, and clocks that jump."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from automation.sweep.baseline import SURROUNDINGS, Baseline
from rehearsal.azure.faults import KINDS, Fault, can_hit

ROLE_SPREAD = SURROUNDINGS.role_spread_seconds
"""Seconds until a new role acts."""
LATER_THAN_GATES_WAIT = 1500.0
PERMANENT = "bad-request"
"""The kind that does not pass by itself."""


@dataclass(frozen=True)
class Run:
    """A run of the deployer that is disturbed."""

    does: str
    """The deployer's operation."""
    phase: str
    """Of the baseline: with what it begins, what the program says, with what it ends."""
    operation: str
    """What fails in Azure."""
    from_end: bool = False
    """It begins with what the phase has ended with."""
    cut: bool = False
    """The create of the resource is cut off first: what fails is the look at it afterwards."""
    role_spread: float = ROLE_SPREAD

    @property
    def of(self) -> str:
        """The operation by which the phase has touched what fails."""
        return "create" if self.operation == "get" else self.operation


RUNS: Mapping[str, Run] = {
    "create": Run("up", "create", "create"),
    "look before create": Run("up", "create", "get"),
    "update": Run("up", "update", "update"),
    "add a site": Run("up", "add a site", "update"),
    "remove a link": Run("up", "remove a link", "delete"),
    "remove a link, update": Run("up", "remove a link", "update"),
    "remove a site": Run("up", "remove a site", "delete"),
    "delete": Run("destroy", "destroy", "delete"),
    "refresh": Run("refresh", "create", "get", from_end=True),
    "recovery": Run("up", "create", "get", cut=True),
}
LATE_ROLES = Run("up", "create", "create", role_spread=LATER_THAN_GATES_WAIT)
JUMPS: Mapping[str, float] = {"": 0, "back": -86400, "forward": 86400}
"""How the machine's clock is set, and by how many seconds."""


@dataclass(frozen=True)
class Case:
    """One run with one fault or two; without any with roles that act later than gates wait."""

    run: str
    faults: tuple[Fault, ...]
    clock: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(fault.kind for fault in self.faults)

    @property
    def group(self) -> tuple[str, int, str]:
        """What a sample has as much of as of the others: a run with one fault, with two, a clock that jumps."""
        return "" if self.clock else self.run, len(self.faults), self.clock

    @property
    def settings(self) -> Run:
        return RUNS[self.run] if self.faults else LATE_ROLES

    @property
    def mended_by_hand(self) -> int:
        """How many more runs it takes, each after somebody has mended something or waited."""
        return self.kinds.count(PERMANENT) if self.faults else 1

    def __str__(self) -> str:
        """Return it with its faults as `--fault` takes them."""
        faults = ", ".join(f"{one.target}:{one.operation}:{one.kind}" for one in self.faults)
        clock = f", and the clock jumps {self.clock}" if self.clock else ""
        return f"{self.run}: {faults or 'roles act later than gates wait'}{clock}"


def list_cases(baseline: Baseline, rng: random.Random) -> list[Case]:
    """Return everything that can be tried."""
    return [
        *list_singles(baseline, rng),
        *list_pairs(baseline, rng),
        *list_jumps(baseline, rng),
        Case("create", ()),
    ]


def list_singles(baseline: Baseline, rng: random.Random) -> Iterator[Case]:
    """Yield every run with every kind for every type, on one of the type's resources each."""
    for name, run in RUNS.items():
        by_type: dict[str, list[str]] = {}
        for resource in sorted(baseline.phases[run.phase].calls[run.of]):
            by_type.setdefault(baseline.types[resource], []).append(resource)
        for _, resources in sorted(by_type.items()):
            for kind in KINDS:
                if is_recoverable(kind, run.operation):
                    yield Case(name, (Fault(rng.choice(resources), run.operation, kind),))


def is_recoverable(kind: str, operation: str) -> bool:
    """Return whether it can be tried: azure-native takes a 404 to a delete for done (client_azcore.go, Delete)."""
    return can_hit(kind, operation) and (kind, operation) != ("not-found", "delete")


def list_pairs(baseline: Baseline, rng: random.Random) -> Iterator[Case]:
    """Yield two faults at once: on what depends on each other or has one parent, each pair of types once an operation.

    The first run of a phase stands for it: the faults may be of any of its operations.
    """
    tried: set[frozenset[tuple[str, str]]] = set()
    runs: dict[str, str] = {}
    for name, run in RUNS.items():
        runs.setdefault(run.phase, name)
    for phase, name in runs.items():
        calls = baseline.phases[phase].calls
        done = {one: kind for kind in ("create", "update", "delete") for one in calls[kind]}
        for pair in sorted(baseline.related):
            if done.keys() >= set(pair):
                what = frozenset((baseline.types[one], done[one]) for one in pair)
                if what not in tried:
                    tried.add(what)
                    yield Case(name, tuple(Fault(one, done[one], _choose_kind(done[one], rng)) for one in pair))


def _choose_kind(operation: str, rng: random.Random) -> str:
    return rng.choice([kind for kind in KINDS if is_recoverable(kind, operation)])


def list_jumps(baseline: Baseline, rng: random.Random) -> Iterator[Case]:
    """Yield each run, one resource each, with every kind that takes time, and a clock that jumps meanwhile."""
    for name, run in RUNS.items():
        resources = sorted(baseline.phases[run.phase].calls[run.of])
        for kind, what in KINDS.items():
            if (what.lasts or what.runs) and is_recoverable(kind, run.operation):
                for jump in filter(None, JUMPS):
                    yield Case(name, (Fault(rng.choice(resources), run.operation, kind),), jump)


def choose(cases: Sequence[Case], sample: int, rng: random.Random) -> list[Case]:
    """Return some, as many of each group as there are; all for 0."""
    if not sample:
        return list(cases)
    groups: dict[tuple[str, int, str], list[Case]] = {}
    for case in rng.sample(cases, len(cases)):
        groups.setdefault(case.group, []).append(case)
    chosen: list[Case] = []
    while len(chosen) < min(sample, len(cases)):
        chosen += [group.pop() for group in groups.values() if group]
    return chosen[:sample]
