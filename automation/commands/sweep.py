"""Runs the sweep (`automation.sweep`) and tells what was tried."""

from __future__ import annotations

import os
import random
from pathlib import Path

from automation.commands.result import FAILED, CommandResult, problem
from automation.console import progress, say
from automation.sweep.baseline import find_baseline
from automation.sweep.cases import choose, list_pairs, list_singles
from automation.sweep.runner import sweep
from automation.sweep.table import render

_PROGRESS_EVERY = 20


def run_sweep(program: Path, stack: str, *, sample: int, seed: int) -> CommandResult:
    """Run all cases, or as many as are wanted, and tell them in tables.

    Raises:
        SettingsError: the settings cannot be used.
    """
    rng = random.Random(seed)  # noqa: S311 it chooses test cases
    baseline = find_baseline(program, stack)
    every = [*list_singles(baseline, rng), *list_pairs(baseline, rng)]
    chosen = choose(every, sample, rng)
    progress(f"{len(chosen)} of {len(every)} cases, seed {seed} ...")
    verdicts = []
    for verdict in sweep(program, stack, chosen, processes=os.cpu_count() or 1):
        verdicts.append(verdict)
        if len(verdicts) % _PROGRESS_EVERY == 0:
            progress(f"  {len(verdicts)} of {len(chosen)}")
    failed = [verdict for verdict in verdicts if verdict.wrong]

    def show() -> None:
        say(render(verdicts, baseline.types))
        for verdict in failed:
            say("\n".join([f"\n{verdict.case}", *(f"  {line}" for line in verdict.wrong)]))
        say(f"\n{len(verdicts)} of {len(every)} cases, {len(failed)} of them wrong.")

    if not failed:
        return CommandResult(show=show)
    problems = [problem("case", str(each.case), "; ".join(each.wrong)) for each in failed]
    return CommandResult(FAILED, "failed", show=show, problems=problems)
