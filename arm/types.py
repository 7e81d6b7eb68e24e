"""The resource types that the program may use: where they live in ARM and what cannot be changed.

Made by hand; the bodies are in `tables/`. A new type is one row here and a run of `make_tables`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
_INSTANCE = "Microsoft.IoTOperations/instances/{instanceName}"
_BROKER = _INSTANCE + "/brokers/{brokerName}"


@dataclass(frozen=True)
class Row:
    """One resource type.

    `path` uses the names of the inputs as placeholders; unless it starts with a slash it is below the resource group.
    `immutable` are dotted ARM paths that an update may not change (`location` and `extendedLocation` need no mention).
    `renamed` are inputs, by their dotted path, whose name differs in ARM. `flattened` says whether the SDK lifts the
    members of ARM's `properties` to the top; `packaged` types carry the API version in their token. `query` are
    inputs that are sent in the request's address, not in its body.
    """

    module: str
    name: str
    versions: tuple[str, ...]
    path: str
    immutable: tuple[str, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)
    flattened: bool = True
    packaged: bool = False
    query: tuple[str, ...] = ()

    @property
    def path_template(self) -> str:
        """The whole path."""
        return self.path if self.path.startswith("/") else f"{GROUP}/providers/{self.path}"

    @property
    def arm_type(self) -> str:
        """The namespace and every second segment after it: Microsoft.X/as/{a}/bs/{b} is Microsoft.X/as/bs."""
        if self.path == GROUP:
            return "Microsoft.Resources/resourceGroups"
        namespace, *segments = self.path_template.rsplit("/providers/", 1)[1].split("/")
        return "/".join([namespace, *segments[::2]])

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """The inputs in the path, in order."""
        return tuple(name for name in re.findall(r"{(\w+)}", self.path_template) if name != "subscriptionId")

    def token(self, version: str) -> str:
        """The Pulumi type."""
        package = f"azure-native_{self.module}_v{version.replace('-', '')}" if self.packaged else "azure-native"
        return f"{package}:{self.module}:{self.name}"


def _iot(name: str, path: str, *immutable: str) -> Row:
    versions = ("2025-10-01", "2026-03-01", "2026-07-01")
    return Row("iotoperations", name, versions, path, immutable, flattened=False, packaged=True)


def _registry(name: str, path: str, *immutable: str) -> Row:
    return Row("deviceregistry", name, ("2025-10-01", "2026-04-01"), path, immutable, packaged=True)


# Sources of `immutable`: [schema] a description in Microsoft's request schema, [spec] x-ms-mutability in
# Azure/azure-rest-api-specs, [provider] forceNewMap in pulumi-azure-native's provider/pkg/gen/replacement.go,
# [terraform] ForceNew in terraform-provider-azurerm, [arm] the error with which ARM answers.
ROWS: tuple[Row, ...] = (
    Row("resources", "ResourceGroup", ("2024-03-01",), GROUP),
    Row(
        "network",
        "NetworkSecurityGroup",
        ("2024-05-01",),
        "Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}",
    ),
    Row("network", "VirtualNetwork", ("2024-05-01",), "Microsoft.Network/virtualNetworks/{virtualNetworkName}"),
    Row(  # defaultOutboundAccess: [schema] says fixed, Azure changes it by now, [provider] lists nothing
        "network",
        "Subnet",
        ("2024-05-01",),
        "Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}",
    ),
    Row(
        "network",
        "VirtualNetworkPeering",
        ("2024-05-01",),
        "Microsoft.Network/virtualNetworks/{virtualNetworkName}/virtualNetworkPeerings/{virtualNetworkPeeringName}",
        immutable=("properties.remoteVirtualNetwork.id",),  # [terraform]
        query=("syncRemoteAddressSpace",),
    ),
    Row(
        "network",
        "PublicIPAddress",
        ("2024-05-01",),
        "Microsoft.Network/publicIPAddresses/{publicIpAddressName}",
        # [provider]; zones [terraform]
        immutable=("properties.publicIPAddressVersion", "properties.publicIPPrefix", "sku", "zones"),
    ),
    Row(
        "network",
        "NatGateway",
        ("2024-05-01",),
        "Microsoft.Network/natGateways/{natGatewayName}",
        immutable=("zones",),  # [terraform]
    ),
    Row("network", "NetworkInterface", ("2024-05-01",), "Microsoft.Network/networkInterfaces/{networkInterfaceName}"),
    Row(
        "managedidentity",
        "UserAssignedIdentity",
        ("2023-01-31",),
        "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}",
    ),
    Row(
        "managedidentity",
        "FederatedIdentityCredential",
        ("2023-01-31",),
        "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}"
        "/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}",
    ),
    Row(
        "keyvault",
        "Vault",
        ("2024-11-01",),
        "Microsoft.KeyVault/vaults/{vaultName}",
        # [arm] "The property softDeleteRetentionInDays has been set already and it can't be modified"
        immutable=("properties.softDeleteRetentionInDays",),
        flattened=False,
    ),
    Row(
        "keyvault",
        "Secret",
        ("2024-11-01",),
        "Microsoft.KeyVault/vaults/{vaultName}/secrets/{secretName}",
        renamed={"properties.attributes.expires": "exp", "properties.attributes.notBefore": "nbf"},
        flattened=False,
    ),
    Row(
        "authorization",
        "RoleAssignment",
        ("2022-04-01",),
        "/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
        # [provider] principalId, scope; [arm] RoleAssignmentUpdateNotPermitted
        immutable=("properties.principalId", "properties.roleDefinitionId"),
    ),
    Row(
        "authorization",
        "RoleDefinition",
        ("2022-05-01-preview",),
        "/{scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}",
        renamed={"roleType": "type"},
    ),
    Row(
        "storage",
        "StorageAccount",
        ("2024-01-01",),
        "Microsoft.Storage/storageAccounts/{accountName}",
        immutable=(
            "properties.isHnsEnabled",  # [provider]
            "properties.isNfsV3Enabled",  # [terraform]
            "properties.immutableStorageWithVersioning",  # [schema]
            "properties.encryption.requireInfrastructureEncryption",  # [terraform]
        ),
        renamed={
            "enableHttpsTrafficOnly": "supportsHttpsTrafficOnly",
            "enableNfsV3": "isNfsV3Enabled",
            "networkRuleSet": "networkAcls",
            "networkRuleSet.ipRules.iPAddressOrRange": "value",
            "networkRuleSet.virtualNetworkRules.virtualNetworkResourceId": "id",
            "encryption.encryptionIdentity": "identity",
            "encryption.encryptionIdentity.encryptionFederatedIdentityClientId": "federatedIdentityClientId",
            "encryption.encryptionIdentity.encryptionUserAssignedIdentity": "userAssignedIdentity",
            "encryption.keyVaultProperties": "keyvaultproperties",
            "encryption.keyVaultProperties.keyName": "keyname",
            "encryption.keyVaultProperties.keyVaultUri": "keyvaulturi",
            "encryption.keyVaultProperties.keyVersion": "keyversion",
        },
    ),
    Row(
        "storage",
        "BlobContainer",
        ("2024-01-01",),
        "Microsoft.Storage/storageAccounts/{accountName}/blobServices/default/containers/{containerName}",
        immutable=("properties.immutableStorageWithVersioning",),  # [schema]
    ),
    Row(
        "compute",
        "VirtualMachine",
        ("2024-11-01",),
        "Microsoft.Compute/virtualMachines/{vmName}",
        immutable=(
            "zones",  # [terraform]
            "placement",  # [schema], as the next four
            "properties.availabilitySet",
            "properties.osProfile.adminUsername",
            "properties.osProfile.computerName",
            "properties.osProfile.customData",
            "properties.osProfile.linuxConfiguration.disablePasswordAuthentication",  # [arm] PropertyChangeNotAllowed
            "properties.osProfile.linuxConfiguration.ssh",  # [arm] as above, as the next
            "properties.storageProfile.imageReference",
        ),
    ),
    Row(
        "compute",
        "VirtualMachineRunCommandByVirtualMachine",
        ("2024-11-01",),
        "Microsoft.Compute/virtualMachines/{vmName}/runCommands/{runCommandName}",
    ),
    Row(
        "kubernetesconfiguration",
        "Extension",
        ("2023-05-01",),
        GROUP + "/providers/{clusterRp}/{clusterResourceName}/{clusterName}"
        "/providers/Microsoft.KubernetesConfiguration/extensions/{extensionName}",
        immutable=("properties.extensionType", "properties.scope"),  # [terraform]
    ),
    Row(
        "extendedlocation",
        "CustomLocation",
        ("2021-08-31-preview",),
        "Microsoft.ExtendedLocation/customLocations/{resourceName}",
        immutable=("properties.hostResourceId", "properties.namespace"),  # [terraform]
    ),
    Row(
        "secretsynccontroller",
        "AzureKeyVaultSecretProviderClass",
        ("2024-08-21-preview",),
        "Microsoft.SecretSyncController/azureKeyVaultSecretProviderClasses/{azureKeyVaultSecretProviderClassName}",
    ),
    Row(
        "secretsynccontroller",
        "SecretSync",
        ("2024-08-21-preview",),
        "Microsoft.SecretSyncController/secretSyncs/{secretSyncName}",
    ),
    _registry(
        "SchemaRegistry",
        "Microsoft.DeviceRegistry/schemaRegistries/{schemaRegistryName}",
        "properties.namespace",  # [spec] 2025-10-01
        "properties.storageAccountContainerUrl",
    ),
    _registry("Namespace", "Microsoft.DeviceRegistry/namespaces/{namespaceName}"),
    _iot("Instance", _INSTANCE),
    _iot(
        "Broker",
        _BROKER,
        "properties.advanced",  # [spec] 2025-10-01, as the others
        "properties.cardinality",
        "properties.diskBackedMessageBuffer",
        "properties.generateResourceLimits",
        "properties.memoryProfile",
    ),
    _iot("BrokerAuthentication", _BROKER + "/authentications/{authenticationName}"),
    _iot("BrokerAuthorization", _BROKER + "/authorizations/{authorizationName}"),
    _iot("BrokerListener", _BROKER + "/listeners/{listenerName}"),
    _iot("DataflowProfile", _INSTANCE + "/dataflowProfiles/{dataflowProfileName}"),
    _iot("Dataflow", _INSTANCE + "/dataflowProfiles/{dataflowProfileName}/dataflows/{dataflowName}"),
    _iot("DataflowEndpoint", _INSTANCE + "/dataflowEndpoints/{dataflowEndpointName}"),
    _iot("RegistryEndpoint", _INSTANCE + "/registryEndpoints/{registryEndpointName}"),
    Row(
        "kubernetes",
        "ConnectedCluster",
        ("2024-12-01-preview", "2026-05-01"),
        "Microsoft.Kubernetes/connectedClusters/{clusterName}",
        packaged=True,
    ),
)

_GUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_NETWORK = {"pattern": r"^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9_])?$", "maxLength": 80}

# Rules for names that Microsoft's schema lacks, from
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
NAMES: dict[str, dict[str, Any]] = {
    "Microsoft.Authorization/roleAssignments": {"pattern": _GUID},
    "Microsoft.Authorization/roleDefinitions": {"pattern": _GUID},
    "Microsoft.Network/networkSecurityGroups": _NETWORK,
    "Microsoft.Network/virtualNetworks": _NETWORK | {"minLength": 2, "maxLength": 64},
    "Microsoft.Network/virtualNetworks/subnets": _NETWORK,
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings": _NETWORK,
    "Microsoft.Network/publicIPAddresses": _NETWORK,
    "Microsoft.Network/natGateways": _NETWORK,
    "Microsoft.Network/networkInterfaces": _NETWORK,
    "Microsoft.Compute/virtualMachines": _NETWORK | {"maxLength": 64},
    "Microsoft.ManagedIdentity/userAssignedIdentities": {
        "pattern": r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$",
        "minLength": 3,
        "maxLength": 128,
    },
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"pattern": r"^[a-z0-9]+(-[a-z0-9]+)*$"},
}
