"""The commands. How each ends is in `automation.endings`; what each does, in the modules that it imports.

Those are imported by the command that needs them: they load pulumi, and usage and help do not wait for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automation.endings import EXIT_CODES, UNUSABLE, Ending, conclude, problem

if TYPE_CHECKING:
    from automation.operations import Operation

PROGRAM = Path(__file__).resolve().parent.parent

LOOK, LIVE, OFFLINE = "Look: nothing is changed", "Live: a stack in Azure", "Offline: no cloud, no account"
"""Groups of commands."""

app = typer.Typer(
    help="Check, rehearse, deploy and inspect a stack of edge-stamps.",
    epilog="Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + ".",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Boxes and colours on a terminal only.
    rich_markup_mode="rich" if sys.stdout.isatty() else None,
)

Stack = Annotated[str, typer.Option("--stack", help="Name of the stack: its settings are in Pulumi.<stack>.yaml.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Into a modelled Azure, without the Pulumi CLI; kept in .rehearsal/.")
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on standard output (docs/commands.schema.json).")
]


@app.command(rich_help_panel=LOOK)
def check(
    stack: Stack = "dev",
    as_json: Json = False,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="Do not ask for what only the tenant knows.")] = False,
) -> None:
    """Check the settings of a stack, offline: every problem at once.

    Judges as for a real deployment. Exits 2 when something is wrong.
    """
    from automation import looking

    _run("check", stack, lambda: looking.check(PROGRAM, stack, rehearsal=rehearsal), as_json=as_json)


@app.command(rich_help_panel=LOOK)
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
    from automation import looking

    _run("graph", stack, lambda: looking.graph(PROGRAM, stack, out, preview=preview))


@app.command(rich_help_panel=OFFLINE)
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
    from automation import summary

    def act() -> Ending:
        if destroy:
            return summary.forgotten(PROGRAM, stack)
        return summary.rehearsed(PROGRAM, stack, messages=not without_messages)

    _run("rehearse", stack, act, as_json=as_json)


@app.command(rich_help_panel=LIVE)
def preview(stack: Stack = "dev", offline: Offline = False, as_json: Json = False) -> None:
    """Say what `up` would do: every change by cluster and concern, with the values.

    What would be replaced or deleted comes first. Exits 1 when `up` would fail, 2 on unusable settings.
    """
    _operate("preview", stack, offline=offline, as_json=as_json)


@app.command(rich_help_panel=LIVE)
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


@app.command(rich_help_panel=LIVE)
def refresh(stack: Stack = "dev", offline: Offline = False, as_json: Json = False) -> None:
    """Read everything from Azure again, and let the stack's state follow."""
    _operate("refresh", stack, offline=offline, as_json=as_json)


@app.command(rich_help_panel=LIVE)
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


@app.command(rich_help_panel=LIVE)
def outputs(stack: Stack = "dev", offline: Offline = False, as_json: Json = False) -> None:
    """Say how to reach clusters and brokers: the stack's outputs. No secret is among them."""
    from automation import living

    asked = living.Asked(PROGRAM, stack, offline)
    _run("outputs", stack, lambda: living.outputs(asked), offline=offline, as_json=as_json)


@app.command(rich_help_panel=OFFLINE)
def sweep(
    stack: Stack = "dev",
    sample: Annotated[int, typer.Option("--sample", help="Only so many cases, chosen by the seed; 0: all.")] = 0,
    seed: Annotated[
        int, typer.Option("--seed", help="Which resource of each type fails, and which cases are chosen.")
    ] = 1,
) -> None:
    """Let the create of every resource type fail in every way, and see whether `up` ends as if nothing had happened.

    Prints a table of types and failures: how many `up` it took. Exits 1 where stack or Azure differ from an
    undisturbed run.
    """
    from automation.sweep import swept

    _run("sweep", stack, lambda: swept(PROGRAM, stack, sample=sample, seed=seed))


def _operate(
    operation: Operation, stack: str, *, offline: bool, as_json: bool, faults: list[str] | None = None
) -> None:
    from automation import lifecycle, living
    from rehearsal.azure.faults import Faults

    def act() -> Ending:
        if faults and not offline:
            return _usage("--fault orders a failure from the modelled Azure; it needs --offline", "add --offline")
        try:
            ordered = Faults(*map(lifecycle.fault, faults or []))
        except ValueError as error:
            return _usage(str(error), "docs/world.md lists what can go wrong")
        return living.operate(living.Asked(PROGRAM, stack, offline, ordered), operation)[0]

    _run(operation, stack, act, offline=offline, as_json=as_json)


def _usage(text: str, step: str) -> Ending:
    return Ending(UNUSABLE, "not-run", error=text, problems=[problem("usage", "--fault", text, step)], next=step)


def _run(command: str, stack: str, act: Callable[[], Ending], *, offline: bool = True, as_json: bool = False) -> None:
    """Do it, and tell how it ended; `offline` decides what may be advised."""
    try:
        ending = act()
    except (Exception, KeyboardInterrupt) as error:
        from automation import mistakes

        if not isinstance(error, mistakes.TOLD):
            raise
        ending = mistakes.ending_of(error, command, stack, offline=offline)
    conclude(command, stack, ending, offline=offline, as_json=as_json)
