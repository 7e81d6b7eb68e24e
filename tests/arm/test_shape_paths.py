"""ARM paths of every type."""

from __future__ import annotations

import pytest

from arm.schema.table import FOLDER, load
from arm.shapes import UnknownTypeError, is_arm, shape_of, tokens
from arm.values import UNKNOWN
from tests.arm.examples import GROUP, GUID, INPUTS, SUBSCRIPTION

RG = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
AIO = RG + "/providers/Microsoft.IoTOperations/instances/{instanceName}"

# From the `pulumi import` lines in azure-native's generated documentation (the Python package has them stripped) and,
# marked *, the paths in Azure/azure-rest-api-specs. `resourcegroups` in some is spelt as everywhere else.
IMPORT_IDS = {
    "resources:ResourceGroup": RG,  # *
    "network:NetworkSecurityGroup": RG
    + "/providers/Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}",
    "network:VirtualNetwork": RG + "/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}",
    "network:Subnet": RG + "/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}",
    "network:VirtualNetworkPeering": RG
    + "/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}"
    + "/virtualNetworkPeerings/{virtualNetworkPeeringName}",
    "network:PublicIPAddress": RG + "/providers/Microsoft.Network/publicIPAddresses/{publicIpAddressName}",
    "network:NatGateway": RG + "/providers/Microsoft.Network/natGateways/{natGatewayName}",
    "network:NetworkInterface": RG + "/providers/Microsoft.Network/networkInterfaces/{networkInterfaceName}",
    "managedidentity:UserAssignedIdentity": RG
    + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}",
    "managedidentity:FederatedIdentityCredential": RG  # *
    + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}"
    + "/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}",
    "keyvault:Vault": RG + "/providers/Microsoft.KeyVault/vaults/{vaultName}",  # *
    "keyvault:Secret": RG + "/providers/Microsoft.KeyVault/vaults/{vaultName}/secrets/{secretName}",
    "authorization:RoleAssignment": "/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
    "authorization:RoleDefinition": "/{scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}",
    "storage:StorageAccount": RG + "/providers/Microsoft.Storage/storageAccounts/{accountName}",  # *
    "storage:BlobContainer": RG
    + "/providers/Microsoft.Storage/storageAccounts/{accountName}/blobServices/default/containers/{containerName}",
    "compute:VirtualMachine": RG + "/providers/Microsoft.Compute/virtualMachines/{vmName}",  # *
    "compute:VirtualMachineRunCommandByVirtualMachine": RG  # *
    + "/providers/Microsoft.Compute/virtualMachines/{vmName}/runCommands/{runCommandName}",
    "hybridcompute:Machine": RG + "/providers/Microsoft.HybridCompute/machines/{machineName}",
    "hybridcompute:MachineRunCommand": RG
    + "/providers/Microsoft.HybridCompute/machines/{machineName}/runCommands/{runCommandName}",
    "hybridconnectivity:Endpoint": "/{resourceUri}/providers/Microsoft.HybridConnectivity/endpoints/{endpointName}",
    "hybridconnectivity:ServiceConfiguration": "/{resourceUri}/providers/Microsoft.HybridConnectivity"
    "/endpoints/{endpointName}/serviceConfigurations/{serviceConfigurationName}",
    "maintenance:MaintenanceConfiguration": RG
    + "/providers/Microsoft.Maintenance/maintenanceConfigurations/{resourceName}",
    "maintenance:ConfigurationAssignment": RG
    + "/providers/{providerName}/{resourceType}/{resourceName}"
    + "/providers/Microsoft.Maintenance/configurationAssignments/{configurationAssignmentName}",
    "kubernetesconfiguration:Extension": RG
    + "/providers/{clusterRp}/{clusterResourceName}/{clusterName}"
    + "/providers/Microsoft.KubernetesConfiguration/extensions/{extensionName}",
    "extendedlocation:CustomLocation": RG + "/providers/Microsoft.ExtendedLocation/customLocations/{resourceName}",
    "secretsynccontroller:AzureKeyVaultSecretProviderClass": RG
    + "/providers/Microsoft.SecretSyncController/azureKeyVaultSecretProviderClasses"
    + "/{azureKeyVaultSecretProviderClassName}",
    "secretsynccontroller:SecretSync": RG + "/providers/Microsoft.SecretSyncController/secretSyncs/{secretSyncName}",
    "deviceregistry:SchemaRegistry": RG + "/providers/Microsoft.DeviceRegistry/schemaRegistries/{schemaRegistryName}",
    "deviceregistry:Namespace": RG + "/providers/Microsoft.DeviceRegistry/namespaces/{namespaceName}",
    "iotoperations:Instance": AIO,  # *
    "iotoperations:Broker": AIO + "/brokers/{brokerName}",
    "iotoperations:BrokerAuthentication": AIO + "/brokers/{brokerName}/authentications/{authenticationName}",
    "iotoperations:BrokerAuthorization": AIO + "/brokers/{brokerName}/authorizations/{authorizationName}",
    "iotoperations:BrokerListener": AIO + "/brokers/{brokerName}/listeners/{listenerName}",
    "iotoperations:DataflowProfile": AIO + "/dataflowProfiles/{dataflowProfileName}",
    "iotoperations:Dataflow": AIO + "/dataflowProfiles/{dataflowProfileName}/dataflows/{dataflowName}",  # *
    "iotoperations:DataflowEndpoint": AIO + "/dataflowEndpoints/{dataflowEndpointName}",  # *
    "iotoperations:AkriConnectorTemplate": AIO + "/akriConnectorTemplates/{akriConnectorTemplateName}",
    "iotoperations:RegistryEndpoint": AIO + "/registryEndpoints/{registryEndpointName}",
    "kubernetes:ConnectedCluster": RG + "/providers/Microsoft.Kubernetes/connectedClusters/{clusterName}",
}


