"""Lets the create of every resource type fail in every way, and sees whether `up` ends as if nothing had happened.

The program runs once; its registrations are replayed for each case (`rehearsal.engine.Recording`).
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from arm.shapes import is_arm
from automation.commands.result import FAILED, CommandResult, problem
from automation.console import progress, say
from automation.deployment.deployer import Deployer
from automation.deployment.run_journal import RunJournal
from automation.deployment.workspace import select_stack
from graph.urns import name_of
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.faults import KINDS, Fault, Faults
from rehearsal.azure.world import World
from rehearsal.cluster import gate
from rehearsal.engine import Engine, OfflineCommand, Options, Recording, State
from rehearsal.modelled_azure import make_surroundings
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers
from settings import stack_file
from settings.stand_ins import STAND_INS, with_stand_ins

_PROGRESS_EVERY = 20
_SURROUNDINGS = make_surroundings(STAND_INS["subscription_id"])
_CREATED_BY_SCRIPT = "Microsoft.Kubernetes/connectedClusters"
_DIFFERENT_EACH_RUN = ("tls:", "random:", "pulumi:")
"""Types whose outputs, ids or keys are other ones in each run."""
_MAX_UPS = 2
"""A permanent failure is mended by hand, which is one more `up`."""


@dataclass(frozen=True)
class Case:
    """One resource whose create fails once."""

    type: str
    name: str
    kind: str


@dataclass(frozen=True)
class Verdict:
    """What became of a case; nothing wrong means that stack and Azure are as after an undisturbed run."""

    case: Case
    ups: int
    """How often `up` was run until it succeeded."""
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class Baseline:
    """A run without any failure: what it registered, and what it ended with."""

    stack: str
    recording: Recording
    config: Mapping[str, Any]
    resources: Mapping[str, Any]
    azure: Mapping[str, Any]
    names: Mapping[str, Sequence[str]]
    """ARM type token -> logical names of its resources."""


@cache
def find_baseline(program: Path, stack: str) -> Baseline:
    """Run the program once.

    Raises:
        SettingsError: the settings cannot be used.
    """
    config, _ = with_stand_ins(stack_file.read(program, stack))
    world, state, recording = World(_SURROUNDINGS, gate=gate.judge), State(), Recording()
    engine = Engine(program, stack, config, all_providers(AzureProvider(world)), state, Options(recording=recording))
    result = engine.up()
    assert result.succeeded, result.summary()
    # What a peering says of itself changes when its other half comes: both states are compared after a refresh.
    assert engine.refresh().succeeded
    names: dict[str, list[str]] = {}
    for resource in state.resources:
        if is_arm(resource.type):
            names.setdefault(resource.type, []).append(name_of(resource.urn))
    return Baseline(
        stack, recording, config, comparable_state(state.export()["deployment"]), _comparable_azure(world), names
    )


def cases(baseline: Baseline, rng: random.Random) -> Iterator[Case]:
    """Yield every type with every kind of failure, on one of the type's resources each."""
    for token, names in sorted(baseline.names.items()):
        for kind in KINDS:
            yield Case(token, rng.choice(sorted(names)), kind)


def judge(program: Path, stack: str, case: Case) -> Verdict:
    """Deploy into an empty Azure with this failure ordered, until `up` succeeds; compare with an undisturbed run."""
    baseline = find_baseline(program, stack)
    faults = Faults(Fault(case.name, "create", case.kind))
    clock = ManualClock()
    world = World(_SURROUNDINGS, clock=clock, faults=faults, gate=gate.judge)
    with tempfile.TemporaryDirectory() as folder:
        for file in (program / "Pulumi.yaml", stack_file.path(program, stack)):
            shutil.copy(file, folder)
        command = OfflineCommand(all_providers(AzureProvider(world)), program=baseline.recording)
        opened = select_stack(Path(folder), stack, command)
        runs = RunJournal(Path(folder) / "run.json")
        deployer = Deployer(opened, _SURROUNDINGS.subscription_id, runs, sleep=clock.advance)
        ups, report = 1, deployer.up()
        while not report.ok and ups < _MAX_UPS:
            ups, report = ups + 1, deployer.up()
        failures = [*report.failures, *deployer.refresh().failures]
        repeated = deployer.preview()
        deployment = dict(opened.export_stack().deployment or {})
    wrong = [f"{failure.name}: {failure.message}" for failure in (*failures, *repeated.failures)]
    wrong += [f"a second preview is not empty: {what} {name_of(urn)}" for urn, what in repeated.changes.items()]
    wrong += [f"the fault has not come true: {order}" for order in faults.open]
    wrong += _differences("stack", baseline.resources, comparable_state(deployment))
    wrong += _differences("Azure", baseline.azure, _comparable_azure(world))
    wrong += _orphans(world, deployment)
    return Verdict(case, ups, tuple(wrong))


