"""What was tried of all that can be, and what was not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from automation.console import pluralize
from automation.sweep.baseline import Baseline
from automation.sweep.cases import RUNS, Case, is_recoverable
from rehearsal.azure.faults import KINDS, can_hit

_WITHOUT_A_CALL: Mapping[tuple[str, str], str] = {
    ("delete", "azure-native:keyvault:Secret"): "the program leaves vault secrets; they go with their vault",
    ("delete", "azure-native:compute:VirtualMachineRunCommandByVirtualMachine"):
        "one that is made anew under its name may never run, so each goes with its machine only",
}  # fmt: skip
"""Operation and type -> why no run calls it."""
_NEVER = (
    "three faults at once; of a pair of types more than one pair of kinds",
    "a fault of a script's own, of tls and random, and of the login",
)


def describe(baseline: Baseline, tried: Sequence[Case], every: Sequence[Case]) -> str:
    """Return how many cases of each sort were tried, and what never is."""
    lines = ["What was tried:"]
    for name in RUNS:
        lines.append(
            f"  {name}: {_count(*([case for case in cases if _is_single(case, name)] for cases in (tried, every)))}"
        )
        lines[-1] += f", {_spread(baseline, [case for case in tried if _is_single(case, name)])}"
    sorts = {
        "two faults at once": lambda case: len(case.faults) > 1,
        "a clock that jumps": lambda case: bool(case.clock),
        "roles that act later than gates wait": lambda case: not case.faults,
    }
    for name, is_it in sorts.items():
        lines.append(f"  {name}: {_count(*(list(filter(is_it, cases)) for cases in (tried, every)))}")
    return "\n".join([*lines, "What was not:", *(f"  {line}" for line in _list_untried(baseline, tried, every))])


def _is_single(case: Case, run: str) -> bool:
    return case.run == run and len(case.faults) == 1 and not case.clock


def _count(tried: Sequence[Case], every: Sequence[Case]) -> str:
    return f"{len(tried)} of {len(every)} cases"


def _spread(baseline: Baseline, cases: Sequence[Case]) -> str:
    types = {baseline.types[case.faults[0].target] for case in cases}
    kinds = {case.kinds[0] for case in cases}
    return f"{pluralize(len(types), 'type')}, {len(kinds)} of {len(KINDS)} kinds"


def _list_untried(baseline: Baseline, tried: Sequence[Case], every: Sequence[Case]) -> Iterator[str]:
    if len(tried) < len(every):
        yield f"{len(every) - len(tried)} cases that the sample has left out"
    for operation in ("create", "update", "delete"):
        for token in find_types_without(baseline, operation):
            yield f"{operation} of {token}: {_WITHOUT_A_CALL.get((operation, token), 'no run calls it')}"
    for operation in ("get", "create", "update", "delete"):
        impossible = [kind for kind in KINDS if not can_hit(kind, operation)]
        if impossible:
            yield f"{operation} with {', '.join(impossible)}: cannot happen"
        if unseen := [kind for kind in KINDS if can_hit(kind, operation) and not is_recoverable(kind, operation)]:
            yield f"{operation} with {', '.join(unseen)}: azure-native takes it for done"
    yield from _NEVER


def find_types_without(baseline: Baseline, operation: str) -> list[str]:
    """Return the types to which no phase does it."""
    called = {baseline.types[name] for phase in baseline.phases.values() for name in phase.calls[operation]}
    return sorted({*baseline.types.values()} - called)
