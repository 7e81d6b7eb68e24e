"""Find what is wrong, in the order in which it should be fixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.placeholders import fill_in
from automation.deployment.rehearsal import Deployed, Rehearsal
from graph.urns import name_of
from rehearsal.verify.messages import Verification


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong."""

    kind: str
    where: str
    what: str
    remedy: str = ""


def find_troubles(run: Rehearsal) -> list[Trouble]:
    """Return everything wrong with a rehearsal: findings, then failures, then problems of clusters and links."""
    found = [(cause.finding, cause.message) for cause in run.judgement.causes]
    troubles = [Trouble(one.rule, one.where, message) for one, message in found]
    if run.deployed:
        troubles += _find_deployment_troubles(run.deployed, run.judgement.deployment.stack)
    if run.verification:
        troubles += _find_message_troubles(run.verification)
    return troubles


def find_failures(report: DeploymentResult | None, stack: str, kind: str = "failed") -> list[Trouble]:
    """Return everything that an operation could not do."""
    return [
        Trouble(
            kind,
            failure.name,
            failure.message.strip(),
            fill_in(failure.remedy, message=failure.message, urn=failure.urn, stack=stack),
        )
        for failure in (report.failures if report else ())
    ]


def _find_deployment_troubles(deployed: Deployed, stack: str) -> Iterator[Trouble]:
    yield from find_failures(deployed.up, stack, "up failed")
    yield from find_failures(deployed.second_preview, stack, "second preview failed")
    for urn, change in sorted(deployed.second_preview.changes.items()) if deployed.second_preview else ():
        yield Trouble("second preview not empty", name_of(urn), f"after `up`, a preview still wants to {change} it")


def _find_message_troubles(verification: Verification) -> Iterator[Trouble]:
    problems = [problem for view in verification.clusters for problem in view.problems]
    for problem in problems:
        yield Trouble(problem.rule, f"{problem.cluster}, {problem.where}", problem.what, problem.remedy)
    named = {str(problem) for problem in problems}
    for text in verification.problems:
        if text not in named:
            where, _, what = text.partition(": ")
            yield Trouble("clusters and links", where, what)
