"""Refusals of networks and virtual machines."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from arm import ids
from arm.hosting import BY_SCRIPT_TYPE
from arm.types.compute import VIRTUAL_MACHINE
from arm.types.network import SUBNET, VIRTUAL_NETWORK_PEERING
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import ArmError, refused
from rehearsal.azure.state import AzureState, Call


def one_at_a_time(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse to write children of one VNet, or federated credentials of one identity, at the same time."""
    above = ids.parent_of(call.arm_id)
    refusal = call.row.serial_refusal if call.row else None
    if refusal and any(ids.is_below(other, above) for other in state.busy):
        yield refused(refusal)


def remote_of(peering: Any) -> str:
    """Return the key of the VNet on the other side, from a peering's inputs."""
    remote = ids.at(peering, "remoteVirtualNetwork.id")
    return ids.key(remote) if isinstance(remote, str) else ""


def other_half(state: AzureState, arm_id: str, remote: str) -> Entry | None:
    """Return the peering from there to here."""
    here = ids.key(ids.parent_of(arm_id))
    for peering in state.of_type(VIRTUAL_NETWORK_PEERING):
        if ids.key(ids.parent_of(peering.id)) == remote and remote_of(peering.inputs) == here:
            return peering
    return None


def remote_is_ready(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a peering to a VNet that failed or is being changed."""
    remote = state.find(remote_of(call.inputs)) if call.row is VIRTUAL_NETWORK_PEERING else None
    if not remote:
        return
    busy = any(ids.is_below(other, remote.id) for other in state.busy)
    if busy or remote.state == "Failed":
        now = "Updating" if remote.state == "Succeeded" else remote.state
        message = (
            f"Cannot proceed with operation because resource {remote.id} used by resource {call.arm_id} is not in"
            f" Succeeded state. Resource is in {now} state."
        )
        yield ArmError(409, "ReferencedResourceNotProvisioned", message)


def no_overlap(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a peering of VNets whose address spaces overlap."""
    if call.row is not VIRTUAL_NETWORK_PEERING:
        return
    here, there = state.find(ids.parent_of(call.arm_id)), state.find(remote_of(call.inputs))
    if not here or not there:
        return
    common = [a for a in _address_space(here) for b in _address_space(there) if a.overlaps(b)]
    if common:
        message = (
            f"Cannot create or update peering {call.arm_id}. Virtual networks {here.id} and {there.id} cannot be peered"
            f" because their address spaces overlap. Overlapping address prefixes: {', '.join(map(str, common))}"
        )
        yield ArmError(400, "VnetAddressSpacesOverlap", message)


def one_peering_each(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a second peering of a VNet to another."""
    if call.row is not VIRTUAL_NETWORK_PEERING:
        return
    for peering in state.siblings(call):
        if remote_of(peering.inputs) == remote_of(call.inputs):
            message = f"Peering {call.arm_id} cannot have the same remote virtual network as peering {peering.id}."
            yield ArmError(400, "AnotherPeeringAlreadyReferencesRemoteVnet", message)


def other_half_is_connected(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a peering to a half that is Disconnected: its other side was deleted, so it has to be made anew first."""
    half = other_half(state, call.arm_id, remote_of(call.inputs)) if call.row is VIRTUAL_NETWORK_PEERING else None
    if half and half.outputs.get("peeringState") == "Disconnected":
        message = (
            f"Cannot create or update peering {call.arm_id} because remote peering {half.id} referencing parent virtual"
            f" network {ids.parent_of(call.arm_id)} is in Disconnected state. Update or re-create the remote peering to"
            " get it back to Initiated state. Peering gets Disconnected when remote vnet or remote peering is deleted"
            " and re-created."
        )
        yield ArmError(400, "RemotePeeringIsDisconnected", message)


def subnet_fits(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a subnet that lies outside of its VNet or overlaps a sibling."""
    vnet = state.find(ids.parent_of(call.arm_id)) if call.row is SUBNET else None
    prefix = call.inputs.get("addressPrefix")
    if not vnet or not isinstance(prefix, str):
        return
    mine = IPv4Network(prefix)
    if not any(mine.subnet_of(space) for space in _address_space(vnet)):
        message = f"Subnet '{call.name}' is not valid in virtual network '{vnet.name}'."
        yield ArmError(400, "NetcfgInvalidSubnet", message)
    for other in state.siblings(call):
        if mine.overlaps(IPv4Network(other.inputs.get("addressPrefix", "0.0.0.0/32"))):
            message = (
                f"Subnet '{call.name}' is not valid because its IP address range overlaps with that of an existing"
                f" subnet in virtual network '{vnet.name}'."
            )
            yield ArmError(400, "NetcfgSubnetRangesOverlap", message)


def _address_space(vnet: Entry) -> list[IPv4Network]:
    return [IPv4Network(prefix) for prefix in ids.at(vnet.inputs, "addressSpace.addressPrefixes") or []]


def node_runs(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a Run Command on a VM that does not run, or on a machine that Azure is not in touch with."""
    node = state.find(ids.parent_of(call.arm_id)) if call.row in BY_SCRIPT_TYPE else None
    if node and node.outputs.get("status", "Connected") != "Connected":
        # No public source has Azure's own words.
        yield ArmError(409, "OperationNotAllowed", f"Machine {node.name} is {node.outputs['status']}.")
    if node and (node.facts.get("stopped") or node.state == "Failed"):
        message = "Cannot modify extensions in the VM when the VM is not running."
        yield ArmError(409, "OperationNotAllowed", message)


def encryption_is_kept_while_running(_: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse to switch encryption at host on or off while the VM runs; where nothing is said, it is kept."""
    if call.row is not VIRTUAL_MACHINE or call.old is None or call.old.facts.get("stopped"):
        return
    path = "securityProfile.encryptionAtHost"
    wanted = ids.at(call.inputs, path)
    if wanted is not None and bool(wanted) != bool(ids.at(call.old.inputs, path)):
        message = f"'{path}' can be updated only when VM is in deallocated state."
        yield ArmError(409, "OperationNotAllowed", message)
