"""The commands. How each ends is in `automation.commands.result`; what each does, in the modules that it imports.

Those are imported by the command that needs them: they load pulumi, and usage and help do not wait for it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from automation.cli_certificates import add_certificates
from automation.commands import options
from automation.commands.options import LIVE, LOOK, OFFLINE
from automation.commands.result import EXIT_CODES, CommandResult
from automation.commands.run import run, run_on_stack, run_operation
from automation.deployment.engine import EngineChoice

PROGRAM = Path(__file__).resolve().parent.parent

app = typer.Typer(
    cls=options.Commands,
    help="Check, rehearse, deploy and inspect a stack of edge-stamps.",
    epilog="\n\n".join(["Exit codes:", *(f"{code}  {meaning}" for code, meaning in EXIT_CODES.items())]),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Boxes and colours on a terminal only.
    rich_markup_mode="rich" if sys.stdout.isatty() else None,
)


@app.command(rich_help_panel=OFFLINE)
def check(
    stack: options.Stack = "dev",
    as_json: options.Json = False,
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="Stand-ins for what only your tenant knows.")] = False,
) -> None:
    """Check the settings: every problem at once.

    Rules between settings are asked once every value has its form. Judges as for a real deployment. Exits 2 when
    something is wrong.
    """
    from automation.commands import inspect

    run("check", stack, lambda: inspect.check(PROGRAM, stack, rehearsal=rehearsal), as_json=as_json)


@app.command(rich_help_panel=LOOK)
def explain(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="Only this part, e.g. clusters.site or links[0].")] = "",
    stack: options.Stack = "dev",
    egress: options.Egress = False,
    egress_list: options.EgressList = False,
    image_script: options.ImageScript = False,
    as_json: options.Json = False,
) -> None:
    """Show every setting with its origin, all names and addresses.

    Origins are the file with its line, the environment's profile, or a default. What only the tenant knows is filled
    with stand-ins where the stack file lacks it, and marked. docs/settings.md says what each setting means.
    """
    from automation.commands import inspect

    def look() -> CommandResult:
        if image_script:
            return inspect.image_script(PROGRAM, stack, path)
        if egress or egress_list:
            return inspect.egress(PROGRAM, stack, path, as_lines=egress_list)
        return inspect.explain(PROGRAM, stack, path)

    run("explain", stack, look, as_json=as_json)


@app.command(rich_help_panel=LOOK)
def diagram(stack: options.Stack = "dev", out: options.Drawing = None) -> None:
    """Draw clusters, networks and links.

    From what the program would deploy. The page that `rehearse --report` writes has the drawing too.
    """
    from automation.commands import inspect

    run("diagram", stack, lambda: inspect.diagram(PROGRAM, stack, out))


@app.command(rich_help_panel=LIVE)
def doctor(stack: options.Stack = "dev", as_json: options.Json = False) -> None:
    """Say what is missing before the first `up`, and what mends it.

    Looks at tools, login, rights, resource providers, region, quotas and names; changes nothing. Needs no complete
    settings: it finds what it can. Exits 1 when something is missing.
    """
    from automation.commands import inspect

    run("doctor", stack, lambda: inspect.doctor(PROGRAM, stack), offline=False, as_json=as_json)


@app.command(rich_help_panel=LOOK)
def graph(stack: options.Stack = "dev", out: options.Out = None, preview: options.AsPreview = False) -> None:
    """Write all that the stack would deploy, as JSON.

    One object: resources, dependencies, ARM requests. Secrets are replaced by a marker. What only the tenant knows is
    filled with stand-ins where the stack file lacks it.
    """
    from automation.commands import inspect

    run("graph", stack, lambda: inspect.graph(PROGRAM, stack, out, preview=preview))


@app.command(rich_help_panel=OFFLINE)
def rehearse(
    stack: options.Stack = "dev",
    as_json: options.Json = False,
    destroy: options.OnlyDestroy = False,
    without_messages: options.WithoutMessages = False,
    serve: options.Serve = False,
    engine: options.Engine = EngineChoice.AUTO,
    report: options.Report = None,
) -> None:
    """Rehearse a deployment, without Azure, and send messages.

    The real program and the real settings: check, rules, preview, up, a second preview that has to be empty, outputs;
    then MQTT messages through a real broker that is configured from nothing but what was deployed. All of it lasts in
    .rehearsal/, so that the next run says what has changed. `--stack all` rehearses every stack and example, several at
    once; the pages have the stack's name in the place of `all`.
    Exits 1 when Azure or a cluster would refuse something or a link would not work, 2 on unusable settings.
    """
    from automation.commands import rehearse as rehearsing

    wanted = rehearsing.Wanted(as_json, destroy, without_messages, serve, engine, report)
    run("rehearse", stack, lambda: rehearsing.rehearse(PROGRAM, stack, wanted), as_json=as_json, engine=engine)


@app.command(rich_help_panel=LIVE)
def preview(
    stack: options.Stack = "dev",
    offline: options.Offline = False,
    engine: options.Engine = EngineChoice.AUTO,
    as_json: options.Json = False,
    report: options.Report = None,
) -> None:
    """Say what `up` would do.

    Every change by cluster and concern, with the values. What would be replaced or deleted comes first. Exits 1 when
    program or engine refuse, 2 on unusable settings. What Azure alone would refuse shows in `up` only.
    """
    run_operation(PROGRAM, "preview", stack, offline=offline, engine=engine, as_json=as_json, report=report)


@app.command(rich_help_panel=LIVE)
def up(
    stack: options.Stack = "dev",
    offline: options.Offline = False,
    engine: options.Engine = EngineChoice.AUTO,
    as_json: options.Json = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; it does on a terminal only.")] = False,
    run_again: options.RunAgain = None,
    verify: options.Verify = False,
    fault: options.Fault = None,
) -> None:
    """Make Azure what the settings say.

    What a killed run has left is settled first. Where a script of a cluster has failed, all of that cluster run again;
    they do nothing where nothing is to do. Errors that pass by themselves are waited for; what does not depend on
    a failure goes on. It says first what it does to messages, and asks on a terminal where something would be lost.
    Exits 1 with what failed and how to mend it, 2 on unusable settings.
    """
    asks = not (yes or offline) and sys.stdin.isatty() and sys.stderr.isatty()
    run_operation(
        PROGRAM, "up", stack, offline=offline, engine=engine, as_json=as_json, faults=fault or [],
        run_again=run_again or [], asks=asks, verify=verify,
    )  # fmt: skip


@app.command(rich_help_panel=LIVE)
def refresh(
    stack: options.Stack = "dev",
    offline: options.Offline = False,
    engine: options.Engine = EngineChoice.AUTO,
    as_json: options.Json = False,
    yes: options.Yes = False,
    cluster_is_gone: options.GoneClusters = None,
) -> None:
    """Read everything in Azure again, and correct the state.

    For what somebody has changed or deleted in Azure: the next `preview` shows it. With `--cluster-is-gone` also for a
    machine that was set up anew: what was on its old cluster is deleted, and the next `up` makes it anew.
    """
    if not cluster_is_gone:
        run_operation(PROGRAM, "refresh", stack, offline=offline, engine=engine, as_json=as_json)
        return
    from automation.commands.destroy import run_refresh

    run_refresh(PROGRAM, stack, cluster_is_gone, offline=offline, engine=engine, as_json=as_json, yes=yes)


@app.command(rich_help_panel=LIVE)
def destroy(
    stack: options.Stack = "dev",
    offline: options.Offline = False,
    engine: options.Engine = EngineChoice.AUTO,
    as_json: options.Json = False,
    yes: options.Yes = False,
    cluster_is_gone: options.GoneClusters = None,
) -> None:
    """Delete everything that the stack has deployed.

    Asks first. Refuses where a resource is protected, as in prod. Deleted vaults keep their names for some days. What
    is on a cluster whose node is dead hangs without `--cluster-is-gone`.
    """
    from automation.commands.destroy import run_destroy

    run_destroy(PROGRAM, stack, cluster_is_gone or [], offline=offline, engine=engine, as_json=as_json, yes=yes)


@app.command(rich_help_panel=LIVE)
def outputs(
    stack: options.Stack = "dev",
    offline: options.Offline = False,
    engine: options.Engine = EngineChoice.AUTO,
    as_json: options.Json = False,
) -> None:
    """Say how to reach clusters and brokers.

    The stack's outputs (docs/outputs.md); no secret is among them.
    """
    from automation.commands import stack as stack_commands

    run_on_stack("outputs", PROGRAM, stack, stack_commands.outputs, offline=offline, as_json=as_json, engine=engine)


@app.command(rich_help_panel=LIVE)
def verify(
    stack: options.Stack = "dev",
    cluster: options.Clusters = None,
    link: options.Links = None,
    azure_only: options.AzureOnly = False,
    messages: options.Messages = False,
    offline: options.Offline = False,
    engine: options.Engine = EngineChoice.AUTO,
    as_json: options.Json = False,
    junit: options.JUnit = None,
    markdown: options.Markdown = None,
    bundle: options.SupportBundle = None,
    yes: options.Yes = False,
) -> None:
    """Ask Azure and the clusters whether what was deployed is there, well, and as it was meant.

    Changes nothing. Says what is otherwise than the settings want it, or has been added (docs/verify.md). Exits 1 when
    something is wrong or could not be looked at.
    """
    from automation.commands.verify import Asked, Records, verify_stack

    asked = Asked(cluster or [], link or [], inside=not azure_only, messages=messages)
    records = Records(junit, markdown, bundle, yes)
    run_on_stack(
        "verify", PROGRAM, stack, lambda target: verify_stack(target, asked, records),
        offline=offline, as_json=as_json, engine=engine,
    )  # fmt: skip


add_certificates(app, lambda: PROGRAM)


@app.command(rich_help_panel=LIVE)
def smoke(
    stack: options.Stack = "dev",
    offline: options.Offline = False,
    engine: options.Engine = EngineChoice.AUTO,
    as_json: options.Json = False,
    yes: options.Yes = False,
    keep: options.Keep = False,
) -> None:
    """Try a whole life of a stack in Azure, which costs money.

    doctor, preview, up, previews that have to be empty, refresh, outputs, verify, destroy. Only for a stack that has
    nothing yet. Durations and what verify finds go to smoke-<stack>.json (docs/proven.md). Ends at what is wrong.
    """
    from automation.commands.smoke import run_smoke

    run_smoke(PROGRAM, stack, offline=offline, engine=engine, as_json=as_json, asks=not (offline or yes), keep=keep)


@app.command(rich_help_panel=OFFLINE)
def sweep(stack: options.Stack = "dev", sample: options.Sample = 0, seed: options.Seed = 1) -> None:
    """Let everything fail once in the modelled Azure, and see whether the deployer mends it.

    Nothing is sent to Azure. Creates, updates, deletes and reads of every resource type fail in every way
    (docs/world.md), alone and two at once, also while a site comes, its link goes and it goes itself; clocks jump, and
    roles act late. up, destroy and refresh must end as if nothing had happened.
    Prints what was tried, in tables of types and failures: how many tries it took, and what was not. Exits 1 where
    stack or Azure differ from an undisturbed run.
    """
    from automation.commands.sweep import run_sweep

    run("sweep", stack, lambda: run_sweep(PROGRAM, stack, sample=sample, seed=seed))
