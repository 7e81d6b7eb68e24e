"""What a run comes to: whether all is well, and what is wrong, in the order in which it should be mended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from automation.commands.next_steps import filled
from automation.commands.rehearse import Deployed, Run
from automation.deployment.deployer import Failure, Report
from graph.urns import name_of
from rehearsal.verify.messages import Traffic
from rules import Finding


@dataclass(frozen=True)
class Trouble:
    """One thing that is not as it must be."""

    kind: str
    where: str
    what: str
    remedy: str = ""


def of_run(run: Run) -> list[Trouble]:
    """Everything wrong with a rehearsal: findings, then failures, then problems of clusters and links."""
    troubles = [_finding(finding) for finding in run.rehearsal.findings]
    if run.deployed:
        troubles += _deployed(run.deployed, run.rehearsal.deployment.stack)
    if run.traffic:
        troubles += _traffic(run.traffic)
    return troubles


def of_report(report: Report, stack: str) -> list[Trouble]:
    """Everything that an operation could not do."""
    return [_failure("failed", failure, stack) for failure in report.failures]


def _finding(finding: Finding) -> Trouble:
    return Trouble(finding.rule, finding.resource, finding.message)


def _failure(kind: str, failure: Failure, stack: str) -> Trouble:
    remedy = filled(failure.remedy, message=failure.message, urn=failure.urn, stack=stack)
    return Trouble(kind, failure.name, failure.message.strip(), remedy)


def _deployed(deployed: Deployed, stack: str) -> Iterator[Trouble]:
    reports: Sequence[tuple[str, Report | None]] = (
        ("preview failed", deployed.preview),
        ("up failed", deployed.up if deployed.up is not deployed.preview else None),
        ("second preview failed", deployed.again),
    )
    for kind, report in reports:
        if report:
            yield from (_failure(kind, failure, stack) for failure in report.failures)
    for urn, change in sorted(deployed.again.changes.items()) if deployed.again else ():
        yield Trouble("second preview not empty", name_of(urn), f"after `up`, a preview still wants to {change} it")


def _traffic(traffic: Traffic) -> Iterator[Trouble]:
    problems = [problem for view in traffic.clusters for problem in view.problems]
    for problem in problems:
        yield Trouble(problem.rule, f"{problem.cluster}, {problem.where}", problem.what, problem.remedy)
    told = {str(problem) for problem in problems}
    for text in traffic.problems:
        if text not in told:
            where, _, what = text.partition(": ")
            yield Trouble("clusters and links", where, what)
