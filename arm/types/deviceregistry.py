"""Microsoft.DeviceRegistry."""

from __future__ import annotations

from arm.types.resource_type import STATE, Estimate, ResourceType

_VERSIONS = ("2025-10-01", "2026-04-01")
_COMPUTED = {**STATE, "uuid": lambda created: created.guid("uuid")}

SCHEMA_REGISTRY = ResourceType(
    "deviceregistry",
    "SchemaRegistry",
    _VERSIONS,
    "Microsoft.DeviceRegistry/schemaRegistries/{schemaRegistryName}",
    Estimate("registries", 20),
    packaged=True,
    immutable=("properties.namespace", "properties.storageAccountContainerUrl"),  # [spec] 2025-10-01
    replaced_by=("location", "namespace", "storageAccountContainerUrl"),  # [spec]
    computed=_COMPUTED,
    carries=(),
)
DEVICE_REGISTRY_NAMESPACE = ResourceType(
    "deviceregistry",
    "Namespace",
    _VERSIONS,
    "Microsoft.DeviceRegistry/namespaces/{namespaceName}",
    Estimate("registries", 20),
    packaged=True,
    replaced_by=("location",),  # [spec]
    computed=_COMPUTED,
    carries=(),
)
