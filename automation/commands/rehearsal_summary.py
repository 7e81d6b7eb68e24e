"""The summary of a rehearsal, for people and for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arm.values import redact
from automation.commands import findings, next_steps
from automation.commands.operation_report import OperationReport, count_changes, print_report
from automation.commands.operation_report import as_document as report_as_document
from automation.commands.print_changes import print_changes
from automation.commands.print_outputs import print_outputs
from automation.commands.result import FAILED, OK, CommandResult, problem
from automation.commands.stack import write_page
from automation.console import BAD, duration, minutes, pluralize, progress, say
from automation.deployment.engine import ChosenEngine, EngineChoice, choose_engine
from automation.deployment.locate_rehearsal import locate_rehearsal
from automation.deployment.open_stack import load
from automation.deployment.rehearsal import MESSAGES, Deployed, Rehearsal, destroy, rehearse
from graph.graph import Graph
from graph.grouping import SHARED, concern_of, places
from rehearsal.mqtt.probe import Case
from rehearsal.mqtt.result import Proof, summarize
from rehearsal.verify.messages import Verification
from rules.judgement import Judgement

_MOST_CASES = 6
_MOST_COLUMNS = 6


def rehearse_stack(
    program: Path, stack: str, *, messages: bool, report: Path | None, choice: EngineChoice
) -> CommandResult:
    """Rehearse the stack, and tell it; `report` is the file for the page."""
    run = rehearse(program, stack, messages=MESSAGES if messages else 0, choice=choice, tell=progress)
    if report:
        from automation.report import render_rehearsal

        write_page(report, render_rehearsal(run, datetime.now(UTC)))
    return CommandResult(
        OK if run.ok else FAILED,
        "succeeded" if run.ok else "failed",
        show=lambda: print_summary(run),
        problems=_problems(run),
        next=_next(run, stack, choice),
        own=as_document(run),
    )


def destroy_rehearsal(program: Path, stack: str, choice: EngineChoice) -> CommandResult:
    """Destroy what rehearsals with this engine have deployed."""
    loaded, engine = load(program, stack, offline=True), choose_engine(choice)
    result = destroy(loaded, engine)
    report = OperationReport(stack, "destroy", result, engine=engine.name)
    shown = CommandResult(show=lambda: print_report(report, offline=True), own=report_as_document(report))
    if result.ok:
        return shown
    step = f"rm -r {locate_rehearsal(loaded, engine)}, which forgets it all"
    return replace(shown, exit_code=FAILED, outcome="failed", problems=report.problems, next=step)


def as_document(run: Rehearsal) -> dict[str, Any]:
    """Return the rehearsal, as keys of the command's document."""
    result, deployed = run.judgement, run.deployed
    return {
        "engine": run.engine.name,
        "stand_ins": result.stack.stand_ins,
        "counts": _counts(result.deployment),
        **findings.as_document(result.findings),
        "changes": deployed.up.changes if deployed else {},
        "estimated_deployment_seconds": result.schedule.seconds,
        "critical_path": [
            {"name": step.name, "start": step.start, "finish": step.finish} for step in result.schedule.critical_path
        ],
        "clusters": _clusters_as_document(run.verification),
        "messages": _messages_as_document(run.verification),
        "outputs": deployed.up.outputs if deployed else redact(result.deployment.outputs),
    }


def _problems(run: Rehearsal) -> list[dict[str, str]]:
    found = findings.problems_of(run.judgement.causes)
    found += [problem("resource", run.judgement.deployment.stack, text) for text in _failures(run)]
    return found + [problem("message", "", text) for text in (run.verification.problems if run.verification else ())]


def _failures(run: Rehearsal) -> list[str]:
    return run.deployed.problems if run.deployed else []


def _next(run: Rehearsal, stack: str, choice: EngineChoice) -> str:
    if run.judgement.findings:
        return findings.NEXT
    if _failures(run):
        clean = next_steps.start_from_nothing(stack, engine=choice.flag)
        return f"fix the problems above, then rehearse again, or start from nothing: {clean}"
    if not run.ok:
        return "follow the step behind each arrow, then rehearse again"
    return f"to deploy it in Azure, {next_steps.command('doctor', stack)} says what is missing"


def _clusters_as_document(verification: Verification | None) -> dict[str, list[str]]:
    """Cluster -> what is not as it must be."""
    views = verification.clusters if verification else ()
    return {view.name: [str(problem) for problem in view.problems] for view in views}


def _messages_as_document(verification: Verification | None) -> dict[str, Any] | None:
    if verification is None or verification.proof is None:
        return None
    proof = verification.proof
    return {
        "ok": proof.ok,
        "delivered": proof.messages,
        "refused": proof.refused,
        "problems": proof.problems,
        "links": {
            link.name: {
                "delivered": link.delivery.arrived if link.delivery else 0,
                "cases": [
                    {"name": case.name, "expected": case.expected, "observed": case.observed, "ok": case.ok}
                    for case in link.cases
                ],
            }
            for link in proof.links
        },
        "not_exercised": list(proof.not_exercised),
        "not_provable": list(proof.unprovable),
        "wording": summarize(proof),
    }