def comparable_state(deployment: Mapping[str, Any]) -> dict[str, Any]:
    """Return what two runs have in common: resources by URN, without what each run makes anew."""
    return {resource["urn"]: _comparable(resource) for resource in deployment.get("resources") or []}


def _comparable(resource: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in resource.items() if key not in ("created", "modified", "sourcePosition")}
    kept["provider"] = resource.get("provider", "").rpartition("::")[0]
    for key in ("dependencies", "replaceWith"):
        kept[key] = sorted(resource.get(key) or [])
    if resource["type"].startswith(_DIFFERENT_EACH_RUN):
        kept = {key: value for key, value in kept.items() if key not in ("id", "outputs")}
    return kept


def _comparable_azure(world: World) -> dict[str, Any]:
    return {entry.id: (entry.token, entry.inputs, entry.outputs, entry.state) for entry in world.entries()}


def _differences(where: str, baseline: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({*baseline, *here}):
        if baseline.get(key) != here.get(key):
            what = "missing" if key not in here else "unexpected" if key not in baseline else "different"
            yield f"{where}: {what}: {key}"


def _orphans(world: World, deployment: Mapping[str, Any]) -> Iterator[str]:
    """Yield what exists and nobody owns."""
    owned = {resource.get("id", "").lower() for resource in deployment["resources"]}
    for entry in world.entries():
        if entry.id.lower() not in owned and entry.type != _CREATED_BY_SCRIPT:
            yield f"orphan in Azure: {entry.id}"


def sweep(program: Path, stack: str, chosen: Sequence[Case], processes: int) -> Iterator[Verdict]:
    """Judge the cases, several at once, in their order."""
    # Not forked: threads of the SDK would be missing in a copy of this process.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from pool.map(partial(judge, program, stack), chosen, chunksize=4)


def table(verdicts: Sequence[Verdict]) -> str:
    """Return types by kinds of failure: how many `up` it took, or FAILED."""
    found = {(verdict.case.type, verdict.case.kind): verdict for verdict in verdicts}
    kinds = [kind for kind in KINDS if any(kind == verdict.case.kind for verdict in verdicts)]
    types = sorted({verdict.case.type for verdict in verdicts}, key=_short)
    width = max(map(len, map(_short, types)))
    lines = [" ".join(["".ljust(width), *kinds])]
    for token in types:
        cells = [_cell(found.get((token, kind))).rjust(len(kind)) for kind in kinds]
        lines.append(" ".join([_short(token).ljust(width), *cells]))
    return "\n".join(lines)


def _cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return "-"
    return "FAILED" if verdict.wrong else str(verdict.ups)


def _short(token: str) -> str:
    """Return module and class, e.g. `network:Subnet`."""
    return ":".join(token.split(":")[-2:])


def run_sweep(program: Path, stack: str, *, sample: int, seed: int) -> CommandResult:
    """Run all cases, or as many as are wanted, and tell them in a table.

    Raises:
        SettingsError: the settings cannot be used.
    """
    rng = random.Random(seed)  # noqa: S311 it chooses test cases
    chosen = list(cases(find_baseline(program, stack), rng))
    if sample:
        chosen = rng.sample(chosen, min(sample, len(chosen)))
    progress(f"{len(chosen)} cases, seed {seed} ...")
    verdicts = []
    for verdict in sweep(program, stack, chosen, processes=os.cpu_count() or 1):
        verdicts.append(verdict)
        if len(verdicts) % _PROGRESS_EVERY == 0:
            progress(f"  {len(verdicts)} of {len(chosen)}")
    failed = [verdict for verdict in verdicts if verdict.wrong]

    def show() -> None:
        say(table(verdicts))
        for verdict in failed:
            say("\n".join([f"\n{verdict.case.name}: {verdict.case.kind}", *(f"  {line}" for line in verdict.wrong)]))
        say(f"\n{len(verdicts)} cases, {len(failed)} of them wrong.")

    if not failed:
        return CommandResult(show=show)
    problems = [problem("case", f"{each.case.name}: {each.case.kind}", "; ".join(each.wrong)) for each in failed]
    return CommandResult(FAILED, "failed", show=show, problems=problems)
