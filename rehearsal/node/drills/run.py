"""Let the scripts of a deployment meet what a rehearsal does not have by itself: a script that swallows it is found.

Each distinct script runs once more for each of its drills, on a scratch node in a copy of the modelled Azure.
"""

from __future__ import annotations

import copy
import fcntl
import hashlib
import json
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from arm import ids
from arm.hosting import BY_SCRIPT_TYPE, JOIN, NODE_ID
from graph.inputs import parameters, protected_parameters, text_at
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.entries import Entries, Entry, Table
from rehearsal.azure.scripts import OpenState
from rehearsal.azure.state import AzureState, Surroundings
from rehearsal.cluster.model import Symptom
from rehearsal.node import programs
from rehearsal.node.azure_link import AzureLink
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.clock import ScriptClock
from rehearsal.node.drills import agents, arc, ends, links, nodes, objects, proxies
from rehearsal.node.drills.scene import (
    Drill,
    Outcome,
    Scene,
    as_it_is,
    given_nothing,
    hanging,
    must_fail,
    must_give_up,
    must_keep_locks_private,
    on_an_empty_node,
)
from rehearsal.node.files import TooMuchError, after_first_boot, collect
from rehearsal.node.machine import Machine, Tool
from rehearsal.node.run import Run

RULE = "CLUSTER-38"
PASSED = Path(__file__).with_name("passed.json")
_AT_ONCE = 2
_MOST_FAULTS = 3
"""Of one script: then its other drills are left out, as each may take as long as what is wrong lets it."""
_PACE = 1000
"""A drill that waits in vain waits by few polls."""
_LATER = 86_400
"""Seconds after the deployment: every role has spread."""

_NO_PARAMETERS = Drill("it has no parameters", given_nothing, must_fail)
_NO_NODE = Drill("nothing was set up on the node", on_an_empty_node, must_fail)
_NO_KUBECTL = Drill("kubectl never answers", hanging("kubectl"), must_give_up)
_PRIVATE_LOCKS = Drill("others are on the node", as_it_is, must_keep_locks_private)
_passed_here: set[tuple[str, str]] = set()
"""Names and texts of scripts, as in `read_passed`, that this process has drilled: for the next stack."""
DRILLS: Mapping[str, Sequence[Drill]] = {
    "setup-k3s": (_NO_PARAMETERS, _PRIVATE_LOCKS, _NO_KUBECTL, *nodes.SETUP_K3S, *proxies.SETUP_K3S,
                  *agents.SETUP_K3S),
    JOIN: (_NO_PARAMETERS, _PRIVATE_LOCKS, _NO_KUBECTL, *agents.JOIN_K3S),
    "connect-arc": (
        _NO_PARAMETERS, _NO_NODE, _PRIVATE_LOCKS, _NO_KUBECTL, *arc.CONNECT_ARC, *proxies.CONNECT_ARC,
    ),
    "apply-objects": (_NO_PARAMETERS, _NO_NODE, _PRIVATE_LOCKS, _NO_KUBECTL, *objects.APPLY_OBJECTS),
    "await-secrets": (_NO_PARAMETERS, _NO_NODE, _NO_KUBECTL, *objects.AWAIT_SECRETS),
    "probe-links": (_NO_PARAMETERS, _NO_NODE, _NO_KUBECTL, *links.PROBE_LINKS),
}  # fmt: skip
"""Script -> its drills."""


def run_drills(
    entries: Iterable[Entry],
    surroundings: Surroundings,
    drills: Mapping[str, Sequence[Drill]] = DRILLS,
    passed: Mapping[str, str] | None = None,
) -> list[Symptom]:
    """Return what the scripts of these Run Commands have let pass: a few faults of each.

    Args:
        entries: everything that was deployed.
        surroundings: of the Azure that it was deployed into.
        drills: script -> which of its drills.
        passed: script -> SHA-256 of the text that needs none; left out: those of `read_passed`.
    """
    if programs.find_refusal():
        return []  # then no script has run, and each has said so
    known = {ids.key(entry.id): entry for entry in entries}
    done = {*read_passed().items(), *_passed_here} if passed is None else {*passed.items()}
    chosen = {text: command for text, command in _choose(known.values()).items() if text not in done}
    planned = [(drill, command) for command in chosen.values() for drill in drills.get(command.name, ())]
    told: Counter[str] = Counter()

    def run_one(one: tuple[Drill, Entry]) -> str:
        drill, command = one
        try:
            fault = _run(drill, command, known, surroundings) if told[command.id] < _MOST_FAULTS else ""
        except TooMuchError as error:
            fault = f"leaves what no node keeps ({error})"
        told[command.id] += bool(fault)
        return fault

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        faults = [*pool.map(run_one, planned)]
    found = [
        Symptom(RULE, ids.name_of(ids.parent_of(command.id)), f"Run Command {command.name}",
                f"{fault} although {drill.what}", _remedy(command))
        for (drill, command), fault in zip(planned, faults, strict=True)
        if fault
    ]  # fmt: skip
    if passed is None and drills is DRILLS and not found:
        _passed_here.update(chosen)
    return found


