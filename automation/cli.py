"""The commands.

Exit codes: 0 done, 1 findings or a failure, 2 unusable settings or usage, 130 interrupted.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from automation.console import EXIT_FAILED, EXIT_UNUSABLE, counted, fail, progress, say
from settings import SettingsError, load, stack_file

PROGRAM = Path(__file__).resolve().parent.parent

app = typer.Typer(
    help="Check, rehearse and inspect a stack of edge-stamps, without a cloud account or the Pulumi CLI.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Stack = Annotated[str, typer.Option("--stack", help="Name of the stack: its settings are in Pulumi.<stack>.yaml.")]
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
    forget: Annotated[
        bool, typer.Option("--forget", help="Only forget what earlier rehearsals have deployed.")
    ] = False,
) -> None:
    """Rehearse a deployment: the real program and settings, judged and deployed without Azure.

    What was deployed lasts in .rehearsal/, so that the next run says what has changed; --forget starts from nothing.
    Exits 1 when Azure or a cluster would refuse something or a link would not work, 2 on unusable settings.
    """
    from automation.summary import as_document, print_summary
    from rehearsal import lifecycle
    from rehearsal.rehearse import rehearse as run_rehearsal

    if forget:
        lifecycle.forget(PROGRAM, stack)
        progress(f"Forgotten: {lifecycle.folder_of(PROGRAM, stack)}")
        return
    progress(f"Rehearsing stack {stack}: settings, preview, rules, deployment ...")
    try:
        result = run_rehearsal(PROGRAM, stack)
    except SettingsError as error:
        fail(str(error), EXIT_UNUSABLE)
    except lifecycle.KeptError as error:
        fail(f"{error}\nNext: make rehearse-clean STACK={stack}", EXIT_FAILED)
    if as_json:
        say(json.dumps(as_document(result), indent=2))
    else:
        print_summary(result)
    if not result.ok:
        raise typer.Exit(EXIT_FAILED)


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
