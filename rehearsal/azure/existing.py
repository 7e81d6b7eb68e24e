"""What is there before the first deployment: machines and clusters that Arc knows, in others' resource groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from arm import ids
from arm.hosting import NODE_ID
from arm.shapes import shape_of
from arm.types import ResourceType
from arm.types.hybridcompute import MACHINE
from arm.types.kubernetes import CAN_SIGN_IN, CONNECTED_CLUSTER
from arm.types.resource_type import guid
from arm.types.resources import RESOURCE_GROUP
from rehearsal.azure.entries import Entry
from rehearsal.azure.refusals.existence import not_found
from rehearsal.azure.state import AzureState
from rules.facts.node import AZURE_CLI_VERSION, CONNECTEDK8S_VERSION, K3S_VERSION

ADDRESS = "address"
"""Fact of a connected cluster that is there before the stack: where its load balancer opens ports."""


def add_existing(state: AzureState) -> AzureState:
    """Let what the surroundings name be there, each with its resource group; return the state."""
    for arm_id, address in state.surroundings.machines.items():
        if state.find(arm_id) is None:
            group = ids.group_of(arm_id)
            if state.find(group) is None:
                _write(state, RESOURCE_GROUP, group, {"location": "westeurope"}, resourceGroupName=ids.name_of(group))
            if arm_id not in state.surroundings.bare_machines:
                _ADD[ids.type_of(arm_id).lower()](state, arm_id, address)
    return state


def find_bare(state: AzureState, arm_id: str) -> Entry | None:
    """Return a machine that Azure Arc does not know yet, as an entry that nothing has; None if there is none."""
    if state.find(arm_id) or ids.key(arm_id) not in map(ids.key, state.surroundings.bare_machines):
        return None
    outputs = {NODE_ID: guid(f"{arm_id}#bare"), **_describe_network(_read_address(state, arm_id))}
    return Entry(arm_id, MACHINE.token(MACHINE.versions[0]), {}, outputs, 0)


def enable_machine(state: AzureState, arm_id: str, location: str) -> None:
    """Let Azure Arc know a machine, as `azcmagent connect` does.

    Raises:
        ArmError: its resource group is not there.
    """
    if state.find(ids.group_of(arm_id)) is None:
        raise not_found(ids.group_of(arm_id))
    _add_machine(state, arm_id, _read_address(state, arm_id), location)


def _read_address(state: AzureState, arm_id: str) -> str:
    return next(one for known, one in state.surroundings.machines.items() if ids.key(known) == ids.key(arm_id))


def _describe_network(address: str) -> dict[str, Any]:
    return {
        "networkProfile": {"networkInterfaces": [{"ipAddresses": [{"address": address, "ipAddressVersion": "IPv4"}]}]}
    }


def _add_machine(state: AzureState, arm_id: str, address: str, location: str = "") -> None:
    group = ids.name_of(ids.group_of(arm_id))
    machine = _write(state, MACHINE, arm_id, {}, resourceGroupName=group, machineName=ids.name_of(arm_id))
    own = state.surroundings.machine_faults.get(arm_id, {})
    place = {"location": location} if location else {}
    state.change(machine, outputs={**machine.outputs, **place, **_describe_network(address), **own})


def _add_cluster(state: AzureState, arm_id: str, address: str) -> None:
    """Add a cluster as somebody has left it who has done what Microsoft's page on preparing one asks for.

    learn.microsoft.com/azure/iot-operations/deploy-iot-ops/howto-prepare-cluster
    """
    group = ids.name_of(ids.group_of(arm_id))
    names = {"resourceGroupName": group, "clusterName": ids.name_of(arm_id)}
    cluster = _write(state, CONNECTED_CLUSTER, arm_id, CAN_SIGN_IN, **names)
    state.change(cluster, facts={ADDRESS: address, "machine": _describe_cluster(state, cluster, group)})


def _describe_cluster(state: AzureState, cluster: Entry, group: str) -> dict[str, Any]:
    """Return what the tools of whoever deploys find: a cluster that runs, Arc's agents, an az that is logged in."""
    subscription = state.surroundings.subscription_id
    issuer = cluster.outputs["oidcIssuerProfile"]["issuerUrl"]
    return {
        "k3s": {
            "version": K3S_VERSION.value,
            "role": "server",
            "running": True,
            "settled": True,
            "config": {"kube-apiserver-arg": [f"service-account-issuer={issuer}"]},
        },
        "arc": {
            "subscription": subscription,
            "group": group,
            "name": cluster.name,
            "location": cluster.inputs["location"],
            "custom_locations_oid": state.surroundings.custom_locations_object_id,
            "features": ["cluster-connect", "custom-locations"],
            "oidc_issuer": True,
            "workload_identity": True,
        },
        "packages": {"azure-cli": {"version": AZURE_CLI_VERSION.value}},
        "az": {
            "extensions": {"connectedk8s": CONNECTEDK8S_VERSION.value},
            "login": {"client_id": "the deployer", "principal_id": "the deployer"},
            "subscriptions": [subscription],
            "subscription": subscription,
        },
    }


_ADD: Mapping[str, Callable[[AzureState, str, str], None]] = {
    MACHINE.arm_type.lower(): _add_machine,
    CONNECTED_CLUSTER.arm_type.lower(): _add_cluster,
}


def _write(state: AzureState, row: ResourceType, arm_id: str, body: Mapping[str, Any], **names: str) -> Entry:
    return state.write(shape_of(row.token(row.versions[0])), arm_id, {**body, **names})
