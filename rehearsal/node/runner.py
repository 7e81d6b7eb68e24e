"""Run the scripts of Run Commands, on nodes that remember what was done to them."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from arm import ids
from arm.hosting import NODE_ID
from nodes import ASKING
from rehearsal.azure.actions import is_action
from rehearsal.azure.entries import Entry
from rehearsal.azure.existing import find_bare
from rehearsal.azure.scripts import OpenState, ScriptRun
from rehearsal.cluster.node_facts import NodeFacts
from rehearsal.node import prepared, programs
from rehearsal.node.azure_link import AsRunning, AzureLink, IsBehind, Shared
from rehearsal.node.clock import ScriptClock
from rehearsal.node.files import TooMuchError, after_first_boot, after_power_cycle, collect
from rehearsal.node.machine import Machine
from rehearsal.node.reboot import note_reboot
from rehearsal.node.run import Run

AHEAD = "clock_ahead"
"""Fact of a VM: seconds by which its clock is wrong."""


class ScriptRunner:
    """Runs scripts, also several at once; those of one machine share its files and what it remembers.

    `as_running` and `is_behind` tell what brokers and dataflows run with where that is not what is deployed.
    """

    def __init__(self, as_running: AsRunning = lambda view, _: view, is_behind: IsBehind = lambda *_: False) -> None:
        self._lock = threading.Lock()
        self._machines: dict[str, tuple[Machine, int]] = {}
        """By the id of the VM and its `created_at`: with how many scripts are running there."""
        self._shared = Shared(as_running, is_behind)

    def __call__(self, look: OpenState, command: Entry) -> ScriptRun:
        """Run the script of this Run Command."""
        if refusal := programs.find_refusal():
            return ScriptRun(1, stderr=f"ERROR: {refusal}")
        with look() as state:
            vm = state.find(ids.parent_of(command.id)) or find_bare(state, ids.parent_of(command.id))
            now = state.clock.now()
        if vm is None:
            return ScriptRun(1, stderr=f"ERROR: the machine of {command.id} is gone")
        try:
            return self._run(look, command, vm, now)
        except TooMuchError as error:
            return ScriptRun(1, stderr=f"ERROR: {error}")

    def _run(self, look: OpenState, command: Entry, vm: Entry, now: float) -> ScriptRun:
        with self._machine(look, vm) as machine, tempfile.TemporaryDirectory(prefix="es-") as folder:
            keep, before = partial(keep_facts, look), _list_parts(machine)
            asks = is_action(command) or command.name.startswith(ASKING)
            await_others = self._await_any if asks else self._await_own
            clock = ScriptClock(now + vm.facts.get(AHEAD, 0))
            run = Run(machine, command.inputs, Path(folder), clock, keep, await_others).end()
            after = _list_parts(machine)
            if run.exit_code == 0:
                note_reboot(machine, now)
            changed = {
                kind: names
                for kind, parts in after.items()
                if (names := [name for name, part in parts.items() if before[kind].get(name) != part])
            }
            return replace(run, traces={**run.traces, **changed})

    def _await_own(self, machine: Machine) -> float:
        """Wait for others of this machine."""
        with self._lock:
            return 0.05 if any(one is machine and count > 1 for one, count in self._machines.values()) else 0

    def _await_any(self, _: Machine) -> float:
        """Wait for any other one: who collects messages waits for him who sends them from another machine.

        A little also while none runs: the next one may be about to begin, on a busy machine later than at once.
        """
        with self._lock:
            return 1 if sum(count for _, count in self._machines.values()) > 1 else 0.1

    @contextmanager
    def _machine(self, look: OpenState, vm: Entry) -> Iterator[Machine]:
        """Give the machine of this VM, laid out while any script runs on it, and kept with the VM afterwards."""
        key = f"{ids.key(vm.id)} {vm.created_at}"
        with self._lock:
            machine, count = self._machines.get(key) or (_lay_out(look, vm, self._shared), 0)
            self._machines[key] = machine, count + 1
        try:
            yield machine
        finally:
            with self._lock:
                machine, count = self._machines.pop(key)
                if count > 1:
                    self._machines[key] = machine, count - 1
                try:
                    keep_facts(look, machine, with_files=True)
                finally:
                    if count == 1:
                        machine.close()


def _lay_out(look: OpenState, vm: Entry, shared: Shared) -> Machine:
    facts, files, boots = vm.facts.get("machine", {}), vm.facts.get("files", {}), vm.facts.get("boots", 0)
    if not files:
        files = after_first_boot(str(vm.outputs.get(NODE_ID, "")))
        if prepared.is_prepared(vm):
            facts, files = prepared.list_facts(), {**files, **prepared.list_files()}
    facts = json.loads(json.dumps(facts))
    if boots != facts.get("boots", 0):
        files, facts["boots"] = after_power_cycle(files), boots
    folder = tempfile.TemporaryDirectory(prefix="es-")
    return Machine.in_folder(Path(folder.name), vm.id, AzureLink(look, vm, shared), facts, files, close=folder.cleanup)


def _list_parts(machine: Machine) -> Mapping[str, Mapping[str, str]]:
    with machine.lock:
        return NodeFacts(machine.facts, collect(machine.root)).list_parts()


def keep_facts(look: OpenState, machine: Machine, *, with_files: bool = False) -> None:
    """Write down with the VM what its machine remembers, and its files; nothing if the VM is gone."""
    with machine.lock:
        facts = json.loads(json.dumps(machine.facts))
        files = collect(machine.root) if with_files else None
    with look() as state:
        vm = state.find(machine.vm_id)
        if vm is not None:
            changed = {**vm.facts, "machine": facts, **({"files": files} if files is not None else {})}
            if changed != vm.facts:
                state.change(vm, facts=changed)
