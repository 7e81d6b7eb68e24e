"""The smoke run: a whole life of a stack, in a subscription of yours, with the time that each resource took.

Nothing is claimed of Azure until a dated result is in the repository (docs/proven.md).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from automation.commands import errors, inspect
from automation.commands.operation_report import OperationReport
from automation.commands.result import FAILED, INTERRUPTED, OK, UNUSABLE, CommandResult, problem, refuse
from automation.commands.run import confirm, run
from automation.commands.stack import Target, deployer_of, load_target, operate, outputs
from automation.commands.verify import verify_deployed
from automation.console import BAD, minutes, progress, say
from automation.deployment.engine import EngineChoice
from automation.deployment.operations import Operation
from automation.deployment.workspace import VARIABLE

_NOT_OURS = "it did not create exactly what the preview said; somebody else may be at work on this stack"


@dataclass(frozen=True)
class Step:
    """One step of the run."""

    name: str
    wrong: str
    """Empty: as it must be."""
    remedies: Sequence[str] = ()
    seconds: float = 0
    report: OperationReport | None = None
    checks: Sequence[Mapping[str, Any]] = ()
    """Of `verify`, with what each found."""


def run_smoke(
    program: Path, stack: str, *, offline: bool, engine: EngineChoice, as_json: bool, asks: bool, keep: bool
) -> None:
    """Run the command; `asks` first."""

    def act() -> CommandResult:
        target = load_target(program, stack, offline=offline, engine=engine)
        if asks:
            confirm(f"Deploy stack {stack} to Azure, which costs money, and delete it again?")
        return smoke(target, keep=keep, doctor=lambda: inspect.doctor(program, stack))

    run("smoke", stack, act, offline=offline, as_json=as_json, engine=engine)


def smoke(target: Target, *, keep: bool, doctor: Callable[[], CommandResult]) -> CommandResult:
    """Deploy a stack that has nothing yet, see that nothing more changes, and take it down again unless `keep`."""
    if refusal := _refusal(target):
        return refusal
    steps: list[Step] = []
    about = {} if target.offline else _about(target)
    try:
        for step in _until_wrong(target, keep=keep, doctor=doctor):
            steps.append(step)
            if not target.offline:
                _record(target, about, steps)
    except KeyboardInterrupt:
        left = target.command("destroy")
        step_now = f"to delete what is deployed: {left}"
        return CommandResult(
            INTERRUPTED, "cancelled", error="Interrupted.", next=step_now, own=_document(target, steps)
        )
    return _ending(target, steps)


def _refusal(target: Target) -> CommandResult | None:
    """Refuse a stack that is in use or protected, as a smoke run ends by destroying it; None where nothing is wrong."""
    if deployer_of(target).deployment().get("resources"):
        text = f"Stack {target.stack} has resources, and a smoke run ends by destroying its stack."
        left = target.command("destroy")
        step = f"if they are left of a smoke run: {left}. If not: take a stack of its own, with another instance"
    elif not target.offline and os.environ.get(VARIABLE):
        text = f"{VARIABLE} is set: not Azure would answer, but {os.environ[VARIABLE]}."
        step = f"unset {VARIABLE}; --offline tries the steps in the modelled Azure"
    elif target.loaded.settings.protection.protect:
        profile = target.loaded.settings.profile
        text = f"Stack {target.stack} has the profile {profile}, which protects resources from destroy."
        step = "set profile: dev in a stack of its own"
    else:
        return None
    return refuse("stack", target.stack, text, step, UNUSABLE)


def _until_wrong(target: Target, *, keep: bool, doctor: Callable[[], CommandResult]) -> Iterator[Step]:
    steps = _steps(target, keep=keep, doctor=doctor)
    while True:
        try:
            step = next(steps, None)
        except Exception as error:
            failed = errors.result_of(error, "smoke", target.stack, offline=target.offline)
            step = Step("then", failed.error, [failed.next])
        if step is None:
            return
        progress(f"{step.name}: {'WRONG' if step.wrong else 'as it must be'}", BAD if step.wrong else "")
        yield step
        if step.wrong:
            return


def _steps(target: Target, *, keep: bool, doctor: Callable[[], CommandResult]) -> Iterator[Step]:
    if not target.offline:
        yield _failed("doctor", doctor()) or Step("doctor", "")
    preview = _step(target, "preview", "preview")
    yield preview if preview.wrong else replace(preview, wrong=_not_only_creates(preview))
    up = _step(target, "up", "up")
    yield up if up.wrong else replace(up, wrong=_not_as_previewed(preview, up))
    yield _step(target, "second preview", "preview", empty=True)
    yield _step(target, "refresh", "refresh", empty=True)
    yield _step(target, "preview after refresh", "preview", empty=True)
    found = outputs(target).own["outputs"]
    yield Step("outputs", "" if found.get("arc_proxy_commands") else "no Arc proxy command is among them")
    yield _verified(target)
    if not keep:
        yield _step(target, "destroy", "destroy")


def _verified(target: Target) -> Step:
    result = verify_deployed(target, messages=True)
    step = _failed("verify", result) or Step("verify", "")
    return replace(step, seconds=result.own.get("seconds", 0), checks=result.own.get("checks", ()))


def _not_only_creates(preview: Step) -> str:
    changes = preview.report.result.changes if preview.report else {}
    others = sorted({kind for kind in changes.values() if kind != "create"})
    return f"a stack that has nothing is created and nothing else; here also: {', '.join(others)}" if others else ""


def _not_as_previewed(preview: Step, up: Step) -> str:
    """Somebody else may have deployed the stack meanwhile: then it is not for us to destroy."""
    assert preview.report is not None
    assert up.report is not None
    if up.report.result.changes == preview.report.result.changes:
        return ""
    return _NOT_OURS


def _step(target: Target, name: str, operation: Operation, *, empty: bool = False) -> Step:
    result, report = operate(target, operation)
    if result.exit_code == INTERRUPTED:
        raise KeyboardInterrupt
    if failed := _failed(name, result):
        return replace(failed, report=report)
    assert report is not None  # it was run, and nothing is wrong
    changed = sorted(f"{kind} {urn.rpartition('::')[2]}" for urn, kind in report.result.changes.items())
    wrong = f"it has to be empty, and is: {', '.join(changed)}" if empty and changed else ""
    return Step(name, wrong, (), result.own["seconds"], report)


def _failed(name: str, result: CommandResult) -> Step | None:
    """Return the step that has failed, each remedy once."""
    wrong = "; ".join(f"{each['where']}: {each['message']}" for each in result.problems) or result.error
    return Step(name, wrong, list(dict.fromkeys(each["next"] for each in result.problems))) if wrong else None


def _about(target: Target) -> dict[str, Any]:
    """When, with what and where the run was made."""
    settings = target.loaded.settings
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "release": settings.release.name,
        "commit": _said("git", "-C", str(target.loaded.folder), "rev-parse", "HEAD"),
        "pulumi": _said("pulumi", "version"),
        "locations": sorted({cluster.location for cluster in settings.clusters.values()}),
        "clusters": len(settings.clusters),
    }


def _record(target: Target, about: Mapping[str, Any], steps: Sequence[Step]) -> None:
    """Write what was seen so far to smoke-<stack>.json; no secret is among it."""
    file = Path(f"smoke-{target.stack.replace('/', '-')}.json")
    file.write_text(json.dumps({**about, **_document(target, steps)}, indent=2) + "\n", encoding="utf-8")


def _said(*command: str) -> str:
    """Return the first line of what a tool prints; empty where it prints nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 ours
    except OSError:
        return ""
    return done.stdout.strip().partition("\n")[0]


