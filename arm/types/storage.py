"""Microsoft.Storage."""

from __future__ import annotations

from arm.types.resource_type import STATE, Estimate, Quota, Refusal, ResourceType

_VERSIONS = ("2024-01-01",)
_ACCOUNT = "Microsoft.Storage/storageAccounts/{accountName}"
_LIMITS = "https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits"

STORAGE_ACCOUNT = ResourceType(
    "storage",
    "StorageAccount",
    _VERSIONS,
    _ACCOUNT,
    Estimate("registries", 25),
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
    immutable=(
        "properties.isHnsEnabled",  # [provider]
        "properties.isNfsV3Enabled",  # [terraform]
        "properties.immutableStorageWithVersioning",  # [schema]
        "properties.encryption.requireInfrastructureEncryption",  # [terraform]
    ),
    replaced_by=("isHnsEnabled", "location"),  # [provider]
    computed={
        **STATE,
        "primaryLocation": lambda created: created.inputs.get("location"),
        "statusOfPrimary": lambda _: "available",
        "primaryEndpoints": lambda created: {
            service: f"https://{created.name}.{service}.core.windows.net/"
            for service in ("blob", "dfs", "file", "queue", "table")
        },
    },
    taken_refusal=Refusal(409, "StorageAccountAlreadyTaken", "The storage account named {name} is already taken."),
    quota=Quota(
        "WORLD-39",
        "storage accounts",
        "region",
        "region",
        250,
        Refusal(
            409,
            "MaxStorageAccountsCountPerSubscriptionExceeded",
            "Subscription {subscription} already contains {limit} storage accounts in location {region} and the"
            " maximum allowed is {limit}.",
        ),
        f"{_LIMITS}; code in https://github.com/Azure/azure-sdk-for-cpp/issues/3959",
    ),
    holds_data=True,
)
BLOB_CONTAINER = ResourceType(
    "storage",
    "BlobContainer",
    _VERSIONS,
    f"{_ACCOUNT}/blobServices/default/containers/{{containerName}}",
    Estimate("registries", 3),
    name_rule={"pattern": r"^[a-z0-9]+(-[a-z0-9]+)*$"},
    immutable=("properties.immutableStorageWithVersioning",),  # [schema]
    computed={},
)
