"""One case: a disturbed run of the deployer, compared with an undisturbed one."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from automation.deployment.deployer import Deployer
from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.run_journal import RunJournal
from automation.deployment.workspace import import_state, select_stack
from automation.sweep.baseline import SURROUNDINGS, Snapshot, find_baseline, find_differences, take_snapshot
from automation.sweep.cases import JUMPS, Case
from graph.urns import name_of
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.faults import Faults
from rehearsal.azure.world import World
from rehearsal.engine import OfflineCommand, Recording
from rehearsal.node.pretended import PretendedScripts
from rehearsal.node.runner import ScriptRunner
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers
from settings import stack_file

_TIME_TO_MEND = 3600
"""Seconds until somebody has mended by hand what does not pass by itself, and runs the deployer once more."""
_MEMORY = Path("/dev/shm")  # noqa: S108 tempfile makes the names in it
"""Where no fsync waits for a disk: nothing of a case outlives it."""
_WAITED_FOR_ROLE = re.compile("ForbiddenByRbac|check that the identity .* has its role")
"""What a script says that has waited in vain for a role: a gate for that on the vault, connect-arc for its own."""


@dataclass(frozen=True)
class Verdict:
    """What became of a case; nothing wrong means that stack and Azure are as after an undisturbed run."""

    case: Case
    tries: int
    """How often the operation was run until it succeeded."""
    wrong: tuple[str, ...]


def judge(program: Path, stack: str, case: Case) -> Verdict:
    """Run the operation with these faults until it succeeds, and look at what is left."""
    baseline, run = find_baseline(program, stack), case.settings
    phase = baseline.phases[run.phase]
    start = phase.end if run.from_end else phase.start
    clock, faults = ManualClock(), Faults()
    jumps = [JUMPS[case.clock]] * 2
    later = list(case.faults) if run.cut else []
    """Orders for the look at the create that was cut off."""
    for fault in [replace(fault, operation="create", kind="connection-cut") for fault in later] or case.faults:
        faults.order(fault)

    def when_written(_: str) -> None:
        if len(jumps) > 1 and not faults.open:
            clock.advance(jumps.pop())
        while later and not faults.open:
            faults.order(later.pop())

    surroundings = replace(SURROUNDINGS, role_spread_seconds=run.role_spread)
    # What is disturbed are calls of Azure. The baseline has run the scripts; where roles are late they run here too.
    scripts = PretendedScripts(phase.end.connected) if case.faults else ScriptRunner()
    world = start.open_azure(surroundings, clock=clock, faults=faults, on_write=when_written, run_script=scripts)
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        deployer = _open_deployer(program, Path(folder), baseline.stack, start, phase.program, world, clock)
        tries, report = 1, getattr(deployer, run.does)()
        wrong = list(_find_silence(case, report))
        while not report.ok and tries <= case.mended_by_hand:
            clock.advance(_TIME_TO_MEND)
            tries, report = tries + 1, getattr(deployer, run.does)()
        failures, changes = list(report.failures), dict[str, str]()
        if run.does != "destroy":
            clock.advance(jumps.pop())
            failures += deployer.refresh().failures
            repeated = deployer.preview()
            failures, changes = failures + repeated.failures, repeated.changes
        here = take_snapshot({"deployment": deployer.deployment()}, world)
    wrong += [f"{failure.name}: {failure.message}" for failure in failures]
    wrong += [f"a second preview is not empty: {what} {name_of(urn)}" for urn, what in changes.items()]
    wrong += [f"the fault has not come true: {order}" for order in (*faults.open, *later)]
    return Verdict(case, tries, (*wrong, *find_differences(phase.end, here)))


def _find_silence(case: Case, report: DeploymentResult) -> Iterator[str]:
    """Yield what is wrong with a first run whose roles act later than its scripts wait: they have to say so."""
    if not case.faults:
        if report.ok:
            yield "the scripts have not waited for the roles"
        for failure in report.failures:
            if not _WAITED_FOR_ROLE.search(failure.message):
                yield f"{failure.name} does not say that it has waited for a role: {failure.message}"


def _open_deployer(
    program: Path, folder: Path, stack: str, start: Snapshot, registrations: Recording, world: World, clock: ManualClock
) -> Deployer:
    for file in (program / "Pulumi.yaml", stack_file.path(program, stack)):
        shutil.copy(file, folder)
    command = OfflineCommand(all_providers(AzureProvider(world)), program=registrations)
    opened = select_stack(folder, stack, command)
    import_state(opened, start.state["version"], start.state["deployment"])
    return Deployer(opened, SURROUNDINGS.subscription_id, RunJournal(folder / "run.json"), sleep=clock.advance)


def sweep(program: Path, stack: str, chosen: Sequence[Case], processes: int) -> Iterator[Verdict]:
    """Judge the cases, several at once, in their order."""
    # Not forked: threads of the SDK would be missing in a copy of this process.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from pool.map(partial(judge, program, stack), chosen, chunksize=4)