def print_summary(run: Rehearsal) -> None:
    """Print the rehearsal for people: what would exist and how to reach it, or what is wrong."""
    result, deployed = run.judgement, run.deployed
    if result.findings or deployed is None:
        findings.print_findings(result)
        return
    _print_resources(result)
    _print_schedule(result)
    if deployed.up.ok:
        print_outputs(deployed.up.outputs)
    _print_deployed(deployed, result.deployment.stack, run.engine)
    if run.verification:
        _print_verification(run.verification, result.stack.settings.release.name)
    if run.ok:
        say(f"\n{findings.COUNT} rules, no findings. Nothing was sent to Azure.")
    else:
        failed = pluralize(len(_problems(run)), "problem")
        say(f"\nThe rehearsal failed: {failed} above, which none of {findings.COUNT} rules foresaw.", BAD)


def _counts(graph: Graph) -> dict[str, dict[str, int]]:
    """Concern -> place (a cluster, or `shared`) -> number of resources."""
    counts: dict[str, Counter[str]] = {}
    for urn, place in places(graph).items():
        if concern := concern_of(graph.resources[urn]):
            counts.setdefault(concern, Counter())[place] += 1
    return {concern: dict(by_place) for concern, by_place in sorted(counts.items())}


def _print_resources(result: Judgement) -> None:
    counts = _counts(result.deployment)
    width = max(len(concern) for concern in counts) + 2
    total = sum(sum(by_place.values()) for by_place in counts.values())
    say(f"\nStack {result.deployment.stack}: {total} resources, IoT Operations {result.stack.settings.release.name}")
    if result.stack.stand_ins:
        say(f"Stand-ins for what only the tenant knows: {', '.join(result.stack.stand_ins)}")
    clusters = list(result.stack.settings.clusters)
    heads = [*(clusters if len(clusters) <= _MOST_COLUMNS else ["each cluster"]), SHARED]
    sizes = [max(len(head), 4) + 2 for head in heads]
    say("\n" + "".ljust(width) + "".join(head.rjust(size) for head, size in zip(heads, sizes, strict=True)))
    for concern, by_place in counts.items():
        cells = [_count(_of(by_place, head, clusters)) for head in heads]
        say(concern.ljust(width) + "".join(cell.rjust(size) for cell, size in zip(cells, sizes, strict=True)))


def _of(by_place: Mapping[str, int], head: str, clusters: Sequence[str]) -> list[int]:
    """Return the numbers of one column."""
    return [by_place.get(place, 0) for place in ([head] if head in {*clusters, SHARED} else clusters)]


def _count(numbers: Sequence[int]) -> str:
    """One number, or the range in which the clusters are; `-` for none."""
    least, most = min(numbers), max(numbers)
    return "-" if not most else str(most) if least == most else f"{least}-{most}"


def _print_schedule(result: Judgement) -> None:
    time = duration(result.schedule.seconds)
    say(f"\nEstimated deployment time: {time} (estimates, nothing measured). Critical path:")
    for step in result.schedule.critical_path:
        say(f"  {minutes(step.start):>6}  {step.name} ({minutes(step.finish - step.start)})")


def _print_deployed(deployed: Deployed, stack: str, engine: ChosenEngine) -> None:
    """Print what the deployment into the modelled Azure changed since the last one."""
    report = OperationReport(stack, "up", deployed.up, deployed.headings)
    changed = count_changes(report) or ("no changes" if deployed.up.ok else "no change came to its end")
    since = "" if deployed.is_first else " since the last rehearsal"
    say(f"\nDeployed into the modelled Azure by {engine}: {changed}{since}.")
    if report.loses:
        print_changes(report.changes)
    if not deployed.is_first:
        anew = next_steps.start_from_nothing(stack)
        say(f"A script ran only where its Run Command has changed, on the node as it was. For new nodes: {anew}")
    for text in deployed.problems:
        say(f"  FAILED {text}", BAD)
    if not deployed.problems:
        say("A second preview is empty.")


def _print_verification(verification: Verification, release: str) -> None:
    """Print what the clusters make of it, and what was sent and refused."""
    holds = [(len(view.secrets), len(view.config_maps)) for view in verification.clusters]
    secrets, config_maps = (sum(column) for column in zip(*holds, strict=True))
    say(f"\nClusters, as modelled: {secrets} synced Secrets, {config_maps} trust ConfigMaps.")
    if verification.proof is not None:
        _print_proof(verification.proof)
        say(f"Not yet observed on AIO {release}.")
    else:
        say("No messages were sent, as asked.")
    for text in verification.problems:
        say(f"  FAILED {text}", BAD)


def _print_proof(proof: Proof) -> None:
    for link in proof.links:
        sent = f"{link.delivery.arrived} of {link.delivery.sent} messages" if link.delivery else "no message"
        say(f"  {link.name} -> {link.address}: {sent} delivered")
        refusals = [case for case in link.cases if case.is_refusal and case.ok]
        for how in sorted({case.expected for case in refusals}):
            names = [_named(case) for case in refusals if case.expected == how]
            say(f"    {how}: {_listed(names)}")
    for title, items in (("Not exercised", proof.not_exercised), ("Not provable on Mosquitto", proof.unprovable)):
        for item in items:
            say(f"  {title}: {item}")
    say(summarize(proof))


def _named(case: Case) -> str:
    return f"{case.name} ({case.label})" if case.label else case.name


def _listed(names: Sequence[str]) -> str:
    """Put the first names into words; the rest is in the JSON document."""
    more = f" and {len(names) - _MOST_CASES} more" if len(names) > _MOST_CASES else ""
    return f"{', '.join(names[:_MOST_CASES])}{more}"
