"""One run of one script, as Azure's handler runs it.

Source: Azure/run-command-handler-linux, internal/exec/exec.go and internal/cmds/cmds.go.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from graph.inputs import parameters, protected_parameters, text_at
from rehearsal.azure.scripts import KILLED, ScriptRun
from rehearsal.cluster import traces
from rehearsal.node import confine, programs
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.clock import ScriptClock
from rehearsal.node.leftovers import end_processes
from rehearsal.node.machine import Machine, Tool
from rehearsal.node.service import Service
from rehearsal.node.tools import READS_STDIN, TOOLS
from rehearsal.node.tools.durations import find_duration
from rehearsal.node.tools.refusal import note_call
from rehearsal.node.tools.unanswered import NOT_FOUND_TOOL, UNANSWERED, answer_nothing
from rules.facts.node_files import PROXY_PARAMETERS, VARIABLES

OUTPUT_BYTES = 4096
"""Of stdout and of stderr, from the end, that the instance view keeps."""
REAL_SECONDS = 120
"""However long a script waits by its own clock, it takes no more of ours."""
MOST_CALLS = 100
"""Of tools, without a pause between them: a script that asks on and on is ended. Ours call 28 at most."""
_SURVIVORS_SECONDS = 2
"""Real time that children of an ended script have to end by themselves."""
TIMED_OUT = 124
"""What timeout(1) says of a command that it has ended; here the command says it, and timeout passes it on."""
OWN_TOOLS = frozenset({"date", "sleep"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RANDOM = re.compile(r"\btmp\.\w+")
"""Names that mktemp(1) gives."""
_OF_MKTEMP = re.compile(r"tmp\.?\w{8,10}")
"""As the shell's mktemp and Python's tempfile name them where nobody gives a template: nobody else knows it before."""
_NOT_FOUND_HANDLE = "BASH_FUNC_command_not_found_handle%%"
"""bash(1), "COMMAND EXECUTION"."""
_FROM_THE_START = frozenset({"PATH", "ROOT_DIR", "TMPDIR", _NOT_FOUND_HANDLE, "OLDPWD", "PWD", "SHLVL", "_"})
"""Variables that every script is started with; the last four are bash's own."""


