"""The life of a stack as the commands run it: preview, up, refresh, destroy, outputs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from automation.commands import next_steps
from automation.commands.operation_report import Told, as_document, print_report
from automation.commands.result import FAILED, INTERRUPTED, Ending
from automation.console import progress, say
from automation.deployment import open_stack
from automation.deployment.deployer import Deployer, Report, failures_of
from automation.deployment.operations import Operation
from automation.deployment.progress import Expected, Tracker, expected_of
from automation.deployment.progress_display import watching
from automation.deployment.workspace import UnusableError
from graph.graph import Graph
from graph.plan import Where, graph_of_state, wheres
from rehearsal.azure.faults import Faults
from settings import Settings

_HEADINGS = {
    "arc_proxy_commands": "Arc proxy commands",
    "broker_endpoints": "Broker endpoints",
    "links": "Links",
}


@dataclass(frozen=True)
class Asked:
    """What one command was asked to do."""

    program: Path
    stack: str
    offline: bool
    faults: Faults = field(default_factory=Faults)


def operate(asked: Asked, operation: Operation) -> tuple[Ending, Told | None]:
    """Run the operation; how it ended, and what there is to say about it if it was not interrupted.

    Raises:
        Exception: one of `automation.commands.errors.TOLD`.
    """
    settings, _ = open_stack.settings_of(asked.program, asked.stack, offline=asked.offline)
    deployer = deployer_of(asked, settings)
    deployment = deployer.deployment()
    _refuse_elsewhere(asked, deployment, settings)
    tracker, where, graph = _expectations(asked, operation, deployment)
    began = time.monotonic()
    estimated = operation == "up" and not asked.offline
    with watching(tracker, estimated=estimated, in_lines=operation != "preview") as tell:
        deployer.progress = tell
        try:
            report: Report = getattr(deployer, operation)()
        except KeyboardInterrupt:
            return _interrupted(asked, tracker, where, operation), None
    for order in asked.faults.open:
        progress(f"The fault {order.target}:{order.operation}:{order.kind} has not come true: nothing fits it.")
    did = operation != "preview"
    outcomes, took = (tracker.outcomes(), tracker.took) if did else ({}, {})
    told = Told(asked.stack, operation, report, where, outcomes, graph, took)
    return _ending(asked, told, time.monotonic() - began, killed=deployer.runs.was_killed), told


def tell_stand_ins(asked: Asked) -> None:
    """Say for what only the tenant knows something else was taken.

    Raises:
        SettingsError, ExampleError: the settings cannot be used.
    """
    _, stand_ins = open_stack.settings_of(asked.program, asked.stack, offline=asked.offline)
    if stand_ins:
        progress(f"Stand-ins for what only the tenant knows: {', '.join(stand_ins)}")


def write_report(asked: Asked, told: Told, file: Path) -> None:
    """Write the page of a preview."""
    from automation.report import render_preview
    from graph.evaluate_stack import Evaluation, evaluate_stack

    if told.graph:
        evaluation = Evaluation(*open_stack.settings_of(asked.program, asked.stack, offline=True), told.graph)
    else:  # says what is in the way
        evaluation = evaluate_stack(asked.program, asked.stack, preview=False)
    write_page(file, render_preview(evaluation, told.report, datetime.now(UTC), offline=asked.offline))


def write_page(file: Path, page: str) -> None:
    """Write a page, readable by its owner only, and say so."""
    file.touch(0o600)
    file.chmod(0o600)
    file.write_text(page, encoding="utf-8")
    progress(f"Report: {file}")


def outputs(asked: Asked) -> Ending:
    """The stack's outputs, without any secret."""
    settings, _ = open_stack.settings_of(asked.program, asked.stack, offline=asked.offline)
    found = deployer_of(asked, settings).stack.outputs()
    shown = {name: "[secret]" if output.secret else output.value for name, output in sorted(found.items())}
    step = (
        "" if shown else f"{next_steps.command('up', asked.stack, offline=asked.offline)}, which has not finished yet"
    )
    return Ending(show=lambda: print_outputs(shown), next=step, own={"outputs": shown})


def print_outputs(outputs: Mapping[str, Any]) -> None:
    """How to reach clusters and brokers, and what is linked."""
    for name, heading in _HEADINGS.items():
        if name in outputs:
            say(f"\n{heading}:")
            for key, value in sorted(outputs[name].items()):
                for text in _lines(name, value):
                    say(f"  {key}: {text}")
    others = [name for name in outputs if name not in _HEADINGS]
    if others:
        say(f"\nFurther outputs, with --json: {', '.join(others)}")