@pytest.mark.parametrize("token", tokens())
def test_path_is_the_id_by_which_the_provider_imports(token: str) -> None:
    kind = token.split(":", 1)[1]
    assert kind in IMPORT_IDS, f"tests/arm/test_shape_paths.py: add {kind!r}, with its path, to IMPORT_IDS"
    assert shape_of(token).type.path_template == IMPORT_IDS[kind]


@pytest.mark.parametrize("token", tokens())
def test_every_type_has_a_table_of_its_type_and_version(token: str) -> None:
    shape = shape_of(token)
    assert load(shape.arm_type, shape.api_version).body["properties"]


@pytest.mark.parametrize("token", tokens())
def test_arm_type_is_spelt_out_by_the_path(token: str) -> None:
    names = iter(shape_of(token).type.path_template.split("/"))
    for part in shape_of(token).arm_type.removeprefix("Microsoft.Resources/").split("/"):
        assert part in names  # in this order


def test_path_is_filled_from_the_inputs() -> None:
    path = shape_of("azure-native:network:Subnet").path(INPUTS["azure-native:network:Subnet"], SUBSCRIPTION)
    assert path == f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/snet"


def test_unknown_path_values_show_as_placeholders() -> None:
    path = shape_of("azure-native:network:VirtualNetwork").path({"resourceGroupName": UNKNOWN}, "s")
    assert path == (
        "/subscriptions/s/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks"
        "/{virtualNetworkName}"
    )


@pytest.mark.parametrize("scope", [GROUP, GROUP.removeprefix("/"), GROUP + "/"])
def test_scope_keeps_one_slash(scope: str) -> None:
    shape = shape_of("azure-native:authorization:RoleAssignment")
    path = shape.path({"scope": scope, "roleAssignmentName": GUID}, SUBSCRIPTION)
    assert path == f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{GUID}"


def test_a_role_at_the_root_has_no_double_slash() -> None:
    shape = shape_of("azure-native:authorization:RoleAssignment")
    path = shape.path({"scope": "/", "roleAssignmentName": GUID}, SUBSCRIPTION)
    assert path == f"/providers/Microsoft.Authorization/roleAssignments/{GUID}"


def test_packaged_types_carry_the_version_in_the_token() -> None:
    shape = shape_of("azure-native_kubernetes_v20241201preview:kubernetes:ConnectedCluster")
    assert (shape.arm_type, shape.api_version) == ("Microsoft.Kubernetes/connectedClusters", "2024-12-01-preview")


def test_an_unknown_type_is_named_with_the_nearest_known() -> None:
    with pytest.raises(
        UnknownTypeError, match=r"azure-native:network:Subnets: no row.*did you mean 'azure-native:network:Subnet'"
    ):
        shape_of("azure-native:network:Subnets")


def test_only_azure_resources_are_arm_calls() -> None:
    assert is_arm("azure-native:network:Subnet")
    assert is_arm("azure-native_iotoperations_v20260701:iotoperations:Broker")
    assert not is_arm("tls:index/privateKey:PrivateKey")
    assert not is_arm("pulumi:providers:azure-native")


def test_tables_stay_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.glob("*.json")) < 1_000_000
