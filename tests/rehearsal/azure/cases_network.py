"""What the rules of networks and virtual machines refuse."""

from __future__ import annotations

from typing import Any

from tests.rehearsal.azure.cases import bites, leave_running, while_writing
from tests.rehearsal.azure.samples import Azure, arm_id, refusal


@bites("WORLD-08", "AnotherOperationInProgress")
def two_subnets_at_once(azure: Azure) -> str:
    azure.deploy_until("vnet")
    changes: dict[str, Any] = {"subnetName": "snet-2", "addressPrefix": "10.0.1.0/24"}
    answer = while_writing(azure, "/subnets/", lambda: azure.put("subnet", **changes))
    azure.put("subnet")
    return answer()


@bites("WORLD-08", "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity")
def two_credentials_at_once(azure: Azure) -> str:
    azure.deploy("group", "identity")
    changes: dict[str, Any] = {"federatedIdentityCredentialResourceName": "second", "subject": "other"}
    answer = while_writing(azure, "/federatedIdentityCredentials/", lambda: azure.put("credential", **changes))
    azure.put("credential")
    return answer()


@bites("WORLD-42", "OperationNotAllowed")
def encryption_at_host_of_a_running_vm(azure: Azure) -> str:
    azure.deploy_until("vm")
    azure.world.set_power(arm_id("vm"), running=False)
    azure.put("vm", securityProfile__encryptionAtHost=True)
    azure.world.set_power(arm_id("vm"), running=True)
    azure.put("vm", tags={"is": "kept"}, securityProfile__encryptionAtHost=True)
    return refusal(azure.put, "vm", securityProfile__encryptionAtHost=False)


@bites("WORLD-44", "PrerequisitesNotMet")
def window_of_a_vm_that_is_patched_without_a_schedule(azure: Azure) -> str:
    azure.deploy_until("window")
    azure.put("vm", osProfile__linuxConfiguration__patchSettings={"patchMode": "AutomaticByPlatform"})
    answer = refusal(azure.put, "assignment")
    azure.put("vm")
    azure.put("assignment")
    return answer


@bites("WORLD-08", "AnotherOperationInProgress")
def subnet_while_another_is_deleted(azure: Azure) -> str:
    azure.deploy_until("subnet")
    changes: dict[str, Any] = {"subnetName": "snet-2", "addressPrefix": "10.0.1.0/24"}
    answer = while_writing(azure, "/subnets/", lambda: azure.put("subnet", **changes))
    azure.delete("subnet")
    return answer()


@bites("WORLD-09", "ReferencedResourceNotProvisioned")
def peering_to_a_network_that_is_being_changed(azure: Azure) -> str:
    azure.deploy_until("vnet-b")
    answer = while_writing(azure, "/vnet-b", lambda: azure.put("peering"))
    azure.put("vnet-b")
    return answer()


@bites("WORLD-09", "ReferencedResourceNotProvisioned")
def peering_to_a_network_that_failed(azure: Azure) -> str:
    azure.deploy("group", "vnet")
    azure.order("vnet-b", "create", "accepted-then-failed")
    refusal(azure.put, "vnet-b")
    return refusal(azure.put, "peering")


@bites("WORLD-10", "VnetAddressSpacesOverlap")
def peering_of_overlapping_networks(azure: Azure) -> str:
    azure.deploy("group", "vnet")
    azure.put("vnet-b", addressSpace={"addressPrefixes": ["10.9.0.0/16", "10.0.128.0/17"]})
    return refusal(azure.put, "peering")


@bites("WORLD-11", "AnotherPeeringAlreadyReferencesRemoteVnet")
def second_peering_to_the_same_network(azure: Azure) -> str:
    azure.deploy_until("peering")
    return refusal(azure.put, "peering", virtualNetworkPeeringName="renamed")


@bites("WORLD-12", "RemotePeeringIsDisconnected")
def peering_of_a_network_that_was_made_again(azure: Azure) -> str:
    azure.deploy("group", "vnet", "vnet-b", "peering", "peering-b")
    azure.delete("vnet")
    azure.put("vnet")
    return refusal(azure.put, "peering")


@bites("WORLD-13", "NetcfgInvalidSubnet")
def subnet_outside_its_network(azure: Azure) -> str:
    azure.deploy_until("vnet")
    return refusal(azure.put, "subnet", addressPrefix="10.5.0.0/24")


@bites("WORLD-13", "NetcfgSubnetRangesOverlap")
def overlapping_subnets(azure: Azure) -> str:
    azure.deploy_until("subnet")
    return refusal(azure.put, "subnet", subnetName="other", addressPrefix="10.0.0.128/25")


@bites("WORLD-25", "OperationNotAllowed")
def run_command_on_a_stopped_vm(azure: Azure) -> str:
    azure.deploy_until("vm")
    azure.world.set_power(arm_id("vm"), running=False)
    return refusal(azure.put, "connect")


@bites("WORLD-08", "AnotherOperationInProgress")
def subnet_while_another_still_runs(azure: Azure) -> str:
    azure.deploy_until("vnet")
    leave_running(azure, "subnet")
    return refusal(azure.put, "subnet", subnetName="snet-2", addressPrefix="10.0.1.0/24")


@bites("WORLD-09", "ReferencedResourceNotProvisioned")
def peering_to_a_network_that_is_still_created(azure: Azure) -> str:
    azure.deploy("group", "vnet")
    leave_running(azure, "vnet-b")
    return refusal(azure.put, "peering")
