"""The life of a stack as the commands run it: preview, up, refresh, destroy, outputs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automation.commands import findings, next_steps
from automation.commands.operation_report import OperationReport, as_document, print_report
from automation.commands.print_outputs import print_outputs
from automation.commands.result import FAILED, INTERRUPTED, CommandResult
from automation.console import progress
from automation.deployment import open_stack
from automation.deployment.api_versions import refuse_other_versions
from automation.deployment.deployer import Deployer
from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.engine import ChosenEngine, EngineChoice, choose_engine
from automation.deployment.failure import failures_of
from automation.deployment.interruptions import Interruptions, foresee
from automation.deployment.k3s_upgrades import refuse_skipped_minors
from automation.deployment.operations import Operation
from automation.deployment.previewed import Previewed
from automation.deployment.progress import Expected, Tracker, expectations_of
from automation.deployment.progress_display import show_progress
from automation.deployment.protection import refuse_loss
from automation.deployment.run_journal import FOLDER
from automation.deployment.state_check import refuse_by_state
from automation.deployment.unmet_faults import describe_unmet
from automation.deployment.workspace import UnusableError, find_cli
from graph.graph import Graph
from graph.monitor import UnrecordableError
from graph.plan import Heading, find_headings, graph_of_state
from graph.property_diff import known
from graph.urns import name_of
from rehearsal.azure.faults import Faults
from settings.loaded_stack import LoadedStack

if TYPE_CHECKING:
    from automation.deployment.gone_clusters import GoneClusters
    from rules.judgement import Judgement

_NEXT: Mapping[str, tuple[str, str]] = {
    "preview": ("up", ""),
    "refresh": ("preview", " says what up would do about it"),
    "up": ("outputs", " says how to reach clusters and brokers"),
}
"""Operation that changes something -> the next command, and what it is for."""


@dataclass
class Target:
    """The stack that a command works on, loaded once, and where: in Azure or in its model."""

    loaded: LoadedStack
    offline: bool
    faults: Faults = field(default_factory=Faults)
    choice: EngineChoice = EngineChoice.OFFLINE
    """Of the engine for the model."""
    run_again: Sequence[str] = ()
    """Clusters whose scripts are to run again although none has failed."""
    gone: GoneClusters | None = None
    """What `destroy` deletes without the clusters that it lives on."""
    foreseen: Interruptions | None = None
    """What the preview of this command says of messages."""

    @property
    def stack(self) -> str:
        return self.loaded.stack

    @cached_property
    def engine(self) -> ChosenEngine:
        """Return what runs the program.

        Raises:
            CliError: it is not there.
        """
        return choose_engine(self.choice) if self.offline else ChosenEngine(find_cli())

    @property
    def as_deployed(self) -> LoadedStack:
        """Return the stack with what is signed for it here."""
        from automation.deployment.locate_rehearsal import take_signed

        return take_signed(self.loaded, self.engine) if self.offline else self.loaded

    @property
    def previewed(self) -> Previewed:
        return Previewed(self.loaded.folder / FOLDER / f"{'offline-' * self.offline}{self.loaded.name}.previewed.json")

    def command(self, name: str) -> str:
        """Return the command line of another command on this stack."""
        return next_steps.command(name, self.stack, offline=self.offline, engine=self.choice.flag * self.offline)

    @cached_property
    def judgement(self) -> Judgement | None:
        """Return what the program would deploy, judged once a command; None where only an engine can say.

        Raises:
            ProgramError, RunError: the program failed.
        """
        from rules.judgement import judge_stack

        try:
            return judge_stack(self.loaded)
        except UnrecordableError as error:
            progress(f"Not judged by the rules, and no count in advance: {error}.")
            return None


def load_target(
    program: Path, stack: str, *, offline: bool, faults: Faults | None = None, engine: EngineChoice = EngineChoice.AUTO
) -> Target:
    """Load the stack.

    Raises:
        SettingsError, ExampleError: the settings cannot be used.
    """
    return Target(open_stack.load(program, stack, offline=offline), offline, faults or Faults(), engine)


def operate(target: Target, operation: Operation) -> tuple[CommandResult, OperationReport | None]:
    """Judge the program, then run the operation; how it ended, and what there is to say about it if it was run.

    Raises:
        RefusedByStateError: the settings are none for this stack any more.
    """
    deployer = deployer_of(target)
    deployment = deployer.deployment()
    judgement = None
    if operation in ("preview", "up"):
        refuse_by_state(target.as_deployed, deployment)
        judgement = target.judgement
    if judgement and judgement.findings:
        return findings.result_of(judgement), None
    _refuse_elsewhere(target, deployment)
    if judgement:
        refuse_other_versions(target.stack, target.loaded.settings.release.name, deployment, judgement.deployment)
        refuse_loss(target.stack, deployment, judgement.deployment)
        refuse_skipped_minors(target.stack, deployment, judgement.deployment)
    tracker, headings, graph = _expectations(target, operation, deployment, judgement)
    began = time.monotonic()
    estimated = operation == "up" and not target.offline
    with show_progress(tracker, estimated=estimated, in_lines=operation != "preview") as tell:
        deployer.progress = tell
        try:
            result: DeploymentResult = getattr(deployer, operation)()
        except KeyboardInterrupt:
            return _interrupted(target, tracker, headings, operation), None
    did = operation != "preview"
    ids = (str(one.get("id", "")) for one in deployment.get("resources") or [])
    for line in describe_unmet(target.faults, [*map(name_of, headings), *ids]) if did else ():
        progress(line)
    outcomes, took = (tracker.outcomes(), tracker.took) if did else ({}, {})
    report = OperationReport(target.stack, operation, result, headings, outcomes, graph, took, target.engine.name)
    if operation == "preview" and judgement and result.ok:
        target.foreseen, later = foresee(target.loaded, deployment, report.changes)
        report = replace(report, later_runs=later)
    report = replace(report, interruptions=target.foreseen)
    if result.ok and operation in ("preview", "up"):
        _note(target, operation)
    return _ending(target, report, time.monotonic() - began, killed=deployer.runs.was_killed), report


def warn_of_changed_settings(target: Target) -> None:
    """Say that the settings are not those of the last preview."""
    if changed := target.previewed.find_changes(target.loaded.config):
        preview = target.command("preview")
        progress(f"Changed since the last preview: {', '.join(changed)}. To look at it first: {preview}")


def _note(target: Target, operation: Operation) -> None:
    """Keep the settings of a preview until they are deployed."""
    if operation == "up":
        target.previewed.forget()
        return
    try:
        target.previewed.keep(target.loaded.config)
    except OSError as error:
        progress(f"up will not notice a change of the settings: {target.previewed.file}: {error.strerror}.")


def write_report(target: Target, report: OperationReport, file: Path) -> None:
    """Write the page of a preview; without a judgement there is nothing to draw, which was said already."""
    from automation.report import render_preview

    if target.judgement:
        seen, now, foreseen = target.judgement.evaluation, datetime.now(UTC), report.interruptions
        write_page(file, render_preview(seen, report.result, now, offline=target.offline, interruptions=foreseen))


def write_page(file: Path, page: str) -> None:
    """Write a page, readable by its owner only, and say so."""
    file.touch(0o600)
    file.chmod(0o600)
    file.write_text(page, encoding="utf-8")
    progress(f"Report: {file}")


def outputs(target: Target) -> CommandResult:
    """Return the stack's outputs, without any secret; what is not known after a failed `up` is null."""
    found = deployer_of(target).stack.outputs()
    shown = {name: "[secret]" if output.secret else known(output.value) for name, output in sorted(found.items())}
    step = "" if shown else f"{target.command('up')}, which has not finished yet"
    own = {"outputs": shown, "engine": target.engine.name}
    return CommandResult(show=lambda: print_outputs(shown), next=step, own=own)


