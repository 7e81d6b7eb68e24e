"""What is there before the first deployment: Arc-enabled machines, in resource groups that are somebody else's."""

from __future__ import annotations

from arm import ids
from arm.shapes import shape_of
from arm.types import ResourceType
from arm.types.hybridcompute import MACHINE
from arm.types.resources import RESOURCE_GROUP
from rehearsal.azure.entries import Entry
from rehearsal.azure.state import AzureState


def add_machines(state: AzureState) -> AzureState:
    """Let the machines of the surroundings be there, each with its resource group; return the state."""
    for arm_id, address in state.surroundings.machines.items():
        if state.find(arm_id) is None:
            group = ids.group_of(arm_id)
            if state.find(group) is None:
                _write(state, RESOURCE_GROUP, group, resourceGroupName=ids.name_of(group), location="westeurope")
            names = {"resourceGroupName": ids.name_of(group), "machineName": ids.name_of(arm_id)}
            machine = _write(state, MACHINE, arm_id, **names)
            interfaces = [{"ipAddresses": [{"address": address, "ipAddressVersion": "IPv4"}]}]
            own = state.surroundings.machine_faults.get(arm_id, {})
            state.change(
                machine, outputs={**machine.outputs, "networkProfile": {"networkInterfaces": interfaces}, **own}
            )
    return state


def _write(state: AzureState, row: ResourceType, arm_id: str, **inputs: str) -> Entry:
    return state.write(shape_of(row.token(row.versions[0])), arm_id, inputs)
