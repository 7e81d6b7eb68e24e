"""Judge a node as a drill has left it by the rules for every node: in a rehearsal, scripts rarely meet a new one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime

from arm import ids
from arm.hosting import NODE_ID
from arm.types.kubernetes import CONNECTED_CLUSTER
from rehearsal.azure.entries import Entry
from rehearsal.azure.state import AzureState
from rehearsal.cluster.inventory import Inventory
from rehearsal.cluster.node_claims import find_false_claims
from rehearsal.cluster.node_facts import NodeFacts
from rehearsal.cluster.node_hardening import find_weaknesses
from rehearsal.cluster.node_surplus import find_surplus
from rehearsal.node.drills.scene import Outcome, Scene
from rehearsal.node.reboot import note_reboot


def find_fault(command: Entry, vm: Entry, scene: Scene, outcome: Outcome, state: AzureState) -> str:
    """Return what is wrong with the node after a script that ended well; empty if nothing is, or the script failed."""
    if outcome.run.exit_code != 0:
        return ""
    note_reboot(outcome.machine, state.clock.now())
    return next(_find_faults(command, vm, scene, outcome, state), "")


def _find_faults(command: Entry, vm: Entry, scene: Scene, outcome: Outcome, state: AzureState) -> Iterator[str]:
    before, facts = NodeFacts(scene.facts, scene.files), NodeFacts(outcome.machine.facts, outcome.after)
    ended = replace(command, facts={**command.facts, "run": asdict(outcome.run)})
    yield from find_false_claims(ended, facts)
    others = [one for one in state.entries.values() if ids.key(ids.parent_of(one.id)) == ids.key(vm.id)]
    commands = [ended, *(one for one in others if one.id != command.id)]
    inventory = Inventory([*state.entries.values()], lambda *_: True, datetime.now(UTC))
    for cluster in state.of_type(CONNECTED_CLUSTER):
        if cluster.facts.get("node") == vm.outputs.get(NODE_ID):
            known = {one.what for one in find_surplus(cluster, vm, commands[1:], before)}
            found = find_weaknesses(inventory, cluster, vm, facts) + find_surplus(cluster, vm, commands, facts)
            yield from (f"leaves a node against {one.rule} ({one.what})" for one in found if one.what not in known)