def _lines(output: str, value: Any) -> Sequence[str]:
    if output == "broker_endpoints":
        return [f"{value['url']} (listener {value['listener']}, CA {value['ca_fingerprint'][:16]}...)"]
    if output == "links":
        return [f"{topic['from']} on {value['from']} -> {topic['to']} on {value['to']}" for topic in value["topics"]]
    return [value if isinstance(value, str) else json.dumps(value)]


def deployer_of(asked: Asked, settings: Settings) -> Deployer:
    """Operations on the stack that was asked for."""
    return open_stack.deployer(asked.program, asked.stack, settings, offline=asked.offline, faults=asked.faults)


def _refuse_elsewhere(asked: Asked, deployment: Mapping[str, Any], settings: Settings) -> None:
    if others := open_stack.elsewhere(deployment, settings):
        step = f"put back subscription_id: {others[0]}; for another subscription take a stack of its own"
        raise UnusableError(
            f"Stack {asked.stack} has resources in subscription {', '.join(others)}, and its settings say"
            f" {settings.tenant.subscription_id}. Next: "
            + (f"make rehearse-clean STACK={asked.stack}, which starts from nothing" if asked.offline else step)
        )


def _expectations(
    asked: Asked, operation: Operation, deployment: Mapping[str, Any]
) -> tuple[Tracker, dict[str, Where], Graph | None]:
    """What the operation is about, where each of it belongs, and what the program wants."""
    had = wheres(graph_of_state(asked.stack, deployment))
    if operation in ("refresh", "destroy"):
        return Tracker({urn: Expected(0) for urn in had}), had, None
    if (graph := _graph(asked)) is None:
        return Tracker(), had, None
    return Tracker(expected_of(graph), existing=had), had | wheres(graph), graph


def _graph(asked: Asked) -> Graph | None:
    """What the program wants; None, and a word why, where it cannot be said before the engine runs."""
    try:
        from graph.evaluate_stack import evaluate_stack

        with redirect_stdout(sys.stderr):  # what the program prints is no result of ours
            return evaluate_stack(asked.program, asked.stack, preview=False).graph
    except ModuleNotFoundError as error:
        progress(f"No count and no estimate in advance: {error.name} is not installed (requirements-dev.txt).")
    except (Exception, SystemExit) as error:
        progress(f"No count and no estimate in advance: {str(error).splitlines()[0] if str(error) else repr(error)}")
    return None


def _ending(asked: Asked, told: Told, seconds: float, *, killed: bool) -> Ending:
    report = told.report
    own = as_document(told) | {"seconds": round(seconds, 1)}

    def show() -> None:
        print_report(told, offline=asked.offline)

    if report.ok:
        return Ending(show=show, next=_next(asked, told), own=own)
    return Ending(
        FAILED,
        "unknown" if killed else "failed",
        show=show,
        problems=told.problems,
        next="mend what is named above, then run the same command again; it goes on from here",
        own=own,
    )


def _next(asked: Asked, told: Told) -> str:
    if told.report.changes and told.operation == "preview":
        return next_steps.command("up", asked.stack, offline=asked.offline)
    if told.report.changes and told.operation == "refresh":
        how = next_steps.command("preview", asked.stack, offline=asked.offline)
        return f"{how} says what up would do about it"
    if told.report.changes and told.operation == "up":
        how = next_steps.command("outputs", asked.stack, offline=asked.offline)
        return f"{how} says how to reach clusters and brokers"
    return ""


def _interrupted(asked: Asked, tracker: Tracker, where: Mapping[str, Where], operation: Operation) -> Ending:
    outcomes = tracker.outcomes(interrupted=True)
    failures = failures_of(tracker.last) if tracker.last else []
    report = Report(changes=dict(tracker.changes), failures=[each for each in failures if each.urn in tracker.ended])
    told = Told(asked.stack, operation, report, where, outcomes, took=tracker.took)
    return Ending(
        INTERRUPTED,
        "cancelled",
        show=lambda: print_report(told, offline=asked.offline),
        problems=told.problems,
        error="Interrupted." + ("" if asked.offline else " What Azure had accepted goes on there."),
        next=next_steps.when_interrupted(operation),
        own=as_document(told),
    )
