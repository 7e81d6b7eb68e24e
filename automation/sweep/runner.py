"""One case: a disturbed run of the deployer, compared with an undisturbed one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from automation.deployment.deployer import Deployer
from automation.deployment.run_journal import RunJournal
from automation.deployment.workspace import import_state, select_stack
from automation.sweep.baseline import SURROUNDINGS, Baseline, Snapshot, find_baseline, find_differences, take_snapshot
from automation.sweep.cases import RUNS, Case
from graph.urns import name_of
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.faults import Fault, Faults
from rehearsal.azure.world import World
from rehearsal.engine import OfflineCommand
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers
from settings import stack_file

PERMANENT = "bad-request"
"""Mended by hand, which is one more run."""


@dataclass(frozen=True)
class Verdict:
    """What became of a case; nothing wrong means that stack and Azure are as after an undisturbed run."""

    case: Case
    tries: int
    """How often the operation was run until it succeeded."""
    wrong: tuple[str, ...]


def judge(program: Path, stack: str, case: Case) -> Verdict:
    """Run the operation with these faults until it succeeds, and look at what is left."""
    baseline, run = find_baseline(program, stack), RUNS[case.run]
    clock, faults = ManualClock(), Faults()
    if run.cut:
        faults.order(Fault(case.faults[0].target, "create", "connection-cut"))
        later = list(case.faults)
    else:
        later = []
        for fault in case.faults:
            faults.order(fault)

    def disturb_recovery(_: str) -> None:
        while later and not faults.open:
            faults.order(later.pop())

    world = run.start(baseline).open_azure(clock=clock, faults=faults, on_write=disturb_recovery)
    with tempfile.TemporaryDirectory() as folder:
        deployer = _open_deployer(program, Path(folder), baseline, case, world, clock)
        tries, report = 1, getattr(deployer, run.does)()
        while not report.ok and tries <= case.kinds.count(PERMANENT):
            tries, report = tries + 1, getattr(deployer, run.does)()
        failures, changes = list(report.failures), dict[str, str]()
        if run.does != "destroy":
            failures += deployer.refresh().failures
            repeated = deployer.preview()
            failures, changes = failures + repeated.failures, repeated.changes
        here = take_snapshot({"deployment": deployer.deployment()}, world)
    wrong = [f"{failure.name}: {failure.message}" for failure in failures]
    wrong += [f"a second preview is not empty: {what} {name_of(urn)}" for urn, what in changes.items()]
    wrong += [f"the fault has not come true: {order}" for order in (*faults.open, *later)]
    return Verdict(case, tries, (*wrong, *find_differences(run.end(baseline), here)))


def _open_deployer(
    program: Path, folder: Path, baseline: Baseline, case: Case, world: World, clock: ManualClock
) -> Deployer:
    run = RUNS[case.run]
    for file in (program / "Pulumi.yaml", stack_file.path(program, baseline.stack)):
        shutil.copy(file, folder)
    command = OfflineCommand(all_providers(AzureProvider(world)), program=run.program(baseline))
    opened = select_stack(folder, baseline.stack, command)
    start: Snapshot = run.start(baseline)
    import_state(opened, start.state["version"], start.state["deployment"])
    return Deployer(opened, SURROUNDINGS.subscription_id, RunJournal(folder / "run.json"), sleep=clock.advance)


def sweep(program: Path, stack: str, chosen: Sequence[Case], processes: int) -> Iterator[Verdict]:
    """Judge the cases, several at once, in their order."""
    # Not forked: threads of the SDK would be missing in a copy of this process.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from pool.map(partial(judge, program, stack), chosen, chunksize=4)
