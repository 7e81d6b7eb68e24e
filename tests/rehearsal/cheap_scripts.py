"""What stands for the node scripts where a test has no interest in them: it connects the cluster, and says success."""

from __future__ import annotations

from arm import ids
from graph.inputs import parameters
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import ArmError
from rehearsal.azure.scripts import OpenState, ScriptRun
from rehearsal.node.azure_link import AzureLink


def pretend(look: OpenState, command: Entry) -> ScriptRun:
    """Run nothing, and let the cluster be connected that connect-arc is asked for."""
    if command.name != "connect-arc":
        return ScriptRun(0)
    with look() as state:
        vm = state.find(ids.parent_of(command.id))
    given = parameters(command.inputs)
    cluster_id = ids.connected_by(given)
    if vm is None:
        return ScriptRun(1, stderr="ERROR: no machine")
    azure = AzureLink(look, vm)
    there = azure.find(cluster_id)
    if there and there.facts.get("node") == vm.outputs["vmId"]:
        return ScriptRun(0)
    body = {
        "location": given["LOCATION"],
        "identity": {"type": "SystemAssigned"},
        "oidcIssuerProfile": {"enabled": True},
    }
    try:
        if there:
            azure.delete(cluster_id)
        azure.connect_cluster(cluster_id, body)
    except ArmError as refused:
        return ScriptRun(1, stderr=f"ERROR: {refused.message}")
    return ScriptRun(0)
