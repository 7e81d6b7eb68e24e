"""What the rules refuse that hold for every type."""

from __future__ import annotations

from tests.arm.examples import CLUSTER, SUBSCRIPTION
from tests.rehearsal.azure.cases import bites, leave_running
from tests.rehearsal.azure.samples import Azure, arm_id, refusal


@bites("WORLD-01", "ResourceGroupNotFound")
def network_without_its_resource_group(azure: Azure) -> str:
    return refusal(azure.put, "vnet")


@bites("WORLD-02", "ParentResourceNotFound")
def credential_without_its_identity(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "credential")


@bites("WORLD-02", "ResourceNotFound")
def extension_without_a_connected_cluster(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "aio-extension")


@bites("WORLD-03", "InvalidRequestContent")
def vault_with_an_unknown_sku(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "vault", properties__sku={"family": "A", "name": "gold"})


@bites("WORLD-04", "InvalidResourceReference")
def nat_gateway_with_a_missing_address(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "nat")


@bites("WORLD-04", "InvalidResourceReference")
def vm_with_a_missing_identity(azure: Azure) -> str:
    azure.deploy("group", "nsg", "public-ip", "nat", "vnet", "subnet", "nic")
    return refusal(azure.put, "vm")


@bites("WORLD-05", "VaultAlreadyExists")
def vault_name_of_somebody_else(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "vault", vaultName="KV-taken")


@bites("WORLD-05", "StorageAccountAlreadyTaken")
def storage_name_in_another_group(azure: Azure) -> str:
    azure.put("group")
    azure.put("group", resourceGroupName="rg-2")
    azure.put("storage")
    return refusal(azure.put, "storage", resourceGroupName="rg-2")


@bites("WORLD-05", "VaultAlreadyExists")
def name_of_a_vault_deleted_in_another_group(azure: Azure) -> str:
    azure.put("group")
    azure.put("group", resourceGroupName="rg-2")
    azure.put("vault")
    azure.delete("vault")
    return refusal(azure.put, "vault", resourceGroupName="rg-2")


_IMAGE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/i/providers/Microsoft.Compute/galleries/g/images/n/versions/1.0.0"
)


@bites("WORLD-43", "GalleryImageNotFound")
def vm_from_an_image_that_nobody_has_made(azure: Azure) -> str:
    azure.deploy("group", "nsg", "public-ip", "nat", "vnet", "subnet", "nic", "identity")
    return refusal(azure.put, "vm", storageProfile__imageReference={"id": _IMAGE})


@bites("WORLD-43", "GalleryImageNotFound", images=[(_IMAGE, "westeurope")])
def vm_from_an_image_of_another_region(azure: Azure) -> str:
    azure.deploy("group", "nsg", "public-ip", "nat", "vnet", "subnet", "nic", "identity")
    return refusal(azure.put, "vm", storageProfile__imageReference={"id": _IMAGE})


@bites("WORLD-06", "PropertyChangeNotAllowed")
def vm_with_another_image(azure: Azure) -> str:
    azure.deploy_until("vm")
    return refusal(azure.put, "vm", storageProfile__imageReference__sku="other")


@bites("WORLD-06", "InvalidResourceLocation")
def network_in_another_region(azure: Azure) -> str:
    azure.deploy("group", "vnet")
    return refusal(azure.put, "vnet", location="westeurope")


@bites("WORLD-06", "InvalidResourceGroupLocation")
def group_in_another_region(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "group", location="westeurope")


@bites("WORLD-06", "BadRequest")
def vault_with_another_retention(azure: Azure) -> str:
    azure.deploy("group", "vault")
    return refusal(azure.put, "vault", properties__softDeleteRetentionInDays=8)


@bites("WORLD-06", "RoleAssignmentUpdateNotPermitted")
def role_for_another_principal(azure: Azure) -> str:
    azure.deploy("group", "role")
    return refusal(azure.put, "role", principalId=SUBSCRIPTION)


@bites("WORLD-07", "NicInUse")
def nic_of_a_vm_deleted(azure: Azure) -> str:
    azure.deploy_until("vm")
    return refusal(azure.delete, "nic")


@bites("WORLD-07", "InUseSubnetCannotBeDeleted")
def network_with_a_nic_deleted(azure: Azure) -> str:
    azure.deploy_until("vm")
    return refusal(azure.delete, "vnet")


@bites("WORLD-07", "PublicIPAddressCannotBeDeleted")
def address_of_a_nat_gateway_deleted(azure: Azure) -> str:
    azure.deploy_until("nat")
    return refusal(azure.delete, "public-ip")


@bites("WORLD-07", "InUseNatGatewayCannotBeDeleted")
def nat_gateway_of_a_subnet_deleted(azure: Azure) -> str:
    azure.deploy_until("subnet")
    return refusal(azure.delete, "nat")


@bites("WORLD-07", "InUseNetworkSecurityGroupCannotBeDeleted")
def security_group_of_a_subnet_deleted(azure: Azure) -> str:
    azure.deploy_until("subnet")
    return refusal(azure.delete, "nsg")


@bites("WORLD-07", "RoleDefinitionHasAssignments")
def role_definition_with_assignments_deleted(azure: Azure) -> str:
    azure.deploy("group", "role-definition")
    azure.put("role", roleDefinitionId=arm_id("role-definition"))
    return refusal(azure.delete, "role-definition")


@bites("WORLD-07", "CustomLocationInUse")
def custom_location_with_an_instance_deleted(azure: Azure) -> str:
    azure.deploy_until("instance")
    return refusal(azure.delete, "location")


@bites("WORLD-07", "ExtensionInUse")
def extension_of_a_custom_location_deleted(azure: Azure) -> str:
    azure.deploy_until("location")
    return refusal(azure.delete, "aio-extension")


@bites("WORLD-07", "ConnectedClusterInUse")
def cluster_of_a_custom_location_deleted(azure: Azure) -> str:
    azure.deploy_until("location")
    return refusal(azure.world.delete, CLUSTER)


@bites("WORLD-33", "RequestConflict")
def vault_written_while_it_is_created(azure: Azure) -> str:
    azure.put("group")
    leave_running(azure, "vault")
    return refusal(azure.put, "vault", update=True)


@bites("WORLD-33", "RequestConflict")
def vault_deleted_while_it_is_updated(azure: Azure) -> str:
    azure.deploy("group", "vault")
    leave_running(azure, "vault", update=True)
    return refusal(azure.delete, "vault")


@bites("WORLD-33", "AnotherOperationInProgress")
def network_deleted_while_it_is_created(azure: Azure) -> str:
    azure.put("group")
    leave_running(azure, "vnet")
    return refusal(azure.delete, "vnet")


@bites("WORLD-34", "RequestConflict")
def container_in_a_storage_account_that_is_created(azure: Azure) -> str:
    azure.put("group")
    leave_running(azure, "storage")
    return refusal(azure.put, "container")


@bites("WORLD-34", "AnotherOperationInProgress")
def network_in_a_group_that_is_created(azure: Azure) -> str:
    leave_running(azure, "group")
    return refusal(azure.put, "vnet")
