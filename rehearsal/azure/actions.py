"""A script that runs on a machine at once, and of which no resource tells afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arm import ids
from arm.shapes import shape_of
from arm.types.compute import RUN_COMMAND
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import ArmError
from rehearsal.azure.existing import find_bare
from rehearsal.azure.refusals import PUT, network
from rehearsal.azure.refusals.clusters import why_unreachable
from rehearsal.azure.refusals.existence import not_found
from rehearsal.azure.state import AzureState, Call

_TOKEN = RUN_COMMAND.token(RUN_COMMAND.versions[0])
_ACTION = "/runCommands/action"


def is_action(command: Entry) -> bool:
    """Return whether a script is run by an action, and by no resource."""
    return command.id.endswith(_ACTION)


def begin_action(state: AzureState, node_id: str, script: str, busy: set[str]) -> Entry:
    """Return the script as a Run Command that is kept nowhere, and note its machine among the busy ones.

    Raises:
        ArmError: there is no such machine, it does not run, or another such script runs there (Azure/azure-cli#19137).
    """
    node = state.find(node_id)
    if node is None:
        raise not_found(node_id)
    call = Call(PUT, f"{node.id}{_ACTION}", {"source": {"script": script}}, shape_of(_TOKEN), None)
    for refusal in network.node_runs(state, call):
        raise refusal
    if ids.key(node.id) in busy:
        raise ArmError(409, "Conflict", "Run command extension execution is in progress.")
    busy.add(ids.key(node.id))
    return Entry(call.arm_id, _TOKEN, dict(call.inputs), {}, state.clock.now())


def begin_over_ssh(state: AzureState, machine_id: str, script_id: str, inputs: Mapping[str, Any]) -> Entry:
    """Return a script that comes to a machine over SSH, as a Run Command below it that is kept nowhere.

    Raises:
        ArmError: no such machine answers.
    """
    machine = state.find(machine_id) or find_bare(state, machine_id)
    if machine is None or machine.facts.get("stopped"):
        raise ArmError(0, "NoRouteToHost", f"{inputs['connection']['host']}: no route to host")
    return Entry(script_id, _TOKEN, dict(inputs), {}, state.clock.now())


def begin_here(state: AzureState, cluster_id: str, script_id: str, inputs: Mapping[str, Any]) -> Entry:
    """Return a script of the machine that deploys as a Run Command below a connected cluster, which is kept nowhere.

    Args:
        state: what there is.
        cluster_id: of the connected cluster.
        script_id: below it; nothing in Azure has it.
        inputs: as those of a Run Command (`graph.local_commands`).

    Raises:
        ArmError: there is no such cluster, or it does not answer.
    """
    cluster = state.find(cluster_id)
    if cluster is None:
        raise not_found(cluster_id)
    if why := why_unreachable(state, cluster):
        raise ArmError(409, "ClusterUnreachable", f"Connected cluster {cluster_id} does not answer: it is {why}.")
    return Entry(script_id, _TOKEN, dict(inputs), {}, state.clock.now())
