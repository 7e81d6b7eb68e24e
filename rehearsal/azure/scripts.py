"""Scripts that run on machines: whoever runs them is asked outside the world's lock, and Azure tells how they ended.

A script runs once for each sequence number that its machine has not seen yet (Azure/run-command-handler-linux,
internal/cmds/cmds.go, checkAndSaveSeqNum). The handler writes the number into `<name>.mrseq` before it runs the script,
so that a failure counts as well, and nothing of its own takes that file away while the machine lasts. What gives the
numbers is no public source: here a command begins with 0 and goes on by one with every other body. So the same body is
not run again (Azure/azure-sdk-for-net#47307), and neither is what was deleted and created under its name
(MicrosoftDocs/azure-compute-docs#178).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Any

from arm import ids
from arm.hosting import BY_SCRIPT_TYPE
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import OperationFailedError
from rehearsal.azure.state import AzureState, Call

KILLED = -1
"""Exit code of a script whose time was over (Azure/run-command-handler-linux, internal/exec/exec.go)."""
_NOT_RUN = -2
"""In the place of an exit code; the model's own: nothing says what Azure tells of a command that has no result."""
_NUMBER, _SEEN = "sequence", "mrseq"
"""Facts: of a command, its number; of its machine, the last number of each name."""


@dataclass(frozen=True)
class ScriptRun:
    """How a script ended, as the instance view of its Run Command says."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""
    """Of both the last 4 KiB."""
    traces: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What was seen of it beside that, by kind (`rehearsal.cluster.traces`): no part of the instance view."""


_WORDS = {KILLED: "was killed when its time was over", _NOT_RUN: "was not run"}

OpenState = Callable[[], AbstractContextManager[AzureState]]
"""Gives what exists, locked while the context lasts."""
RunScript = Callable[[OpenState, Entry], ScriptRun]
"""Runs the script of this Run Command on its machine."""


def run_nothing(_: OpenState, command: Entry) -> ScriptRun:
    """Fail every script: this Azure was handed nobody who runs them."""
    return ScriptRun(
        1, "", f"ERROR: nobody here runs the script of {command.name}: hand the world a run_script (rehearsal.node)."
    )


def take(state: AzureState, call: Call, *, accepted: bool) -> tuple[bool, OperationFailedError | None]:
    """Count what was written; return whether its script is to run, and what is told again if it is not."""
    if call.row not in BY_SCRIPT_TYPE:
        return False, None
    command, old = state.entries[ids.key(call.arm_id)], call.old
    number = old.facts.get(_NUMBER, 0) + (_body(old.inputs) != _body(call.inputs)) if old else 0
    command = state.change(command, facts={**command.facts, _NUMBER: number})
    if not accepted:
        return False, None
    vm, name = state.find(ids.parent_of(call.arm_id)), command.name.lower()
    seen = vm.facts.get(_SEEN, {}) if vm else {}
    if number <= seen.get(name, -1):
        return False, _tell_again(state, command)
    if vm:
        state.change(vm, facts={**vm.facts, _SEEN: {**seen, name: number}})
    return True, None


def _tell_again(state: AzureState, command: Entry) -> OperationFailedError | None:
    """Return what a caller is told whose script does not run: as the last time, whatever has changed since."""
    run = {name: value for name, value in command.facts.get("run", {}).items() if name != "fails"}
    told = f"the machine has seen number {command.facts[_NUMBER]} of its name already ({command.name}.mrseq)"
    has_run = run and run["exit_code"] != _NOT_RUN
    return finish(state, command.id, ScriptRun(**run) if has_run else ScriptRun(_NOT_RUN, stderr=told))


def _body(inputs: object) -> object:
    return {name: value for name, value in inputs.items() if name != "tags"} if isinstance(inputs, dict) else inputs


def finish(state: AzureState, command_id: str, run: ScriptRun) -> OperationFailedError | None:
    """Write down how the script ended; return what the caller is told, None if all is well."""
    command = state.entries[ids.key(command_id)]
    kind = BY_SCRIPT_TYPE[command.row]
    counts = bool(command.inputs.get(kind.script_failure_flag)) and not command.inputs.get("asyncExecution")
    fails = run.exit_code != 0 and counts
    state.change(command, facts={**command.facts, "run": {**asdict(run), "fails": fails}})
    state.say(command_id, "Failed" if fails else "Succeeded")
    if not fails:
        return None
    how = _WORDS.get(run.exit_code, f"failed with exit code {run.exit_code}")
    said = run.stderr.strip() or "nothing on stderr"
    message = f"Run Command {command.name} {how}: {said}"
    return OperationFailedError(200, "VMExtensionProvisioningError", message)


def tell_result(command: Entry) -> dict[str, Any]:
    """Return the instance view of a command; empty where nobody knows how its script has ended."""
    run = command.facts.get("run")
    if command.state in ("Creating", "Updating"):
        return {"executionState": "Running"}
    if not run:
        return {}
    word = "Failed" if run["exit_code"] else "Succeeded"
    printed = {"output": run["stdout"], "error": run["stderr"]}
    return {"executionState": word, "exitCode": run["exit_code"], **printed}


def unfinished(state: AzureState) -> list[Entry]:
    """Return Run Commands whose script was running when this Azure's process ended."""
    return [
        entry
        for row in BY_SCRIPT_TYPE
        for entry in state.of_type(row)
        if entry.state in ("Creating", "Updating") and ids.key(entry.id) not in state.running
    ]
