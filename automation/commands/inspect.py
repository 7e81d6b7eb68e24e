"""Commands that look and change nothing: check, graph, diagram, explain, doctor."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from automation.commands import next_steps
from automation.commands.explain import UnknownPathError, as_document, as_text, explain_settings
from automation.commands.explain_egress import as_list, explain_egress
from automation.commands.result import FAILED, CommandResult, problem
from automation.console import BAD, DIM, GOOD, WARN, pluralize, progress, say, show_status, width
from automation.deployment.signing import describe_folder, describe_links
from settings import stack_file
from settings.loaded_stack import load_stack

if TYPE_CHECKING:
    from automation.check import CheckResult


def check(program: Path, stack: str, *, rehearsal: bool) -> CommandResult:
    """Whether the settings are complete.

    Raises:
        SettingsError: they are not.
    """
    loaded = load_stack(program, stack, stand_ins=rehearsal)
    settings = loaded.settings
    what = f"{pluralize(len(settings.clusters), 'cluster')}, {describe_links(settings)}"
    text = f"Settings of stack {stack} are complete: {what}, AIO {settings.release.name}."
    records = [
        next_steps.make_record(listener.host, str(listener.ip_addresses[0]))
        for cluster in settings.clusters.values()
        if (listener := cluster.listener) and listener.dns_names
    ]
    own = {"clusters": list(settings.clusters), "links": list(settings.links), "release": settings.release.name}
    said = "\n".join([text, *records])
    for line in describe_folder(loaded):
        progress(line, WARN)
    return CommandResult(show=lambda: say(said), next=_after_check(program, stack, rehearsal=rehearsal), own=own)


def explain(program: Path, stack: str, path: str) -> CommandResult:
    """Every setting with its origin, and what follows from the settings; or what is at and below the path.

    Raises:
        SettingsError: the settings cannot be used.
        UnknownPathError: there is nothing at the path.
    """
    loaded = load_stack(program, stack, stand_ins=True)
    found = explain_settings(loaded.settings, stack_file.lines(program, stack), path)
    if loaded.stand_ins:
        progress(f"Stand-ins for what only the tenant knows: {', '.join(loaded.stand_ins)}")
    return CommandResult(show=lambda: say(as_text(found, width()).rstrip("\n")), own={"explained": as_document(found)})


def egress(program: Path, stack: str, path: str, *, as_lines: bool) -> CommandResult:
    """List what the nodes have to reach: a table, or `host:port` a line.

    Raises:
        SettingsError: the settings cannot be used.
        UnknownPathError: there is no cluster at the path.
    """
    loaded = load_stack(program, stack, stand_ins=True)
    found = explain_egress(loaded.settings, path)
    last = "What it is for, and what it leaves open: docs/egress.md"
    text = as_list(found) if as_lines else as_text(found, width(), last)
    return CommandResult(show=lambda: say(text.rstrip("\n")), own={"explained": as_document(found)})


def image_script(program: Path, stack: str, path: str) -> CommandResult:
    """Write the script that makes a VM what an image for a cluster's node is captured from, its parameters in it.

    Raises:
        SettingsError: the settings cannot be used.
        UnknownPathError: there is no cluster at the path, or the stack sets up no node of it.
    """
    from nodes import load_script, with_parameters
    from settings.releases import NODE_TOOLS

    clusters = load_stack(program, stack, stand_ins=True).settings.clusters
    nodes = {f"clusters.{name}": one.node for name, one in clusters.items() if one.network and one.node}
    node = nodes.get(path)
    if node is None or not node.k3s_version:
        raise UnknownPathError(f"An image is of one cluster's node. Next: take one of these: {', '.join(nodes)}")
    text = with_parameters(load_script("prepare-image"), NODE_TOOLS.list_parameters(node.k3s_version, node.k3s_sha256))
    return CommandResult(show=lambda: say(text.rstrip("\n")), own={"explained": {path: {"image_script": text}}})


def graph(program: Path, stack: str, out: Path | None, *, preview: bool) -> CommandResult:
    """Everything that the stack would deploy, to a file or to standard output.

    Raises:
        SettingsError: the settings cannot be used.
    """
    from graph.evaluate_stack import evaluate_stack
    from graph.graph import as_json

    recorded = evaluate_stack(load_stack(program, stack, stand_ins=True), preview=preview).graph
    text = json.dumps(as_json(recorded), indent=2, sort_keys=True)
    if out is None:
        return CommandResult(show=lambda: say(text))
    out.write_text(text + "\n", encoding="utf-8")
    progress(f"{len(recorded.resources)} resources, components and providers written to {out}")
    return CommandResult()


def diagram(program: Path, stack: str, out: Path | None) -> CommandResult:
    """Clusters, networks and links, drawn to a file or as text.

    Raises:
        SettingsError: the settings cannot be used.
    """
    from automation.report import topology
    from graph.evaluate_stack import evaluate_stack

    evaluation = evaluate_stack(load_stack(program, stack, stand_ins=True), preview=False)
    found = topology.read_topology(evaluation.graph, evaluation.settings)
    if out is None:
        return CommandResult(show=lambda: say(topology.draw_text(found)))
    out.write_text(topology.draw_svg(found, with_style=True), encoding="utf-8")
    progress(f"Drawn to {out}")
    return CommandResult()


def doctor(program: Path, stack: str) -> CommandResult:
    """Tell what is missing on this machine and in Azure, each with what mends it."""
    from automation.doctor import examine

    with show_status("Looking at this machine and at Azure ...") as tell:
        checks = examine(program, stack, progress=tell)
    failed = [check for check in checks if check.outcome == "failed"]
    own = {"checks": [asdict(check) for check in checks]}

    def show() -> None:
        _print_checks(checks)

    if not failed:
        return CommandResult(show=show, next=next_steps.command("preview", stack), own=own)
    problems = [problem(check.id, check.title, check.found, check.mend) for check in failed]
    step = f"fix what is marked FAILED, from the top, then run again: {next_steps.command('doctor', stack)}"
    return CommandResult(FAILED, "failed", show=show, problems=problems, next=step, own=own)


MARKS = {
    "ok": ("ok", GOOD),
    "failed": ("FAILED", BAD),
    "unknown": ("unknown", BAD),
    "warning": ("warning", WARN),
    "not-run": ("not run", DIM),
}
"""Outcome of a check -> how it is shown."""


def _print_checks(checks: Sequence[CheckResult]) -> None:
    width = max(len(check.title) for check in checks)
    for check in checks:
        if check.outcome == "not-run":
            continue
        mark, style = MARKS[check.outcome]
        first, *more = check.found.splitlines() or [""]
        say(f"{mark:<8} {check.title:<{width}}  {first}", style if check.outcome != "ok" else "")
        for line in more:
            say(f"{'':8} {'':{width}}  {line}")
        for line in check.mend.splitlines():
            say(f"{'':8} -> {line}")
    waiting_for: dict[str, list[str]] = {}
    for check in checks:
        if check.outcome == "not-run":
            waiting_for.setdefault(check.found, []).append(check.title)
    for first, titles in waiting_for.items():
        say(f"{MARKS['not-run'][0]:<8} {first}: {', '.join(titles)}", DIM)
    say(f"\n{count_outcomes(checks)}")


def count_outcomes(checks: Sequence[CheckResult]) -> str:
    """Return `20 ok, 1 FAILED`."""
    counts: Counter[str] = Counter(check.outcome for check in checks)
    return ", ".join(f"{counts[outcome]} {mark}" for outcome, (mark, _) in MARKS.items() if counts[outcome])


def _after_check(program: Path, stack: str, *, rehearsal: bool) -> str:
    if stack_file.is_example(program, stack):
        name = stack_file.path(program, stack).name
        return f"make rehearse STACK={stack}. It is an example: to deploy it, cp examples/{name} . first"
    if rehearsal:
        return f"make rehearse STACK={stack}"
    return f"{next_steps.command('doctor', stack)} looks at this machine and at Azure"
