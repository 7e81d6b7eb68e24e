"""Scripts that run on machines: whoever runs them is asked outside the world's lock, and Azure tells how they ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field

from arm import ids
from arm.hosting import BY_SCRIPT_TYPE
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import OperationFailedError
from rehearsal.azure.state import AzureState, Call

KILLED = -1
"""Exit code of a script whose time was over (Azure/run-command-handler-linux, internal/exec/exec.go)."""


@dataclass(frozen=True)
class ScriptRun:
    """How a script ended, as the instance view of its Run Command says."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""
    """Of both the last 4 KiB."""
    traces: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What was seen of it beside that, by kind (`rehearsal.cluster.traces`): no part of the instance view."""


OpenState = Callable[[], AbstractContextManager[AzureState]]
"""Gives what exists, locked while the context lasts."""
RunScript = Callable[[OpenState, Entry], ScriptRun]
"""Runs the script of this Run Command on its machine."""


def run_nothing(_: OpenState, command: Entry) -> ScriptRun:
    """Fail every script: this Azure was handed nobody who runs them."""
    return ScriptRun(
        1, "", f"ERROR: nobody here runs the script of {command.name}: hand the world a run_script (rehearsal.node)."
    )


def must_run(call: Call) -> bool:
    """Return whether a PUT runs a script.

    The same body is not run again (Azure/azure-sdk-for-net#47307). What Azure does with the same body after a failure
    is not documented; here it runs again, as each of the node scripts says in its messages.
    """
    if call.row not in BY_SCRIPT_TYPE:
        return False
    old = call.old
    return old is None or old.state != "Succeeded" or _body(old.inputs) != _body(call.inputs)


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
    how = "was killed when its time was over" if run.exit_code == KILLED else f"failed with exit code {run.exit_code}"
    said = run.stderr.strip() or "nothing on stderr"
    message = f"Run Command {command.name} {how}: {said}"
    return OperationFailedError(200, "VMExtensionProvisioningError", message)


def unfinished(state: AzureState) -> list[Entry]:
    """Return Run Commands whose script was running when this Azure's process ended."""
    return [
        entry
        for row in BY_SCRIPT_TYPE
        for entry in state.of_type(row)
        if entry.state in ("Creating", "Updating") and ids.key(entry.id) not in state.running
    ]