def deployer_of(target: Target) -> Deployer:
    """Return operations on the stack."""
    deployer = open_stack.open_deployer(target.loaded, target.engine, offline=target.offline, faults=target.faults)
    deployer.run_again = target.run_again
    if target.gone:
        deployer.delete_first = target.gone.delete
    return deployer


def _refuse_elsewhere(target: Target, deployment: Mapping[str, Any]) -> None:
    settings = target.loaded.settings
    if others := open_stack.find_other_subscriptions(deployment, settings):
        step = f"put back subscription_id: {others[0]}; for another subscription take a stack of its own"
        clean = next_steps.start_from_nothing(target.stack, engine=target.choice.flag)
        raise UnusableError(
            f"Stack {target.stack} has resources in subscription {', '.join(others)}, and its settings say"
            f" {settings.tenant.subscription_id}. Next: "
            + (f"{clean}, which starts from nothing" if target.offline else step)
        )


def _expectations(
    target: Target, operation: Operation, deployment: Mapping[str, Any], judgement: Judgement | None
) -> tuple[Tracker, dict[str, Heading], Graph | None]:
    """Return what to expect of the operation, the heading of each resource, and the graph that the program wants."""
    had = find_headings(graph_of_state(target.stack, deployment))
    if operation in ("refresh", "destroy"):
        return Tracker({urn: Expected(0) for urn in had}), had, None
    if judgement is None:
        return Tracker(), had, None
    graph = judgement.deployment
    return Tracker(expectations_of(graph), existing=had), had | find_headings(graph), graph


def _ending(target: Target, report: OperationReport, seconds: float, *, killed: bool) -> CommandResult:
    result = report.result
    own = as_document(report) | {"seconds": round(seconds, 1)}

    def show() -> None:
        print_report(report, offline=target.offline)

    if result.ok:
        follows = _NEXT.get(report.operation) if result.changes else None
        step = f"{target.command(follows[0])}{follows[1]}" if follows else ""
        return CommandResult(show=show, next=step, own=own)
    return CommandResult(
        FAILED,
        "unknown" if killed else "failed",
        show=show,
        problems=report.problems,
        next="fix the problems above, then run the command again; it goes on from here",
        own=own,
    )


def _interrupted(
    target: Target, tracker: Tracker, headings: Mapping[str, Heading], operation: Operation
) -> CommandResult:
    outcomes = tracker.outcomes(interrupted=True)
    failures = failures_of(tracker.last) if tracker.last else []
    result = DeploymentResult(
        changes=dict(tracker.changes), failures=[each for each in failures if each.urn in tracker.ended]
    )
    engine = target.engine.name
    report = OperationReport(target.stack, operation, result, headings, outcomes, took=tracker.took, engine=engine)
    return CommandResult(
        INTERRUPTED,
        "cancelled",
        show=lambda: print_report(report, offline=target.offline),
        problems=report.problems,
        error="Interrupted." + ("" if target.offline else " What Azure had accepted goes on there."),
        next=next_steps.when_interrupted(operation),
        own=as_document(report),
    )
