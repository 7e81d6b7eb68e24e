"""What stands for the scripts where nobody looks at the nodes: clusters are connected, and all else is called done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arm import ids
from arm.hosting import NODE_ID
from graph.inputs import parameters
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import ArmError
from rehearsal.azure.scripts import OpenState, ScriptRun
from rehearsal.node.azure_link import AzureLink


class PretendedScripts:
    """Runs nothing. Of a node nothing is known afterwards, so its cluster cannot be judged.

    `bodies`: id of a connected cluster -> the body that the real script has given it.
    """

    def __init__(self, bodies: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._bodies = {ids.key(arm_id): body for arm_id, body in (bodies or {}).items()}

    def __call__(self, look: OpenState, command: Entry) -> ScriptRun:
        """Let the cluster be connected that connect-arc is asked for; that of an earlier node goes first."""
        if command.name != "connect-arc":
            return ScriptRun(0)
        with look() as state:
            vm = state.find(ids.parent_of(command.id))
        if vm is None:
            return ScriptRun(1, stderr=f"ERROR: the machine of {command.id} is gone")
        given, azure = parameters(command.inputs), AzureLink(look, vm)
        cluster_id = ids.connected_by(given)
        there = azure.find(cluster_id)
        if there and there.facts.get("node") == vm.outputs[NODE_ID]:
            return ScriptRun(0)
        body = self._bodies.get(ids.key(cluster_id)) or {
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
