"""Rehearses every committed stack: a process each, several at once, told in one table."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automation.commands import next_steps
from automation.commands.result import FAILED, OK, CommandResult, refuse
from automation.commands.result import document as make_document
from automation.console import BAD, pluralize, progress, say
from settings import stack_file

ALL = "all"
"""The name that stands for every stack with a file, in the project's folder or in examples/."""
_MIB_EACH = 700
"""Memory of one rehearsal: 480 MiB at 30 clusters (`make bench`), and its brokers and its page."""
_SECONDS_TO_END = 30
"""What an interrupted rehearsal has for keeping its state and stopping its broker."""


@dataclass(frozen=True)
class Run:
    """One stack's rehearsal, ended."""

    stack: str
    document: Mapping[str, Any]
    """What it printed with `--json`."""
    seconds: float

    @property
    def exit_code(self) -> int:
        return int(self.document["exit_code"])


def names_all(program: Path, stack: str) -> bool:
    """Return whether every stack is meant; a stack that is really called so is only itself."""
    return stack == ALL and not stack_file.path(program, stack).is_file()


def rehearse_all(program: Path, options: Sequence[str], report: Path | None) -> CommandResult:
    """Rehearse all stacks; `report` has `all` in its name, where each page has its stack's name instead."""
    if report and ALL not in report.name:
        text = f"every stack has a page of its own, and {report.name} names one file"
        return refuse("usage", "--report", text, f"--report {report.with_name('report-all.html')}")
    stacks = [*stack_file.stacks(program), *stack_file.examples(program)]
    at_once = max(1, min(os.cpu_count() or 1, _available_mib() // _MIB_EACH))
    progress(f"{', '.join(stacks)}: {at_once} at once ...")
    runs = asyncio.run(_run_all(program, stacks, options, report, at_once))
    failed = [run for run in runs if run.exit_code]
    return CommandResult(
        max((run.exit_code for run in failed), default=OK),
        "failed" if failed else "succeeded",
        show=lambda: _print_runs(runs),
        problems=[
            {**one, "where": f"{run.stack}: {one['where']}"} for run in failed for one in run.document["problems"]
        ],
        next="; ".join(f"{run.stack}: {run.document['next']}" for run in failed),
        own={"stacks": {run.stack: dict(run.document) for run in runs}},
    )


async def _run_all(
    program: Path, stacks: Sequence[str], options: Sequence[str], report: Path | None, at_once: int
) -> list[Run]:
    places = asyncio.Semaphore(at_once)

    async def run_one(stack: str) -> Run:
        async with places:
            page = ["--report", str(report.with_name(report.name.replace(ALL, stack)))] if report else []
            run = await _run(program, stack, [*options, *page])
        progress(f"{stack} has {'failed' if run.exit_code else 'ended'}.")
        return run

    async with asyncio.TaskGroup() as group:  # unlike `gather` it waits for all of them, interrupted too
        tasks = [group.create_task(run_one(stack)) for stack in stacks]
    return [task.result() for task in tasks]


async def _run(program: Path, stack: str, options: Sequence[str]) -> Run:
    """Rehearse one stack; interrupted, let it end in its own way before this one does."""
    began = time.monotonic()
    command = [sys.executable, "-m", "automation", "rehearse", "--stack", stack, "--json", *options]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, error = await process.communicate()
    except asyncio.CancelledError:
        await _end(process)
        raise
    return Run(stack, _read(stack, out.decode(), error.decode(), process.returncode or OK), time.monotonic() - began)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), _SECONDS_TO_END)
        except TimeoutError:
            process.kill()


def _read(stack: str, out: str, error: str, exit_code: int) -> Mapping[str, Any]:
    """Return the document; of a rehearsal that died without one, what it last said."""
    try:
        document: Mapping[str, Any] = json.loads(out)
    except ValueError:
        last = error.strip().rpartition("\n")[2]
        text = f"the rehearsal ended with {exit_code} and without a result: {last}"
        died = refuse("command", "", text, next_steps.command("rehearse", stack), exit_code=exit_code or FAILED)
        return make_document("rehearse", stack, died, offline=True)
    return document


def _describe(run: Run) -> str:
    """Return the stack's line: what was judged, deployed and sent."""
    document = run.document
    if run.exit_code:
        said = f"FAILED, {pluralize(len(document['problems']), 'problem')}"
    elif "counts" in document:
        resources = sum(sum(by_place.values()) for by_place in document["counts"].values())
        sent = document["messages"]
        proof = f"{sent['delivered']} messages delivered, {sent['refused']} cases refused" if sent else "no messages"
        said = f"{resources} resources, {proof}"
    else:
        said = "forgotten"
    return f"{run.stack}: {said} ({run.seconds:.0f} s)"


def _print_runs(runs: Sequence[Run]) -> None:
    for run in runs:
        say(_describe(run), BAD if run.exit_code else "")
        for one in run.document["problems"]:
            say(f"  {one['where']}: {one['message']}")


def _available_mib() -> int:
    """Return what Linux says is available; elsewhere, enough for one rehearsal a core."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return sys.maxsize
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable:"))
