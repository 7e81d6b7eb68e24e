"""What a write brings about beside the resource itself."""

from __future__ import annotations

from arm import ids
from arm.types.keyvault import SECRET, VAULT
from arm.types.kubernetes import CONNECTED_CLUSTER
from arm.types.network import VIRTUAL_NETWORK_PEERING
from rehearsal.azure.entries import Entry
from rehearsal.azure.refusals.clusters import why_unreachable
from rehearsal.azure.refusals.network import other_half, remote_of
from rehearsal.azure.state import AzureState, Call, SoftDeleted

_DAY = 24 * 60 * 60


def after_put(state: AzureState, call: Call, entry: Entry) -> None:
    """Apply all effects of an accepted PUT; those of a script come later, when it has run."""
    if call.row is VIRTUAL_NETWORK_PEERING:
        _peer(state, entry)
    elif call.row is VAULT:
        _keep_protection(state, call, entry)
        _recover(state, call)


def remove(state: AzureState, arm_id: str) -> None:
    """Delete a resource and everything in its path, and whatever follows from that."""
    gone = state.below(arm_id)
    for entry in gone:
        del state.entries[ids.key(entry.id)]
        if ids.key(entry.id) in state.running:
            del state.running[ids.key(entry.id)]
    _soft_delete(state, gone)
    _disconnect(state, gone)
    tell_connectivity(state)


def tell_connectivity(state: AzureState) -> None:
    """Let each connected cluster be Offline while its node is gone or stopped. Azure notices that later."""
    for cluster in state.of_type(CONNECTED_CLUSTER):
        word = "Offline" if why_unreachable(state, cluster) else "Connected"
        if cluster.outputs.get("connectivityStatus") != word:
            state.change(cluster, outputs={**cluster.outputs, "connectivityStatus": word})


def _peer(state: AzureState, peering: Entry) -> None:
    """Set the state of a peering: Connected if both halves exist, Initiated if one does.

    Source: learn.microsoft.com/azure/virtual-network/virtual-network-troubleshoot-peering-issues.
    """
    half = other_half(state, peering.id, remote_of(peering.inputs))
    for one in (peering, half):
        if one:
            peering_state, level = ("Connected", "FullyInSync") if half else ("Initiated", "RemoteNotInSync")
            state.change(one, outputs={**one.outputs, "peeringState": peering_state, "peeringSyncLevel": level})


def _disconnect(state: AzureState, gone: list[Entry]) -> None:
    """Leave behind, Disconnected, each half whose other half or whose remote VNet is deleted."""
    lost = {ids.key(entry.id) for entry in gone}
    lost_halves = {
        (ids.key(ids.parent_of(e.id)), remote_of(e.inputs)) for e in gone if e.row is VIRTUAL_NETWORK_PEERING
    }
    for peering in list(state.of_type(VIRTUAL_NETWORK_PEERING)):
        here, there = ids.key(ids.parent_of(peering.id)), remote_of(peering.inputs)
        if there in lost or (there, here) in lost_halves:
            state.change(peering, outputs={**peering.outputs, "peeringState": "Disconnected"})


def _keep_protection(state: AzureState, call: Call, vault: Entry) -> None:
    """Purge protection that a body leaves out stays on."""
    if call.old and ids.at(call.old.outputs, "properties.enablePurgeProtection"):
        properties = {**vault.outputs["properties"], "enablePurgeProtection": True}
        state.change(vault, outputs={**vault.outputs, "properties": properties})


def _recover(state: AzureState, call: Call) -> None:
    """Bring a deleted vault back with its secrets, with create mode `recover`; the rules let nothing else through."""
    key = ids.key(call.arm_id)
    record = state.soft_deleted.get(key)
    if record:
        del state.soft_deleted[key]
    if record and state.clock.now() < record.purged_at:
        state.change(state.entries[key], created_at=record.entries[0].created_at)
        for secret in record.entries[1:]:
            state.entries[ids.key(secret.id)] = secret


def _soft_delete(state: AzureState, gone: list[Entry]) -> None:
    """Keep deleted vaults, with their secrets, and secrets deleted by themselves until they are purged."""
    vaults = [entry for entry in gone if entry.row is VAULT]
    secrets = [entry for entry in gone if entry.row is SECRET]
    for vault in vaults:
        inside = [secret for secret in secrets if ids.is_below(secret.id, vault.id)]
        state.soft_deleted[ids.key(vault.id)] = SoftDeleted([vault, *inside], _purged_at(state, vault))
    for secret in secrets:
        if still_there := state.find(ids.parent_of(secret.id)):
            state.soft_deleted[ids.key(secret.id)] = SoftDeleted([secret], _purged_at(state, still_there))


def _purged_at(state: AzureState, vault: Entry) -> float:
    days = ids.at(vault.inputs, "properties.softDeleteRetentionInDays") or 90
    return state.clock.now() + float(days) * _DAY
