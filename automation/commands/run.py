"""Runs a command's work, and tells how it ended, mistakes included."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from automation.commands import next_steps
from automation.commands.result import FAILED, INTERRUPTED, OK, CommandResult, conclude, print_document, problem, refuse
from automation.console import pluralize, progress
from automation.deployment.engine import EngineChoice

if TYPE_CHECKING:
    from automation.commands.stack import Target
    from automation.deployment.operations import Operation


def run(
    command: str,
    stack: str,
    act: Callable[[], CommandResult],
    *,
    offline: bool = True,
    as_json: bool = False,
    engine: EngineChoice = EngineChoice.AUTO,
) -> None:
    """Do it, and tell how it ended; `offline` and `engine` decide what may be advised."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # blocked by `__main__`
        result = act()
    except DeclinedError as error:
        result = CommandResult(FAILED, "cancelled", error=str(error), problems=[problem("answer", stack, str(error))])
    except KeyboardInterrupt:
        step = next_steps.when_interrupted(command)
        result = CommandResult(INTERRUPTED, "cancelled", error="Interrupted.", next=step)
    except Exception as error:
        from automation.commands import errors

        result = errors.result_of(error, command, stack, offline=offline, engine=engine.flag)
    conclude(command, stack, result, offline=offline, as_json=as_json)


def run_on_stack(
    command: str,
    program: Path,
    stack: str,
    act: Callable[[Target], CommandResult],
    *,
    offline: bool,
    as_json: bool,
    engine: EngineChoice,
) -> None:
    """Do it with a stack that is loaded first, and tell how it ended."""
    from automation.commands.stack import load_target

    def load_and_act() -> CommandResult:
        return act(load_target(program, stack, offline=offline, engine=engine))

    run(command, stack, load_and_act, offline=offline, as_json=as_json, engine=engine)


def print_usage_error(command: str, arguments: Sequence[str], message: str) -> None:
    """Print the document of a command whose options are wrong."""
    stack = next((after for option, after in pairwise(arguments) if option == "--stack"), "dev")
    result = refuse("usage", "", message, f"{next_steps.COMMAND} {command} --help")
    print_document(command, stack, result, offline=True)


def run_operation(
    program: Path,
    operation: Operation,
    stack: str,
    *,
    offline: bool,
    as_json: bool,
    faults: Sequence[str] = (),
    engine: EngineChoice = EngineChoice.AUTO,
    report: Path | None = None,
    run_again: Sequence[str] = (),
    asks: bool = False,
    verify: bool = False,
) -> None:
    """One operation of the stack's life, as a command; `destroy` has its own (`automation.commands.destroy`).

    Args:
        report: file for the page.
        run_again: clusters whose scripts run again.
        asks: ask before something is deleted or replaced; `up` only.
        verify: verify what was deployed, if nothing has failed.
    """
    from automation.commands import stack as stack_commands
    from automation.deployment import open_stack
    from rehearsal.azure.faults import Faults

    def act() -> CommandResult:
        if faults and not offline:
            return refuse("usage", "--fault", "a failure is ordered from the modelled Azure only", "add --offline")
        try:
            ordered = Faults(*map(open_stack.parse_fault, faults))
        except ValueError as error:
            return refuse("usage", "--fault", str(error), "docs/world.md lists what can go wrong")
        target = stack_commands.load_target(program, stack, offline=offline, faults=ordered, engine=engine)
        target.run_again = run_again
        print_differences(target)
        if operation in ("preview", "up"):
            _print_signed(target)
        if operation == "up":
            stack_commands.warn_of_changed_settings(target)
        if operation == "up" and (refusal := _previewed(target, asks=asks)):
            return refusal
        result, operation_report = stack_commands.operate(target, operation)
        if report and operation_report:
            stack_commands.write_report(target, operation_report, report)
        return _verified(target, result) if verify and result.exit_code == OK else result

    run(operation, stack, act, offline=offline, as_json=as_json, engine=engine)


def _verified(target: Target, done: CommandResult) -> CommandResult:
    """Return how the verification ended, after what was done."""
    from automation.commands.verify import verify_deployed

    verified = verify_deployed(target)

    def show() -> None:
        done.show()
        verified.show()

    own = {**done.own, "checks": verified.own.get("checks", [])}
    return replace(verified, show=show, own=own)


def print_differences(target: Target) -> None:
    """Say what is not as in Azure."""
    if target.loaded.stand_ins:
        progress(f"Stand-ins for what only the tenant knows: {', '.join(target.loaded.stand_ins)}")
    if target.offline:
        progress(target.engine.sentence)


def _print_signed(target: Target) -> None:
    """Say what of an external CA is not there, and what is there in vain."""
    from automation.deployment.signing import describe_folder, describe_links

    if target.loaded.settings.external.waiting:
        by_whom = "; offline a stand-in signs them" if target.offline else ""
        progress(f"{describe_links(target.loaded.settings)}{by_whom}.")
    for line in describe_folder(target.loaded):
        progress(f"{line}.")


class DeclinedError(Exception):
    """The user said no."""


def confirm(question: str) -> None:
    """Ask on standard error.

    Raises:
        DeclinedError: the answer is no, or there is nobody to answer.
    """
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        raise DeclinedError("Nothing was done: the question was not answered with yes.")


def check_writable(file: Path | None) -> Path | None:
    """Refuse a file that cannot be written before the work is done.

    Raises:
        BadParameter: it cannot.
    """
    if file and (file.is_dir() or not os.access(file if file.exists() else file.absolute().parent, os.W_OK)):
        raise typer.BadParameter(f"{file} cannot be written; expected a file in a folder that exists")
    return file


def check_new(file: Path | None) -> Path | None:
    """Refuse a file that is there already, or cannot be written, before the work is done.

    Raises:
        BadParameter: it is, or cannot.
    """
    if file and (file.exists() or file.is_symlink()):
        raise typer.BadParameter(f"{file} is there already; expected the name of a new file")
    return check_writable(file)


def check_engine(context: typer.Context, choice: EngineChoice) -> EngineChoice:
    """Keep `--engine offline` without `--offline` from acting on Azure.

    Raises:
        BadParameter: it is given, and `--offline` is not.
    """
    source = context.get_parameter_source("engine")
    if source and source.name == "COMMANDLINE" and not context.params.get("offline", True):
        raise typer.BadParameter("it chooses what deploys into the modelled Azure, and needs --offline")
    return choice


def _previewed(target: Target, *, asks: bool) -> CommandResult | None:
    """Preview, say what messages it interrupts, and ask if something would be lost; the end, if it does not go on."""
    from automation.commands import stack as stack_commands
    from automation.deployment.interruptions import describe, has_links

    if not asks and not has_links(stack_commands.deployer_of(target).deployment()):
        return None  # nothing could be interrupted
    result, report = stack_commands.operate(target, "preview")
    if result.exit_code == INTERRUPTED or (asks and (result.exit_code or report is None)):
        return result
    for line in describe(target.foreseen or {}):
        progress(line[:1].upper() + line[1:])
    if asks and report and report.would_lose:
        with redirect_stdout(sys.stderr):  # standard output is for what `up` comes to
            result.show()
        more = f", and {report.perhaps} perhaps" if report.perhaps else ""
        confirm(f"{pluralize(report.would_lose, 'resource')} would be replaced or deleted{more}. Go on?")
    return None
