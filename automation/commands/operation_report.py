"""What an operation did, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from automation.commands.print_changes import print_changes
from automation.commands.result import problem
from automation.console import BAD, BOLD, say
from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.failure import Failure
from automation.deployment.interruptions import Interruptions, describe
from automation.deployment.later_runs import LaterRun, describe_later_runs
from automation.deployment.operations import DONE, Operation
from automation.deployment.placeholders import fill_in
from automation.deployment.progress import count_outcomes
from graph.graph import Graph
from graph.grouping import SHARED
from graph.plan import LOSING, Change, Heading, changes_of
from graph.urns import name_of


@dataclass(frozen=True)
class OperationReport:
    """A result, and what there is to say about each resource."""

    stack: str
    operation: Operation
    result: DeploymentResult
    headings: Mapping[str, Heading] = field(default_factory=dict)
    """URN -> where it belongs."""
    outcomes: Mapping[str, str] = field(default_factory=dict)
    """URN -> what became of it (`automation.deployment.progress`); empty for a preview."""
    graph: Graph | None = None
    """What the program wants."""
    took: Mapping[str, float] = field(default_factory=dict)
    """URN -> seconds that its last step took."""
    engine: str = "offline"
    """What ran it."""
    interruptions: Interruptions | None = None
    """What is foreseen for messages; None: nobody has asked, or nobody can say."""
    later_runs: Sequence[LaterRun] = ()
    """What `up` does after the run that is previewed."""

    def remedy(self, failure: Failure) -> str:
        """Return what mends the failure, with names as far as they are known."""
        return fill_in(failure.remedy, message=failure.message, urn=failure.urn, stack=self.stack)

    @property
    def problems(self) -> list[dict[str, str]]:
        """What failed, as a command's document has it."""
        return [problem("resource", each.name, each.message, self.remedy(each)) for each in self.result.failures]

    @cached_property
    def changes(self) -> list[Change]:
        return changes_of(self.result.changes, self.result.differences, self.headings, self.graph)

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
        return bool(set(self.result.changes.values()) - {"create"}) and self.operation != "destroy"


def count_changes(report: OperationReport) -> str:
    """`3 created, 1 updated`; components and providers, which exist in the engine only, are counted by themselves."""
    would = "would be " if report.operation == "preview" else ""
    counts = Counter(f"{would}{DONE[one.kind]}" if one.is_certain else "perhaps replaced" for one in report.changes)
    text = ", ".join(f"{count} {how}" for how, count in sorted(counts.items()))
    if others := len(report.result.changes) - counts.total():
        noun = "component or provider" if others == 1 else "components and providers"
        return f"{text or 'No resource changed'} (beside {others} {noun})"
    return text


def as_document(report: OperationReport) -> dict[str, Any]:
    """Return what an operation did, as keys of the command's document."""
    result = report.result
    return {
        "engine": report.engine,
        "operation": report.operation,
        "changes": result.changes,
        "outcomes": count_outcomes(report.outcomes),
        "resources": _resources(report),
        "notes": result.notes,
        "failures": [
            {
                "resource": failure.urn,
                "message": failure.message,
                "transient": failure.transient.id if failure.transient else None,
                "remedy": report.remedy(failure),
            }
            for failure in result.failures
        ],
        "outputs": result.outputs,
        "interruptions": _list_interruptions(report.interruptions),
        "later_runs": [asdict(run) for run in report.later_runs],
    }


def _list_interruptions(interruptions: Interruptions | None) -> dict[str, list[dict[str, Any]]] | None:
    if interruptions is None:
        return None
    return {
        link: [{"start": one.start, "end": one.end, "why": one.why} for one in found]
        for link, found in interruptions.items()
    }


def _resources(report: OperationReport) -> list[dict[str, Any]]:
    changed = {one.urn: one for one in report.changes}
    return [
        {
            "urn": urn,
            "name": name_of(urn),
            "cluster": report.headings.get(urn, Heading()).cluster,
            "concern": report.headings.get(urn, Heading()).concern,
            "change": changed[urn].kind if urn in changed else None,
            "certain": changed[urn].is_certain if urn in changed else None,
            "outcome": report.outcomes.get(urn),
            "seconds": round(report.took[urn], 1) if urn in report.took else None,
            "differences": [asdict(one) for one in (changed[urn].differences if urn in changed else ())],
        }
        for urn in dict.fromkeys([*report.outcomes, *changed])
    ]


def print_report(report: OperationReport, *, offline: bool) -> None:
    """Print what an operation did, or would do."""
    result = report.result
    nothing = "Nothing was changed" if result.failures else "No further changes" if result.notes else "No changes"
    say(f"{count_changes(report) or nothing}.")
    if report.operation == "preview" or report.loses:
        print_changes(report.changes)
    if report.operation == "preview" and report.changes and report.interruptions:
        say("\nMessages:", BOLD)
        for line in describe(report.interruptions):
            say(f"  {line}")
    if report.later_runs:
        say("\nLater runs:", BOLD)
        for line in describe_later_runs(report.later_runs):
            say(f"  {line}")
    if result.failures:
        _print_outcomes(report.outcomes, report.headings)
    _print_failures(report, offline=offline)


def _print_failures(report: OperationReport, *, offline: bool) -> None:
    """Each failure in Azure's own words, with its remedy."""
    for failure in report.result.failures:
        say(f"\n  FAILED {failure.name}", BAD)
        say("    " + failure.message.strip().replace("\n", "\n    "))
        if remedy := report.remedy(failure):
            say(f"    -> {'In Azure: ' if offline else ''}{remedy}")


def _print_outcomes(outcomes: Mapping[str, str], headings: Mapping[str, Heading]) -> None:
    """Print a table of the clusters by what became of their resources."""
    heads = list(count_outcomes(outcomes))
    if not heads:
        return
    counts: dict[str, Counter[str]] = {}
    for urn, outcome in outcomes.items():
        counts.setdefault(headings.get(urn, Heading()).cluster, Counter())[outcome] += 1
    clusters = sorted(counts, key=lambda cluster: (cluster == SHARED, cluster))
    width = max(len(cluster) for cluster in clusters)
    say("\n  " + " " * width + "".join(f"  {head}" for head in heads), BOLD)
    for cluster in clusters:
        cells = "".join(f"  {counts[cluster][head] or '-':>{len(head)}}" for head in heads)
        say(f"  {cluster:<{width}}{cells}")
