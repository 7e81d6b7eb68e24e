"""The summary of a rehearsal, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from automation.console import counted, say
from automation.deploy import Failure, Report
from automation.operations import name_of
from automation.rehearsing import Deployed, Run
from rehearsal.graph import Graph, Resource
from rehearsal.rehearse import Rehearsal
from rehearsal.rules import RULES
from rehearsal.schedule import estimate_of
from rehearsal.values import redact

_MOST_CHANGES = 20
_DONE = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}


def as_document(run: Run) -> dict[str, Any]:
    """The rehearsal as one JSON object."""
    result, deployed = run.rehearsal, run.deployed
    return {
        "stack": result.deployment.stack,
        "ok": run.ok,
        "stand_ins": result.stand_ins,
        "resources": _counts(result.deployment),
        "rules": len(RULES),
        "findings": [
            {"rule": finding.rule, "resource": finding.resource, "message": finding.message}
            for finding in result.findings
        ],
        "changes": deployed.up.changes if deployed else {},
        "failures": deployed.problems if deployed else [],
        "estimated_deployment_seconds": result.schedule.seconds,
        "critical_path": [
            {"name": step.name, "start": step.start, "finish": step.finish} for step in result.schedule.critical_path
        ],
        "outputs": deployed.up.outputs if deployed else redact(result.deployment.outputs),
    }


def report_as_document(report: Report, operation: str) -> dict[str, Any]:
    """What an operation did, as one JSON object."""
    return {
        "operation": operation,
        "ok": report.ok,
        "changes": report.changes,
        "notes": report.notes,
        "failures": [
            {
                "resource": failure.urn,
                "message": failure.message,
                "transient": failure.transient.id if failure.transient else None,
                "remedy": failure.remedy,
            }
            for failure in report.failures
        ],
        "outputs": report.outputs,
    }


def print_report(report: Report, operation: str) -> None:
    """Print what an operation did, or would do."""
    would = "would be " if operation == "preview" else ""
    counts = Counter(report.changes.values())
    told = ", ".join(f"{count} {would}{_DONE[change]}" for change, count in sorted(counts.items()))
    say(told or "No changes.")
    if set(counts) - {"create", "delete"}:
        _print_changes(report)
    for failure in report.failures:
        _print_failure(failure)
    if report.failures:
        say("\nNext: mend what is named above, then run the same command again; it goes on from here.")


def _print_failure(failure: Failure) -> None:
    say(f"\n  FAILED {failure.name}")
    say("    " + failure.message.strip().replace("\n", "\n    "))
    say(f"    -> {failure.remedy}")


def _print_changes(report: Report) -> None:
    shown = sorted(f"{change} {name_of(urn)}" for urn, change in report.changes.items())
    for line in shown[:_MOST_CHANGES]:
        say(f"  {line}")
    if len(shown) > _MOST_CHANGES:
        say(f"  ... and {len(shown) - _MOST_CHANGES} more")


def print_summary(run: Run) -> None:
    """Print the rehearsal for people: what would exist and how to reach it, or what is wrong."""
    result, deployed = run.rehearsal, run.deployed
    if result.findings or deployed is None:
        _print_findings(result)
        return
    _print_resources(result)
    _print_schedule(result)
    if deployed.up.ok:
        _print_outputs(deployed.up.outputs)
    _print_deployed(deployed)
    say(f"\n{len(RULES)} rules, no findings. Nothing was sent to Azure.")


def _counts(graph: Graph) -> dict[str, dict[str, int]]:
    """Concern -> place (a cluster, or `shared`) -> number of resources."""
    counts: dict[str, Counter[str]] = {}
    for resource in graph.resources.values():
        concern = estimate_of(resource).concern
        if concern:
            counts.setdefault(concern, Counter())[_place(graph, resource)] += 1
    return {concern: dict(places) for concern, places in sorted(counts.items())}


def _place(graph: Graph, resource: Resource) -> str:
    """The cluster that a resource belongs to: by its stamp, or by its resource group."""
    parent: Resource | None = resource
    while parent is not None:
        if parent.type.endswith(":ClusterStamp"):
            return parent.name
        parent = graph.resources.get(parent.parent)
    path = graph.arm_path(resource).split("/") if resource.is_arm else []
    for group in graph.of_type("ResourceGroup"):
        if len(path) > 4 and group.plain_inputs["resourceGroupName"] == path[4]:
            return _place(graph, group)
    return "shared"


def _print_resources(result: Rehearsal) -> None:
    counts = _counts(result.deployment)
    places = [*result.settings.clusters, "shared"]
    width = max(len(concern) for concern in counts) + 2
    total = sum(sum(by_place.values()) for by_place in counts.values())
    say(f"\nStack {result.deployment.stack}: {total} resources, IoT Operations {result.settings.release.name}")
    if result.stand_ins:
        say(f"Stand-ins for what only the tenant knows: {', '.join(result.stand_ins)}")
    columns = [max(len(place), 4) + 2 for place in places]
    say("\n" + "".ljust(width) + "".join(place.rjust(size) for place, size in zip(places, columns, strict=True)))
    for concern, by_place in counts.items():
        cells = [str(by_place.get(place, "-")) for place in places]
        say(concern.ljust(width) + "".join(cell.rjust(size) for cell, size in zip(cells, columns, strict=True)))


def _print_schedule(result: Rehearsal) -> None:
    time = _minutes(result.schedule.seconds)
    say(f"\nEstimated deployment time: {time} minutes (estimates, nothing measured). Critical path:")
    for step in result.schedule.critical_path:
        say(f"  {_minutes(step.start):>6}  {step.name} ({_minutes(step.finish - step.start)})")


def _print_outputs(outputs: Mapping[str, Any]) -> None:
    say("\nArc proxy commands:")
    for cluster, command in sorted(outputs["arc_proxy_commands"].items()):
        say(f"  {cluster}: {command}")
    say("\nBroker endpoints:")
    for cluster, endpoint in sorted(outputs["broker_endpoints"].items()):
        say(
            f"  {cluster}: {endpoint['url']} (listener {endpoint['listener']}, CA {endpoint['ca_fingerprint'][:16]}...)"
        )
    say("\nLinks:")
    for name, link in sorted(outputs["links"].items()):
        for topic in link["topics"]:
            say(f"  {name}: {topic['from']} on {link['from']} -> {topic['to']} on {link['to']}")


def _print_deployed(deployed: Deployed) -> None:
    """What the deployment into the modelled Azure changed since the last one."""
    counts = Counter(deployed.up.changes.values())
    told = ", ".join(f"{count} {_DONE[change]}" for change, count in sorted(counts.items()))
    say(f"\nDeployed into the modelled Azure: {told or 'no changes'} since the last rehearsal.")
    if set(counts) != {"create"}:
        _print_changes(deployed.up)
    for problem in deployed.problems:
        say(f"  FAILED {problem}")
    if deployed.problems:
        say("Next: mend it and rehearse again, or start from nothing: make rehearse-clean")
    else:
        say("A second preview is empty.")


def _print_findings(result: Rehearsal) -> None:
    rules = len({finding.rule for finding in result.findings})
    say(
        f"Stack {result.deployment.stack}: {counted(len(result.findings), 'finding')} by {rules} of {len(RULES)} rules."
    )
    for finding in result.findings:
        say(f"\n  {finding.rule} {finding.resource}\n    {finding.message}")
    say("\nNext: mend the program or the settings, then rehearse again. The rules are in rehearsal/rules/.")


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"
