"""Schema registry with its storage, and the Device Registry namespace."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_random as random
from pulumi_azure_native import storage

from components.context import StampContext
from components.packages import DeviceRegistryNamespace, SchemaRegistry, device_registry
from components.role_assignments import assign_role
from settings import roles

_CONTAINER = "schemas"


@dataclass(frozen=True)
class Registries:
    """The registries that the AIO instance refers to."""

    schema_registry: SchemaRegistry
    device_registry_namespace: DeviceRegistryNamespace


def create_registries(context: StampContext) -> Registries:
    """Create storage account, container, schema registry with its right to write there, and ADR namespace."""
    names, package = context.names, device_registry(context.settings.release)
    account = _create_storage_account(context)
    container = storage.BlobContainer(
        context.logical_name("schemas-container"),
        resource_group_name=context.group.name,
        account_name=account.name,
        container_name=_CONTAINER,
        public_access=storage.PublicAccess.NONE,
        opts=context.options(),
    )
    schema_registry = SchemaRegistry(
        context.logical_name("schema-registry"),
        package,
        {
            "resourceGroupName": context.group.name,
            "schemaRegistryName": names.schema_registry,
            "location": context.cluster.location,
            "tags": context.tags,
            "identity": {"type": "SystemAssigned"},
            "namespace": names.schema_registry_namespace,
            "storageAccountContainerUrl": pulumi.Output.concat(
                account.primary_endpoints.apply(lambda endpoints: endpoints.blob), container.name
            ),
        },
        context.options(),
    )
    assign_role(
        context,
        "schema-registry-storage-role",
        roles.STORAGE_BLOB_DATA_CONTRIBUTOR.guid,
        scope=container.id,
        principal_id=schema_registry.identity.apply(lambda identity: identity["principalId"]),
    )
    namespace = DeviceRegistryNamespace(
        context.logical_name("device-registry-namespace"),
        package,
        {
            "resourceGroupName": context.group.name,
            "namespaceName": names.device_registry_namespace,
            "location": context.cluster.location,
            "tags": context.tags,
            "identity": {"type": "SystemAssigned"},
            # The schema requires `properties`, and azure-native sends them only for a member that is set; whether Azure
            # insists nobody has tried (Azure/bicep-types-az, Microsoft.DeviceRegistry/namespaces@2026-04-01).
            "messaging": {"endpoints": {}},
        },
        context.options(ignore_changes=["messaging"]),  # Event Grid's endpoint, once somebody adds it
    )
    return Registries(schema_registry, namespace)


def _create_storage_account(context: StampContext) -> storage.StorageAccount:
    """Create the account; 5 random characters, which last as long as its resource group, make its name unique."""
    names = context.names
    suffix = random.RandomString(
        context.logical_name("storage-account-suffix"),
        length=5,
        upper=False,
        special=False,
        keepers={"resource_group": names.resource_group},
        opts=context.options(),
    )
    return storage.StorageAccount(
        context.logical_name("storage-account"),
        resource_group_name=context.group.name,
        account_name=pulumi.Output.concat(names.storage_account_prefix, suffix.result, names.storage_account_suffix),
        location=context.cluster.location,
        tags=context.tags,
        kind="StorageV2",
        sku=storage.SkuArgs(name=context.settings.protection.storage_sku),
        # The schema registry needs a hierarchical namespace
        # (https://learn.microsoft.com/azure/iot-operations/connect-to-cloud/concept-schema-registry).
        is_hns_enabled=True,
        access_tier=storage.AccessTier.HOT,
        allow_blob_public_access=False,
        allow_shared_key_access=False,
        allow_cross_tenant_replication=False,
        enable_https_traffic_only=True,
        minimum_tls_version="TLS1_2",
        public_network_access="Enabled",
        opts=context.options(protect=context.settings.protection.protect),
    )
