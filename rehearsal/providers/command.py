"""pulumi-command, as far as this program uses it: a script on the machine that deploys, which really runs.

pulumi/pulumi-command, provider/pkg/provider/local/command.go and commandOutputs.go: `create` runs again where there is
no `update`, a change of `triggers` alone replaces, and without `delete` nothing runs at the end.
"""
# ruff: noqa: ARG002 - the interface gives more than it needs

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import uuid4

from arm import ids
from arm.values import UNKNOWN
from graph.inputs import parameters
from graph.local_commands import LOCAL_COMMAND, as_run_command
from graph.urns import name_of
from rehearsal.azure.actions import begin_here
from rehearsal.azure.errors import ArmError
from rehearsal.azure.world import World
from rehearsal.providers import Diff, ExistingResource, Properties, ProviderError, ReadResult
from rehearsal.providers.differences import compare

_SAID = ("stdout", "stderr")
_KNOWN = {"interpreter", "create", "stdin", "environment", "addPreviousOutputInEnv"}
"""Inputs that the stand-in knows the effect of."""


class CommandProvider:
    """The `ResourceProvider` of pulumi-command; of its types only `local.Command`."""

    def __init__(self, world: World) -> None:
        """Run scripts against the clusters of this Azure."""
        self._world = world

    def check(self, urn: str, type_token: str, old_inputs: Properties, inputs: Properties) -> Properties:
        given = {name: value for name, value in inputs.items() if value is not None}
        if type_token != LOCAL_COMMAND or (surplus := sorted(given.keys() - _KNOWN)):
            what = type_token if type_token != LOCAL_COMMAND else f"{', '.join(surplus)} of {type_token}"
            raise ProviderError(f"the rehearsal does not know {what}")
        return given

    def diff(self, old: ExistingResource, inputs: Properties, ignore_changes: Sequence[str]) -> Diff:
        detailed = dict(compare(old.inputs, inputs))
        return Diff(tuple(dict.fromkeys(path.split(".")[0].split("[")[0] for path in detailed)), detailed=detailed)

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
        """Run it on the cluster that its environment names; one that fails leaves nothing in the state."""
        cluster_id, command = ids.connected_by(parameters(inputs)), as_run_command(inputs)
        script_id = f"{cluster_id}/scripts/{command['runCommandName']}"
        fault = self._world.faults.take(operation, script_id, name_of(urn), self._world.now())
        try:
            if fault:
                raise fault.error(script_id)
            run = self._world.run_here(partial(begin_here, cluster_id=cluster_id, script_id=script_id, inputs=command))
        except ArmError as error:
            raise ProviderError(str(error)) from error
        if run.exit_code:
            raise ProviderError(f"exit status {run.exit_code}: running {inputs['create']!r:.40}:\n{run.stderr.strip()}")
        return {**inputs, "stdout": run.stdout.strip(), "stderr": run.stderr.strip()}
