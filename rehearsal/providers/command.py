"""pulumi-command, as far as this program uses it: a script on the machine that deploys, or over SSH on another one.

pulumi/pulumi-command, provider/pkg/provider/{local,remote}: `create` runs again where there is no `update`, a change of
`triggers` replaces, and without `delete` nothing runs at the end. The scripts really run. Of SSH itself nothing is
modelled: tests/ssh has a real server.
"""
# ruff: noqa: ARG002 - the interface gives more than it needs

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

from arm import ids
from arm.values import UNKNOWN
from graph.inputs import parameters
from graph.local_commands import COMMANDS, LOCAL_COMMAND, REMOTE_COMMAND, as_run_command
from graph.urns import name_of
from rehearsal.azure.actions import begin_here, begin_over_ssh
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import ArmError
from rehearsal.azure.state import AzureState
from rehearsal.azure.world import World
from rehearsal.providers import Diff, ExistingResource, Properties, ProviderError, ReadResult
from rehearsal.providers.differences import compare, is_within

_SAID = ("stdout", "stderr")
_REPLACES = "triggers"
_KNOWN = {
    LOCAL_COMMAND: {"interpreter", "create", "stdin", "environment", "addPreviousOutputInEnv"},
    REMOTE_COMMAND: {"connection", "create", "stdin", "triggers", "addPreviousOutputInEnv"},
}
"""Inputs that the stand-in knows the effect of."""


class CommandProvider:
    """The `ResourceProvider` of pulumi-command."""

    def __init__(self, world: World) -> None:
        """Run scripts against the clusters and machines of this Azure."""
        self._world = world

    def check(self, urn: str, type_token: str, old_inputs: Properties, inputs: Properties) -> Properties:
        given = {name: value for name, value in inputs.items() if value is not None}
        if type_token not in COMMANDS or (surplus := sorted(given.keys() - _KNOWN[type_token])):
            what = f"{', '.join(surplus)} of {type_token}" if type_token in COMMANDS else type_token
            raise ProviderError(f"the rehearsal does not know {what}")
        return given

    def diff(self, old: ExistingResource, inputs: Properties, ignore_changes: Sequence[str]) -> Diff:
        found = compare(old.inputs, inputs)
        kept = {path: kind for path, kind in found if not any(is_within(path, one) for one in ignore_changes)}
        changed = tuple(dict.fromkeys(path.split(".")[0].split("[")[0] for path in kept))
        detailed = {path: f"{kind}_replace" if is_within(path, _REPLACES) else kind for path, kind in kept.items()}
        return Diff(changed, tuple(one for one in changed if one == _REPLACES), detailed=detailed)

    def create(self, urn: str, type_token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        if preview:
            return "", {**inputs, **dict.fromkeys(_SAID, UNKNOWN)}
        return uuid4().hex, self._run(urn, inputs, "create")

    def read(self, old: ExistingResource) -> ReadResult:
        return ReadResult(old.id, old.inputs, old.outputs)

    def update(self, old: ExistingResource, inputs: Properties, *, preview: bool) -> Properties:
        return {**inputs, **dict.fromkeys(_SAID, UNKNOWN)} if preview else self._run(old.urn, inputs, "update")

    def delete(self, old: ExistingResource) -> None:
        """Nothing to do: without a command for it nothing runs."""

    def invoke(self, token: str, arguments: Properties) -> Properties:
        raise ProviderError(f"the rehearsal does not know the function {token}")

    def _run(self, urn: str, inputs: Properties, operation: str) -> Properties:
        """Run it where it says; one that fails leaves nothing in the state."""
        command = as_run_command(inputs)
        script_id, begin = _find_place(command)
        fault = self._world.faults.take(operation, script_id, name_of(urn), self._world.now())
        try:
            if fault:
                raise fault.error(script_id)
            run = self._world.run_here(begin)
        except ArmError as error:
            raise ProviderError(str(error)) from error
        if run.exit_code:
            raise ProviderError(f"exit status {run.exit_code}: running {inputs['create']!r:.40}:\n{run.stderr.strip()}")
        return {**inputs, "stdout": run.stdout.strip(), "stderr": run.stderr.strip()}


def _find_place(command: Mapping[str, Any]) -> tuple[str, Callable[[AzureState], Entry]]:
    """Return an id for the script, below the cluster or machine that its parameters name, and what begins it."""
    given = parameters(command)
    over_ssh = "connection" in command
    place = ids.machine_of(given) if over_ssh else ids.connected_by(given)
    script_id = f"{place}/scripts/{command['runCommandName']}"
    if over_ssh:
        return script_id, partial(begin_over_ssh, machine_id=place, script_id=script_id, inputs=command)
    return script_id, partial(begin_here, cluster_id=place, script_id=script_id, inputs=command)