def _document(target: Target, steps: Sequence[Step]) -> dict[str, Any]:
    return {
        "engine": target.engine.name,
        "steps": [{"name": step.name, "wrong": step.wrong, "seconds": step.seconds} for step in steps],
        "durations": [
            {"step": step.name, "name": urn.rpartition("::")[2], "seconds": round(seconds, 1)}
            for step in steps
            if step.report
            for urn, seconds in step.report.took.items()
        ],
        "checks": [check for step in steps for check in step.checks],
    }


def _ending(target: Target, steps: Sequence[Step]) -> CommandResult:
    wrong = [step for step in steps if step.wrong]

    def show() -> None:
        for step in steps:
            say(
                f"  {step.name:<22}{minutes(step.seconds):>6}  {'WRONG' if step.wrong else 'ok'}",
                BAD * bool(step.wrong),
            )

    problems = [problem("step", step.name, step.wrong, "; ".join(filter(None, step.remedies))) for step in wrong]
    where = "In Azure: " if target.offline else ""
    lines = [
        line
        for step in wrong
        for line in (f"{step.name}: {step.wrong}", *(f"  -> {where}{each}" for each in step.remedies if each))
    ]
    error = "\n".join(lines)
    if not wrong:
        return CommandResult(OK, show=show, own=_document(target, steps))
    next_step = "fix the problem above, then run the command again"
    if any(step.wrong == _NOT_OURS for step in wrong):
        next_step = "find out who it is; nothing was destroyed"
    elif any(step.name == "up" for step in steps):
        left = target.command("destroy")
        next_step = f"fix the problem above; to delete what is deployed: {left}"
    return CommandResult(
        FAILED, "failed", show=show, error=error, problems=problems, next=next_step, own=_document(target, steps)
    )
