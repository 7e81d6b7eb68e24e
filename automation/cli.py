"""The commands.

Exit codes: 0 done, 1 findings or a failure, 2 unusable settings or usage, 130 interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automation.console import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_UNUSABLE, counted, fail, progress, say
from settings import SettingsError, load, stack_file

if TYPE_CHECKING:  # they load pulumi; usage and help do not wait for it
    from automation.deploy import Report
    from automation.operations import Operation
    from rehearsal.azure.faults import Faults

PROGRAM = Path(__file__).resolve().parent.parent

app = typer.Typer(
    help="Check, rehearse, deploy and inspect a stack of edge-stamps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Stack = Annotated[str, typer.Option("--stack", help="Name of the stack: its settings are in Pulumi.<stack>.yaml.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Into a modelled Azure, without the Pulumi CLI; kept in .rehearsal/.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


@app.command()
def check(
    stack: Stack = "dev",
    as_json: Json = False,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="Do not ask for what only the tenant knows.")] = False,
) -> None:
    """Check the settings of a stack, offline: every problem at once.

    Judges as for a real deployment. Exits 2 when something is wrong.
    """
    from rehearsal.stand_ins import with_stand_ins

    try:
        config = stack_file.read(PROGRAM, stack)
        if rehearsal:
            config, _ = with_stand_ins(config)
        settings = load(config[stack_file.SETTINGS_KEY], source=stack_file.source(stack))
    except SettingsError as error:
        if as_json:
            say(json.dumps({"ok": False, "problems": [_problem(problem) for problem in error.problems]}, indent=2))
        fail(str(error), EXIT_UNUSABLE)
    if as_json:
        say(json.dumps({"ok": True, "problems": []}))
    else:
        clusters, links = counted(len(settings.clusters), "cluster"), counted(len(settings.links), "link")
        say(f"Settings of stack {stack} are complete: {clusters}, {links}, AIO {settings.release.name}.")


@app.command()
def graph(
    stack: Stack = "dev",
    out: Annotated[Path | None, typer.Option("--out", help="File to write; standard output if absent.")] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="As `pulumi preview` on an empty world: what is not known yet is marked.")
    ] = False,
) -> None:
    """Write everything that the stack would deploy as one JSON object, secrets replaced by a marker.

    What only the tenant knows is filled with stand-ins where the stack file lacks it.
    """
    from rehearsal.graph import as_json
    from rehearsal.stacks import evaluate_stack

    try:
        evaluation = evaluate_stack(PROGRAM, stack, preview=preview)
    except SettingsError as error:
        fail(str(error), EXIT_UNUSABLE)
    text = json.dumps(as_json(evaluation.graph), indent=2, sort_keys=True) + "\n"
    if out is None:
        say(text, end="")
    else:
        out.write_text(text, encoding="utf-8")
        progress(f"{len(evaluation.graph.resources)} resources, components and providers written to {out}")


@app.command()
def rehearse(
    stack: Stack = "dev",
    as_json: Json = False,
    destroy: Annotated[
        bool, typer.Option("--destroy", help="Only destroy what earlier rehearsals have deployed, and forget it.")
    ] = False,
    without_messages: Annotated[
        bool, typer.Option("--without-messages", help="Send no messages; then no Mosquitto is needed.")
    ] = False,
) -> None:
    """Rehearse a deployment: the real program and settings, judged and deployed without Azure.

    Check, rules, preview, up, a second preview that has to be empty, outputs; then MQTT messages through a real broker
    that is configured from nothing but what was deployed. All of it lasts in .rehearsal/, so that the next run says
    what has changed; --destroy starts from nothing.
    Exits 1 when Azure or a cluster would refuse something or a link would not work, 2 on unusable settings.
    """
    from automation import rehearsing, summary
    from automation.lifecycle import settings_of

    with _mistakes_told(stack, offline=True):
        if destroy:
            settings, _ = settings_of(PROGRAM, stack, offline=True)
            _finish(rehearsing.destroy(PROGRAM, stack, settings), "destroy", as_json=as_json, offline=True)
            return
        last = "no messages" if without_messages else "messages"
        progress(f"Rehearsing stack {stack}: settings, rules, preview, up, preview, {last} ...")
        messages = 0 if without_messages else rehearsing.MESSAGES
        run = rehearsing.rehearse_and_deploy(PROGRAM, stack, messages=messages)
    if as_json:
        say(json.dumps(summary.as_document(run), indent=2))
    else:
        summary.print_summary(run)
    if not run.ok:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def preview(stack: Stack = "dev", offline: Offline = False, as_json: Json = False) -> None:
    """Say what `up` would do. Exits 1 when it would fail, 2 on unusable settings."""
    _operate("preview", stack, offline=offline, as_json=as_json)


@app.command()
def up(
    stack: Stack = "dev",
    offline: Offline = False,
    as_json: Json = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault", help="With --offline: NAME:OPERATION:KIND[:TIMES] goes wrong; docs/world.md says what there is."
        ),
    ] = None,
) -> None:
    """Deploy: make Azure what the settings say.

    What a killed run has left is settled first. Errors that pass by themselves are waited for; what does not depend on
    a failure goes on. Exits 1 with what failed and how to mend it, 2 on unusable settings.
    """
    _operate("up", stack, offline=offline, as_json=as_json, faults=fault or [])


@app.command()
def refresh(stack: Stack = "dev", offline: Offline = False, as_json: Json = False) -> None:
    """Read everything from Azure again, and let the stack's state follow."""
    _operate("refresh", stack, offline=offline, as_json=as_json)


