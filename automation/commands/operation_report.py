"""What an operation did, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from automation.commands.next_steps import filled
from automation.commands.print_changes import print_changes
from automation.commands.result import problem
from automation.console import BAD, BOLD, say
from automation.deployment.deployer import Failure, Report
from automation.deployment.operations import Operation
from automation.deployment.progress import counted_outcomes
from graph.graph import Graph
from graph.grouping import SHARED
from graph.plan import LOSING, Change, Where, changes_of
from graph.urns import name_of

DONE = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced"}


@dataclass(frozen=True)
class Told:
    """A report, and what there is to say about each resource."""

    stack: str
    operation: Operation
    report: Report
    where: Mapping[str, Where] = field(default_factory=dict)
    """URN -> where it belongs."""
    outcomes: Mapping[str, str] = field(default_factory=dict)
    """URN -> what became of it (`automation.deployment.progress`); empty for a preview."""
    graph: Graph | None = None
    """What the program wants."""
    took: Mapping[str, float] = field(default_factory=dict)
    """URN -> seconds that its last step took."""

    def remedy(self, failure: Failure) -> str:
        """What mends the failure, with names as far as they are known."""
        return filled(failure.remedy, message=failure.message, urn=failure.urn, stack=self.stack)

    @property
    def problems(self) -> list[dict[str, str]]:
        """What failed, as a command's document has it."""
        return [problem("resource", each.name, each.message, self.remedy(each)) for each in self.report.failures]

    @cached_property
    def changes(self) -> list[Change]:
        return changes_of(self.report.changes, self.report.differences, self.where, self.graph)

    @property
    def would_lose(self) -> int:
        """How many resources are certain to be replaced or deleted."""
        return sum(one.kind in LOSING and one.is_certain for one in self.changes)

    @property
    def perhaps(self) -> int:
        """How many resources are perhaps replaced."""
        return sum(not one.is_certain for one in self.changes)

    @property
    def loses(self) -> bool:
        """Whether more happens than creates of what is not there and deletes of everything."""
        return bool(set(self.report.changes.values()) - {"create"}) and self.operation != "destroy"


def counted_changes(told: Told) -> str:
    """`3 created, 1 updated`; components and providers, which exist in the engine only, are counted by themselves."""
    would = "would be " if told.operation == "preview" else ""
    counts = Counter(f"{would}{DONE[one.kind]}" if one.is_certain else "perhaps replaced" for one in told.changes)
    told_counts = ", ".join(f"{count} {how}" for how, count in sorted(counts.items()))
    if others := len(told.report.changes) - counts.total():
        noun = "component or provider" if others == 1 else "components and providers"
        return f"{told_counts or 'No resource changed'} (beside {others} {noun})"
    return told_counts


def as_document(told: Told) -> dict[str, Any]:
    """What an operation did, as keys of the command's document."""
    report = told.report
    return {
        "operation": told.operation,
        "changes": report.changes,
        "outcomes": counted_outcomes(told.outcomes),
        "resources": _resources(told),
        "notes": report.notes,
        "failures": [
            {
                "resource": failure.urn,
                "message": failure.message,
                "transient": failure.transient.id if failure.transient else None,
                "remedy": told.remedy(failure),
            }
            for failure in report.failures
        ],
        "outputs": report.outputs,
    }


def _resources(told: Told) -> list[dict[str, Any]]:
    changed = {one.urn: one for one in told.changes}
    return [
        {
            "urn": urn,
            "name": name_of(urn),
            "cluster": told.where.get(urn, Where()).cluster,
            "concern": told.where.get(urn, Where()).concern,
            "change": changed[urn].kind if urn in changed else None,
            "certain": changed[urn].is_certain if urn in changed else None,
            "outcome": told.outcomes.get(urn),
            "seconds": round(told.took[urn], 1) if urn in told.took else None,
            "differences": [
                {"path": one.path, "before": one.before, "after": one.after, "replaces": one.replaces}
                for one in (changed[urn].differences if urn in changed else ())
            ],
        }
        for urn in dict.fromkeys([*told.outcomes, *changed])
    ]


def print_report(told: Told, *, offline: bool) -> None:
    """Print what an operation did, or would do."""
    report = told.report
    nothing = "Nothing was changed" if report.failures else "No further changes" if report.notes else "No changes"
    say(f"{counted_changes(told) or nothing}.")
    if told.operation == "preview" or told.loses:
        print_changes(told.changes)
    if report.failures:
        _print_outcomes(told.outcomes, told.where)
    _print_failures(told, offline=offline)


def _print_failures(told: Told, *, offline: bool) -> None:
    """Each failure in Azure's own words, with its remedy."""
    for failure in told.report.failures:
        say(f"\n  FAILED {failure.name}", BAD)
        say("    " + failure.message.strip().replace("\n", "\n    "))
        if remedy := told.remedy(failure):
            say(f"    -> {'In Azure: ' if offline else ''}{remedy}")


def _print_outcomes(outcomes: Mapping[str, str], where: Mapping[str, Where]) -> None:
    """A table: clusters by what became of their resources."""
    heads = list(counted_outcomes(outcomes))
    if not heads:
        return
    counts: dict[str, Counter[str]] = {}
    for urn, outcome in outcomes.items():
        counts.setdefault(where.get(urn, Where()).cluster, Counter())[outcome] += 1
    clusters = sorted(counts, key=lambda cluster: (cluster == SHARED, cluster))
    width = max(len(cluster) for cluster in clusters)
    say("\n  " + " " * width + "".join(f"  {head}" for head in heads), BOLD)
    for cluster in clusters:
        cells = "".join(f"  {counts[cluster][head] or '-':>{len(head)}}" for head in heads)
        say(f"  {cluster:<{width}}{cells}")
