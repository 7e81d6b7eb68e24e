"""Runs the sweep (`automation.sweep`) and tells what was tried."""

from __future__ import annotations

import os
import random
from pathlib import Path
from time import monotonic

from automation.commands.result import FAILED, CommandResult, problem
from automation.console import progress, say
from automation.sweep.baseline import find_baseline
from automation.sweep.cases import choose, list_cases
from automation.sweep.coverage import describe
from automation.sweep.runner import sweep
from automation.sweep.table import render

_PROGRESS_EVERY = 20
SECONDS_A_CASE = 2.3
"""Of one processor, measured for the stack dev with a sample of 240."""


def run_sweep(program: Path, stack: str, *, sample: int, seed: int) -> CommandResult:
    """Run all cases, or as many as are wanted, and tell them in tables.

    Raises:
        SettingsError: the settings cannot be used.
    """
    rng = random.Random(seed)  # noqa: S311 it chooses test cases
    baseline = find_baseline(program, stack)
    every = list_cases(baseline, rng)
    chosen = choose(every, sample, rng)
    processes = os.cpu_count() or 1
    estimate = len(chosen) * SECONDS_A_CASE / processes / 60
    progress(
        f"{len(chosen)} of {len(every)} cases, seed {seed}: about {estimate:.0f} minutes on a machine like ours ..."
    )
    verdicts, began = [], monotonic()
    for verdict in sweep(program, stack, chosen, processes):
        verdicts.append(verdict)
        if len(verdicts) % _PROGRESS_EVERY == 0:
            left = (len(chosen) - len(verdicts)) * (monotonic() - began) / len(verdicts) / 60
            progress(f"  {len(verdicts)} of {len(chosen)}, {left:.0f} minutes left")
    failed = [verdict for verdict in verdicts if verdict.wrong]

    def show() -> None:
        say(render(verdicts, baseline.types))
        for verdict in failed:
            say("\n".join([f"\n{verdict.case}", *(f"  {line}" for line in verdict.wrong)]))
        say(f"\n{describe(baseline, chosen, every)}")
        minutes = (monotonic() - began) / 60
        say(f"\n{len(verdicts)} of {len(every)} cases in {minutes:.1f} minutes, {len(failed)} of them wrong.")

    if not failed:
        return CommandResult(show=show)
    problems = [problem("case", str(each.case), "; ".join(each.wrong)) for each in failed]
    return CommandResult(FAILED, "failed", show=show, problems=problems)