class Run:
    """One run of one script."""

    def __init__(
        self,
        machine: Machine,
        inputs: Mapping[str, Any],
        folder: Path,
        clock: ScriptClock,
        keep: Callable[[Machine], None] = lambda _: None,
        await_others: Callable[[Machine], float] = lambda _: 0,
        tools: Mapping[str, Tool] | None = None,
    ) -> None:
        """Take a script with its parameters.

        Args:
            machine: where it runs.
            inputs: body of the Run Command.
            folder: empty, for what is needed while it runs.
            clock: the script's own.
            keep: called when the machine remembers something new.
            await_others: seconds of ours that a pause takes, for other scripts to get on.
            tools: behaviour by name; left out: as it is.
        """
        self._machine, self._inputs, self._folder, self._clock = machine, inputs, folder, clock
        self._keep, self._await_others = keep, await_others
        self._tools = {**UNANSWERED, **(TOOLS if tools is None else tools)}
        self._seconds = float(inputs.get("timeoutInSeconds") or 0)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_over = False
        self._calls = 0
        """Since the last pause."""
        self._traces: dict[str, set[str]] = {}
        script = text_at(inputs, "source.script") + text_at(inputs, "wrapper")
        given = {name for name in parameters(inputs) if name in script}  # protected ones reach no tool
        self._variables = _FROM_THE_START | VARIABLES | given | {name.lower() for name in given & {*PROXY_PARAMETERS}}
        """Those that tools may have."""
        self._temporary = Path(tempfile.mkdtemp(dir=machine.work))

    def end(self) -> ScriptRun:
        """Run it to its end, whichever that is."""
        path = self._folder / "bin"
        search = programs.make_path(path, {*self._tools, *OWN_TOOLS}, READS_STDIN)
        script = self._folder / "script.sh"
        text, wrapper = text_at(self._inputs, "source.script"), text_at(self._inputs, "wrapper")
        script.write_text(wrapper or text, encoding="utf-8")
        script.chmod(0o500)
        outputs = [self._folder / "stdout", self._folder / "stderr"]
        given = self._folder / "stdin"
        given.write_text(text if wrapper else "", encoding="utf-8")
        with (
            Service(path, self._answer, lambda: self._clock.elapsed) as service,
            outputs[0].open("wb") as stdout,
            outputs[1].open("wb") as stderr,
            given.open("rb") as stdin,
        ):
            self._process = subprocess.Popen(  # noqa: S603 - confined
                self._command_line(script, path), env=self._environment(search), cwd="/",
                start_new_session=True, stdin=stdin, stdout=stdout, stderr=stderr,
            )  # fmt: skip
            code = self._wait(self._process)
        if service.failure:
            raise service.failure
        said, errors = (_read_end(file) for file in outputs)
        if self._calls > MOST_CALLS:
            errors += f"it has called tools {MOST_CALLS} times without a pause\n"
        self._traces[traces.LEFT] = _list_files(self._temporary)
        seen = {kind: sorted(found) for kind, found in self._traces.items() if found}
        return ScriptRun(code, said, errors, seen)

    def _command_line(self, script: Path, path: Path) -> list[str]:
        machine = self._machine
        limits = {
            "folders": [str(machine.root), str(machine.work)],
            "parent": os.getpid(),
            "programs": [*programs.list_executables(), str(path), str(script)],
        }
        bash = programs.find_real()["bash"]
        python = programs.find_real()["python3"]
        confined = [python, "-ISE", confine.__file__, json.dumps(limits)]
        return [*confined, bash, "bash", "-c", str(script)]

    def _environment(self, search: str) -> dict[str, str]:
        """Return what the handler gives, and what keeps the script in its folder."""
        given = parameters(self._inputs) | protected_parameters(self._inputs)
        return {
            **{name: value for name, value in given.items() if value and _NAME.fullmatch(name)},
            "PATH": search,
            "ROOT_DIR": str(self._machine.root),
            "TMPDIR": str(self._temporary),
            _NOT_FOUND_HANDLE: f'() {{ {NOT_FOUND_TOOL} "$@"; }}',
        }

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        """Return the exit code of the shell; what outlives it gets a moment, as the node ends with the rehearsal."""
        try:
            code = process.wait(REAL_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = KILLED
        else:
            give_up = time.monotonic() + _SURVIVORS_SECONDS
            while _has_session(process.pid) and time.monotonic() < give_up:
                time.sleep(0.02)
        finally:  # also when the rehearsal is interrupted
            end_processes(process.pid, self._folder / "bin")
        return KILLED if self._is_over else code

    def _answer(self, call: ToolCall) -> Reply:
        self._calls += 1
        self._note_variables(call)
        self._note_guessable()
        if self._calls > MOST_CALLS and self._process:
            self._process.kill()
        if call.tool == "sleep":
            self._calls = 0
            reply = self._clock.sleep(call)
            if not self._end_in_time():
                time.sleep(self._await_others(self._machine))  # it may wait for one of them, whose time is real
            return reply
        if call.tool == "date":
            return self._clock.date(call)
        seconds = find_duration(call.tool, call.arguments)
        bound = math.inf if call.bound is None else call.bound
        self._clock.pass_by(min(seconds, bound))
        if self._end_in_time() or bound < seconds:
            return Reply(TIMED_OUT)
        reply = self._use(replace(call, elapsed=self._clock.elapsed, now=self._clock.now))
        self._clock.pass_by(min(reply.took, bound - seconds))
        return Reply(TIMED_OUT) if self._end_in_time() or bound < seconds + reply.took else reply

    def _end_in_time(self) -> bool:
        """Kill the shell when the time of its Run Command is over; say whether it is."""
        if self._seconds and self._clock.elapsed >= self._seconds and self._process:
            self._is_over = True
            self._process.kill()
        return self._is_over

    def _note_variables(self, call: ToolCall) -> None:
        self._traces.setdefault(traces.VARIABLES, set()).update(call.environment.keys() - self._variables)

    def _note_guessable(self) -> None:
        found = {one.name for one in self._temporary.iterdir() if not _OF_MKTEMP.fullmatch(one.name)}
        self._traces.setdefault(traces.GUESSABLE, set()).update(re.sub(r"\d+", "*", name) for name in found)

    def _use(self, call: ToolCall) -> Reply:
        machine = self._machine
        with machine.lock:
            before = json.dumps(machine.facts)
            try:
                return self._tools.get(call.tool, answer_nothing)(call, machine)
            except (ValueError, ArithmeticError, RecursionError):  # what the model does not take: `Service` says it
                note_call(call)
                raise
            finally:
                for kind, words in call.traces:
                    self._traces.setdefault(kind, set()).add(self._shorten(words))
                if json.dumps(machine.facts) != before:
                    self._keep(machine)

    def _shorten(self, words: str) -> str:
        """Return words with paths as they are on a node."""
        return words.replace(str(self._temporary), "$TMPDIR").replace(str(self._machine.root), "")


def _list_files(folder: Path) -> set[str]:
    """Return the files below a folder; two runs of one script name them alike."""
    found = (one.relative_to(folder).as_posix() for one in folder.rglob("*") if not one.is_dir())
    return {_RANDOM.sub("tmp.*", name) for name in found}


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
