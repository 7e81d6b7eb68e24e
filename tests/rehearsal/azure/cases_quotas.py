"""What the quotas refuse: one more than the limit. The larger limits are lowered here."""

from __future__ import annotations

from tests.arm.examples import SUBSCRIPTION
from tests.rehearsal.azure.cases import bites
from tests.rehearsal.azure.samples import Azure, arm_id, refusal


@bites("WORLD-21", "BadRequest")
def twenty_first_credential(azure: Azure) -> str:
    azure.deploy("group", "identity")
    answers = [
        refusal(azure.put, "credential", federatedIdentityCredentialResourceName=f"number-{n}", subject=f"subject-{n}")
        for n in range(21)
    ]
    assert not any(answers[:20])
    return answers[20]


@bites("WORLD-23", "OperationNotAllowed")
def vm_larger_than_the_quota(azure: Azure) -> str:
    azure.deploy_until("namespace")
    return refusal(azure.put, "vm", hardwareProfile={"vmSize": "Standard_D16s_v5"})


@bites("WORLD-24", "BadRequest")
def twenty_sixth_run_command(azure: Azure) -> str:
    azure.deploy_until("vm")
    answers = [refusal(azure.put, "connect", runCommandName=f"number-{n}") for n in range(26)]
    assert not any(answers[:25])
    return answers[25]


@bites("WORLD-32", "ValidationError")
def seventy_first_dataflow(azure: Azure) -> str:
    azure.deploy_until("profile")
    answers = [refusal(azure.put, "dataflow", dataflowName=f"number-{n}") for n in range(71)]
    assert not any(answers[:70])
    return answers[70]


@bites("WORLD-35", "RoleAssignmentLimitExceeded", quotas={"role assignments": 1})
def one_more_role_assignment(azure: Azure) -> str:
    azure.deploy("group", "role")
    return refusal(azure.put, "role", roleAssignmentName=SUBSCRIPTION, principalId=SUBSCRIPTION)


@bites("WORLD-36", "PeeringLimitReached", quotas={"peerings": 1})
def one_more_peering_of_a_network(azure: Azure) -> str:
    azure.deploy("group", "vnet", "vnet-b", "peering")
    azure.put("vnet-b", virtualNetworkName="vnet-c", addressSpace={"addressPrefixes": ["10.3.0.0/16"]})
    remote = arm_id("vnet-b", virtualNetworkName="vnet-c")
    return refusal(azure.put, "peering", virtualNetworkPeeringName="second", remoteVirtualNetwork={"id": remote})


@bites("WORLD-37", "VnetCountLimitReached", quotas={"VNets": 1})
def one_more_network_in_a_region(azure: Azure) -> str:
    azure.deploy("group", "vnet")
    return refusal(azure.put, "vnet-b")


@bites("WORLD-38", "PublicIPCountLimitReached", quotas={"public IP addresses": 1})
def one_more_public_address_in_a_region(azure: Azure) -> str:
    azure.deploy("group", "public-ip")
    return refusal(azure.put, "public-ip", publicIpAddressName="second")


@bites("WORLD-39", "MaxStorageAccountsCountPerSubscriptionExceeded", quotas={"storage accounts": 1})
def one_more_storage_account_in_a_region(azure: Azure) -> str:
    azure.deploy("group", "storage")
    return refusal(azure.put, "storage", accountName="second")


@bites("WORLD-40", "ResourceGroupQuotaExceeded", quotas={"resource groups": 1})
def one_more_resource_group(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "group", resourceGroupName="second")


@bites("WORLD-41", "OperationNotAllowed", vcpu_quota={}, family_quota={"East US 2": {"StandardDSv5Family": 8}})
def vm_larger_than_the_quota_of_its_family(azure: Azure) -> str:
    azure.deploy_until("namespace")
    return refusal(azure.put, "vm", hardwareProfile={"vmSize": "Standard_D16s_v5"})