def read_passed() -> dict[str, str]:
    """Return script -> SHA-256 of the text that has passed all its drills: a test makes it, and tries them each time.

    They take seconds, and find the same as long as the text is the same.
    """
    passed: dict[str, str] = json.loads(PASSED.read_text(encoding="utf-8"))
    return passed


def hash_script(text: str) -> str:
    """Return the SHA-256 of a script."""
    return hashlib.sha256(text.encode()).hexdigest()


def _choose(entries: Iterable[Entry]) -> dict[tuple[str, str], Entry]:
    """Return a Run Command of each distinct script: the one whose parameters give it most to do."""
    chosen: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        if entry.row in BY_SCRIPT_TYPE and entry.state == "Succeeded":
            text = entry.name, hash_script(_text(entry))
            chosen[text] = max(chosen.get(text, entry), entry, key=_count_given)
    return chosen


def _count_given(command: Entry) -> int:
    return sum(map(len, parameters(command.inputs).values()))


def _text(command: Entry) -> str:
    return text_at(command.inputs, "source.script")


def _remedy(command: Entry) -> str:
    return f"let nodes/{command.name}.sh fail there, or do its work: nothing else would tell"


def _run(drill: Drill, command: Entry, entries: Mapping[str, Entry], surroundings: Surroundings) -> str:
    vm = entries[ids.key(ids.parent_of(command.id))]
    facts, files = vm.facts.get("machine", {}), vm.facts.get("files") or after_first_boot(vm.outputs[NODE_ID])
    given = parameters(command.inputs) | protected_parameters(command.inputs)
    deployed = Scene(facts, files, given, entries, surroundings.tenant_id)
    scene = drill.set_up(replace(deployed, proxies=_find_proxies(deployed, vm, surroundings)))
    calls: list[str] = []
    with tempfile.TemporaryDirectory(prefix="es-") as name:
        folder = Path(name)
        (folder / "run").mkdir()
        latest = max(entry.created_at for entry in entries.values())
        azure = _copy_azure(scene, surroundings, command.created_at if scene.is_new else latest + _LATER)
        link = AzureLink(azure, vm)
        link.proxies = scene.proxies
        machine = Machine.in_folder(folder, vm.id, link, copy.deepcopy(dict(scene.facts)), scene.files)
        before = collect(machine.root)
        inputs = {"source": {"script": _text(command)}, **_list_parameters(command, scene.given)}
        clock = ScriptClock(0) if scene.is_new else ScriptClock(0, patience=0, pace=_PACE)
        tools = {name: _note_calls(tool, calls) for name, tool in scene.tools.items()}
        with _locked(machine, drill.lock.format(**scene.given)):
            run = Run(machine, inputs, folder / "run", clock, tools=tools).end()
        outcome = Outcome(run, machine, calls, clock.elapsed, before, collect(machine.root))
        with azure() as state:
            return drill.find_fault(outcome) or ends.find_fault(
                replace(command, inputs=inputs), vm, scene, outcome, state
            )


def _list_parameters(command: Entry, given: Mapping[str, str]) -> dict[str, list[dict[str, str]]]:
    """Return these parameters as inputs of the command, which says what of them is protected."""
    protected, found = protected_parameters(command.inputs), dict[str, list[dict[str, str]]]()
    for name, value in given.items():
        key = "protectedParameters" if name in protected else "parameters"
        found.setdefault(key, []).append({"name": name, "value": value})
    return found


def _find_proxies(scene: Scene, vm: Entry, surroundings: Surroundings) -> tuple[str, str] | None:
    return AzureLink(_copy_azure(scene, surroundings, _LATER), vm).proxies if surroundings.proxies else None


def _copy_azure(scene: Scene, surroundings: Surroundings, now: float) -> OpenState:
    state = AzureState(
        replace(surroundings, tenant_id=scene.tenant_id),
        ManualClock(now),
        Entries(scene.entries),
        births=Table(dict.fromkeys(scene.entries, 1)),
    )
    lock = threading.RLock()

    @contextmanager
    def look() -> Iterator[AzureState]:
        with lock:
            yield state

    return look


def _note_calls(tool: Tool, calls: list[str]) -> Tool:
    def answer(call: ToolCall, machine: Machine) -> Reply:
        calls.append(" ".join((call.tool, *call.arguments)))
        return tool(call, machine)

    return answer


@contextmanager
def _locked(machine: Machine, name: str) -> Iterator[IO[str] | None]:
    """Hold a lock of the scripts, as another run of one would."""
    if not name:
        yield None
        return
    file = machine.root / "run" / "edge-stamps" / f"{name}.lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_SH)  # which keeps out who asks for it alone, as a script has to
        yield held
