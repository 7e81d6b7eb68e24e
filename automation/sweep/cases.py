"""What is tried: every operation on every type in every way that it can fail, and pairs of that."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from automation.sweep.baseline import Baseline, Snapshot
from rehearsal.azure.faults import KINDS, Fault, can_hit
from rehearsal.engine import Recording


@dataclass(frozen=True)
class Run:
    """A run of the deployer that is disturbed."""

    does: str
    """The deployer's operation."""
    operation: str
    """What fails in Azure."""
    start: Callable[[Baseline], Snapshot]
    program: Callable[[Baseline], Recording]
    end: Callable[[Baseline], Snapshot]
    cut: bool = False
    """The create of the resource is cut off first: what fails is the look at it afterwards."""


RUNS: Mapping[str, Run] = {
    "create": Run("up", "create", lambda b: b.empty, lambda b: b.program, lambda b: b.deployed),
    "look before create": Run("up", "get", lambda b: b.empty, lambda b: b.program, lambda b: b.deployed),
    "update": Run("up", "update", lambda b: b.deployed, lambda b: b.changed, lambda b: b.updated),
    "delete": Run("destroy", "delete", lambda b: b.updated, lambda b: b.program, lambda b: b.destroyed),
    "refresh": Run("refresh", "get", lambda b: b.deployed, lambda b: b.program, lambda b: b.deployed),
    "recovery": Run("up", "get", lambda b: b.empty, lambda b: b.program, lambda b: b.deployed, cut=True),
}


@dataclass(frozen=True)
class Case:
    """One run with one fault or two."""

    run: str
    faults: tuple[Fault, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(fault.kind for fault in self.faults)

    def __str__(self) -> str:
        """Return it as `--fault` takes it."""
        return f"{self.run}: " + ", ".join(f"{one.target}:{one.operation}:{one.kind}" for one in self.faults)


def list_singles(baseline: Baseline, rng: random.Random) -> Iterator[Case]:
    """Yield every run with every kind for every type, on one of the type's resources each."""
    for name, run in RUNS.items():
        by_type: dict[str, list[str]] = {}
        for resource in sorted(baseline.calls["create" if run.operation == "get" else run.operation]):
            by_type.setdefault(baseline.types[resource], []).append(resource)
        for _, resources in sorted(by_type.items()):
            for kind in KINDS:
                if is_recoverable(kind, run.operation):
                    yield Case(name, (Fault(rng.choice(resources), run.operation, kind),))


def is_recoverable(kind: str, operation: str) -> bool:
    """Return whether it can be tried: azure-native takes a 404 to a delete for done (client_azcore.go, Delete)."""
    return can_hit(kind, operation) and (kind, operation) != ("not-found", "delete")


def list_pairs(baseline: Baseline, rng: random.Random) -> Iterator[Case]:
    """Yield two faults at once: on what depends on each other or has one parent, each pair of types once."""
    for name in ("create", "update", "delete"):
        operation = RUNS[name].operation
        kinds = [kind for kind in KINDS if is_recoverable(kind, operation)]
        tried: set[frozenset[str]] = set()
        for pair in sorted(baseline.related):
            types = frozenset(baseline.types.get(one, "") for one in pair)
            if types not in tried and baseline.calls[operation].issuperset(pair):
                tried.add(types)
                yield Case(name, tuple(Fault(one, operation, rng.choice(kinds)) for one in pair))


def choose(cases: Sequence[Case], sample: int, rng: random.Random) -> list[Case]:
    """Return some, as many of each run and of one fault and two as there are; all for 0."""
    if not sample:
        return list(cases)
    groups: dict[tuple[str, int], list[Case]] = {}
    for case in rng.sample(cases, len(cases)):
        groups.setdefault((case.run, len(case.faults)), []).append(case)
    chosen: list[Case] = []
    while len(chosen) < min(sample, len(cases)):
        chosen += [group.pop() for group in groups.values() if group]
    return chosen[:sample]