@app.command()
def destroy(
    stack: Stack = "dev",
    offline: Offline = False,
    as_json: Json = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; with --offline it never does.")] = False,
) -> None:
    """Delete everything that the stack has deployed. Protected resources make it refuse."""
    if not (offline or yes):
        typer.confirm(f"Delete everything that stack {stack} has deployed in Azure?", abort=True, err=True)
    _operate("destroy", stack, offline=offline, as_json=as_json)


@app.command()
def sweep(
    stack: Stack = "dev",
    sample: Annotated[int, typer.Option("--sample", help="Only so many cases, chosen by the seed; 0: all.")] = 0,
    seed: Annotated[
        int, typer.Option("--seed", help="Which resource of each type fails, and which cases are chosen.")
    ] = 1,
) -> None:
    """Let the create of every resource type fail in every way, and see whether `up` ends as if nothing had happened.

    Offline. Prints a table of types and failures: how many `up` it took. Exits 1 where stack or Azure differ from an
    undisturbed run.
    """
    import os
    import random

    from automation.sweep import cases, table, undisturbed
    from automation.sweep import sweep as run_sweep

    rng = random.Random(seed)  # noqa: S311 it chooses test cases
    with _mistakes_told(stack, offline=True):
        chosen = list(cases(undisturbed(PROGRAM, stack), rng))
    if sample:
        chosen = rng.sample(chosen, min(sample, len(chosen)))
    progress(f"{len(chosen)} cases, seed {seed} ...")
    verdicts = []
    for verdict in run_sweep(PROGRAM, stack, chosen, processes=os.cpu_count() or 1):
        verdicts.append(verdict)
        if len(verdicts) % 20 == 0:
            progress(f"  {len(verdicts)} of {len(chosen)}")
    say(table(verdicts))
    failed = [verdict for verdict in verdicts if verdict.wrong]
    for verdict in failed:
        say(f"\n{verdict.case.name}: {verdict.case.kind}")
        for line in verdict.wrong:
            say(f"  {line}")
    say(f"\n{len(verdicts)} cases, {len(failed)} of them wrong.")
    if failed:
        raise typer.Exit(EXIT_FAILED)


@app.command()
def outputs(stack: Stack = "dev", offline: Offline = False) -> None:
    """Print the stack's outputs as one JSON object: how to reach clusters and brokers. No secret is among them."""
    from automation.lifecycle import deployer, settings_of

    with _mistakes_told(stack, offline=offline):
        settings, _ = settings_of(PROGRAM, stack, offline=offline)
        found = deployer(PROGRAM, stack, settings, offline=offline).stack.outputs()
    shown = {name: "[secret]" if output.secret else output.value for name, output in sorted(found.items())}
    say(json.dumps(shown, indent=2))


def _operate(operation: Operation, stack: str, *, offline: bool, as_json: bool, faults: Sequence[str] = ()) -> None:
    from automation import lifecycle

    if faults and not offline:
        fail("--fault orders a failure from the modelled Azure; it needs --offline", EXIT_UNUSABLE)
    ordered = _faults(faults)
    with _mistakes_told(stack, offline=offline):
        settings, stand_ins = lifecycle.settings_of(PROGRAM, stack, offline=offline)
        if stand_ins:
            progress(f"Stand-ins for what only the tenant knows: {', '.join(stand_ins)}")
        deployer = lifecycle.deployer(PROGRAM, stack, settings, offline=offline, faults=ordered)
        report: Report = getattr(deployer, operation)()
    for order in ordered.open:
        progress(f"The fault {order.target}:{order.operation}:{order.kind} has not come true: nothing fits it.")
    _finish(report, operation, as_json=as_json, offline=offline)


def _faults(texts: Sequence[str]) -> Faults:
    from automation.lifecycle import fault
    from rehearsal.azure.faults import Faults

    try:
        return Faults(*map(fault, texts))
    except ValueError as error:
        fail(str(error), EXIT_UNUSABLE)


def _finish(report: Report, operation: str, *, as_json: bool, offline: bool) -> None:
    from automation.report import print_report, report_as_document

    if as_json:
        say(json.dumps(report_as_document(report, operation), indent=2))
    else:
        print_report(report, operation, offline=offline)
    if not report.ok:
        raise typer.Exit(EXIT_FAILED)


@contextmanager
def _mistakes_told(stack: str, *, offline: bool) -> Iterator[None]:
    """A user's mistake, and what cannot be used, in words and without a traceback.

    Offline no command is advised that would act on a real stack.
    """
    from pulumi.automation import CommandError

    from automation import advice
    from automation.deploy import LockedError, ProtectedError
    from automation.lifecycle import ExampleError, reason
    from automation.pending import UnsettledError
    from automation.stacks import UnusableError
    from rehearsal.mqtt.install import MosquittoMissingError

    try:
        yield
    except (SettingsError, ExampleError) as error:
        fail(str(error), EXIT_UNUSABLE)
    except MosquittoMissingError as error:
        fail(f"{error}\nNext: install it, or add --without-messages", EXIT_FAILED)
    except LockedError as error:
        fail(f"{error}\n{advice.when_locked(stack, offline=offline)}", EXIT_FAILED)
    except ProtectedError as error:
        fail(f"{error}\n{advice.when_protected(stack, offline=offline)}", EXIT_FAILED)
    except (UnusableError, UnsettledError) as error:
        fail(str(error), EXIT_FAILED)
    except CommandError as error:
        fail(advice.when_failed(reason(error), offline=offline), EXIT_FAILED)
    except KeyboardInterrupt:
        fail("Interrupted. Next: run the same command again; it goes on from where it was", EXIT_INTERRUPTED)


def _problem(problem: object) -> dict[str, str]:
    from settings import Problem
    from settings.errors import as_yaml

    assert isinstance(problem, Problem)
    return {
        "where": problem.where,
        "given": as_yaml(problem.given),
        "expected": problem.expected,
        "example": problem.example,
        "hint": problem.hint,
    }
