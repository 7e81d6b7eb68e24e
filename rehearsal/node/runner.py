"""Run the script of a Run Command as Azure's handler does, on a node that remembers.

Source: Azure/run-command-handler-linux, internal/exec/exec.go and internal/cmds/cmds.go.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from arm import ids
from graph.inputs import parameters, text_at
from rehearsal.azure.entries import Entry
from rehearsal.azure.scripts import KILLED, OpenState, ScriptRun
from rehearsal.node import confine, programs
from rehearsal.node.azure_link import AzureLink
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.clock import ScriptClock
from rehearsal.node.files import FIRST_BOOT, VOLATILE, collect, lay_out
from rehearsal.node.machine import Machine
from rehearsal.node.service import Service
from rehearsal.node.tools import READS_STDIN, TOOLS

OUTPUT_BYTES = 4096
"""Of stdout and of stderr, from the end, that the instance view keeps."""
REAL_SECONDS = 120
"""However long a script waits by its own clock, it takes no more of ours."""
_SURVIVORS_SECONDS = 2
"""Real time that children of an ended script have to end by themselves."""
_OWN_TOOLS = frozenset({"date", "sleep"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ScriptRunner:
    """Runs scripts, also several at once; those of one machine share its files and what it remembers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._machines: dict[str, tuple[Machine, int]] = {}
        """By the id of the VM and its `created_at`: with how many scripts are running there."""

    def __call__(self, look: OpenState, command: Entry) -> ScriptRun:
        """Run the script of this Run Command."""
        if refusal := confine.find_refusal():
            return ScriptRun(1, stderr=f"ERROR: {refusal}")
        with look() as state:
            vm = state.find(ids.parent_of(command.id))
            now = state.clock.now()
        if vm is None:
            return ScriptRun(1, stderr=f"ERROR: the machine of {command.id} is gone")
        with self._machine(look, vm) as machine, tempfile.TemporaryDirectory(prefix="es-") as folder:
            return _Run(machine, look, command, Path(folder), ScriptClock(now), self._has_others).end()

    def _has_others(self, machine: Machine) -> bool:
        with self._lock:
            return any(one is machine and count > 1 for one, count in self._machines.values())

    @contextmanager
    def _machine(self, look: OpenState, vm: Entry) -> Iterator[Machine]:
        """Give the machine of this VM, laid out while any script runs on it, and kept with the VM afterwards."""
        key = f"{ids.key(vm.id)} {vm.created_at}"
        with self._lock:
            machine, count = self._machines.get(key) or (_lay_out(look, vm), 0)
            self._machines[key] = machine, count + 1
        try:
            yield machine
        finally:
            with self._lock:
                machine, count = self._machines[key]
                keep(look, machine, with_files=True)
                if count > 1:
                    self._machines[key] = machine, count - 1
                else:
                    del self._machines[key]
                    machine.close()


def _lay_out(look: OpenState, vm: Entry) -> Machine:
    folder = tempfile.TemporaryDirectory(prefix="es-")
    root, work = Path(folder.name) / "root", Path(folder.name) / "tmp"
    root.mkdir()
    work.mkdir()
    facts = json.loads(json.dumps(vm.facts.get("machine", {})))
    files = vm.facts.get("files", FIRST_BOOT)
    machine = Machine(vm.id, root, work, AzureLink(look, vm), facts, close=folder.cleanup)
    boots = vm.facts.get("boots", 0)
    if boots != facts.get("boots", 0):
        files = {name: file for name, file in files.items() if not name.startswith(VOLATILE)}
    lay_out(files, root)
    if boots != facts.get("boots", 0):
        facts["boots"] = boots
    return machine


def keep(look: OpenState, machine: Machine, *, with_files: bool = False) -> None:
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


class _Run:
    """One run of one script."""

    def __init__(
        self,
        machine: Machine,
        look: OpenState,
        command: Entry,
        folder: Path,
        clock: ScriptClock,
        has_others: Callable[[Machine], bool],
    ) -> None:
        self._machine, self._look, self._command, self._folder, self._clock = machine, look, command, folder, clock
        self._has_others = has_others
        self._seconds = float(command.inputs.get("timeoutInSeconds") or 0)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_over = False

    def end(self) -> ScriptRun:
        """Run it to its end, whichever that is."""
        path = self._folder / "bin"
        programs.make_path(path, {*TOOLS, *_OWN_TOOLS}, READS_STDIN)
        script = self._folder / "script.sh"
        script.write_text(text_at(self._command.inputs, "source.script"), encoding="utf-8")
        script.chmod(0o500)
        outputs = [self._folder / "stdout", self._folder / "stderr"]
        with (
            Service(path, self._answer, lambda: self._clock.elapsed) as service,
            outputs[0].open("wb") as stdout,
            outputs[1].open("wb") as stderr,
        ):
            self._process = subprocess.Popen(  # noqa: S603 - confined
                self._command_line(script, path), env=self._environment(path), cwd="/", start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
            )  # fmt: skip
            code = self._wait(self._process)
        if service.failure:
            raise service.failure
        said, errors = (_read_end(file) for file in outputs)
        return ScriptRun(code, said, errors)

    def _command_line(self, script: Path, path: Path) -> list[str]:
        machine = self._machine
        limits = {
            "folders": [str(machine.root), str(machine.work)],
            "programs": [*programs.list_executables(), str(path), str(script)],
        }
        bash = programs.find_real()["bash"]
        python = programs.find_real()["python3"]
        confined = [python, "-ISE", confine.__file__, json.dumps(limits)]
        return [*confined, bash, "bash", "-c", str(script)]

    def _environment(self, path: Path) -> dict[str, str]:
        """Return what the handler gives, and what keeps the script in its folder."""
        given = parameters(self._command.inputs)
        return {
            **{name: value for name, value in given.items() if value and _NAME.fullmatch(name)},
            "PATH": str(path),
            "ROOT_DIR": str(self._machine.root),
            "TMPDIR": str(self._machine.work),
        }

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """Return the exit code of the shell; what outlives it gets a moment, as the node ends with the rehearsal."""
        try:
            code = process.wait(REAL_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = KILLED
        give_up = time.monotonic() + _SURVIVORS_SECONDS
        while _has_session(process.pid) and time.monotonic() < give_up:
            time.sleep(0.02)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        return KILLED if self._is_over else code

    def _answer(self, call: ToolCall) -> Reply:
        if call.tool == "sleep":
            reply = self._clock.sleep(call)
            if self._seconds and self._clock.elapsed >= self._seconds and self._process:
                self._is_over = True
                self._process.kill()
            elif self._has_others(self._machine):
                time.sleep(0.05)  # what it waits for may be one of them, whose time is real
            return reply
        if call.tool == "date":
            return self._clock.date(call)
        machine = self._machine
        with machine.lock:
            before = json.dumps(machine.facts)
            reply = TOOLS[call.tool](call, machine)
            if json.dumps(machine.facts) != before:
                keep(self._look, machine)
        return reply


def _has_session(leader: int) -> bool:
    try:
        os.killpg(leader, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _read_end(file: Path) -> str:
    with file.open("rb") as content:
        content.seek(0, os.SEEK_END)
        content.seek(max(content.tell() - OUTPUT_BYTES, 0))
        return content.read().decode("utf-8", "replace")
