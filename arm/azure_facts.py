"""What azure-native knows of a type beside its shape: which changes replace it, and which outputs are inputs too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from arm.schema.table import Node, Table
from arm.shapes import Shape

_EDGE = ("location", "extendedLocation")

# By ARM type: the inputs, besides those in the path, whose change makes azure-native replace a resource. Whatever else
# changes is updated, and Azure may refuse it.
# [map] forceNewMap in pulumi-azure-native's provider/pkg/gen/replacement.go,
# [spec] x-ms-mutability [create, read] in Azure/azure-rest-api-specs (`location` by common-types' TrackedResource).
REPLACED_BY: Mapping[str, tuple[str, ...]] = {
    "Microsoft.Resources/resourceGroups": ("location",),  # [map]
    "Microsoft.Network/virtualNetworks": ("location",),  # [map]
    "Microsoft.Network/publicIPAddresses": (  # [map]
        "location",
        "publicIPAddressVersion",
        "publicIPPrefix",
        "sku",
    ),
    "Microsoft.Authorization/roleAssignments": ("principalId",),  # [map]; scope is in the path
    "Microsoft.Storage/storageAccounts": ("isHnsEnabled", "location"),  # [map]
    "Microsoft.ManagedIdentity/userAssignedIdentities": ("location",),  # [spec], as all below
    "Microsoft.ExtendedLocation/customLocations": ("location",),
    "Microsoft.SecretSyncController/azureKeyVaultSecretProviderClasses": _EDGE,
    "Microsoft.SecretSyncController/secretSyncs": _EDGE,
    "Microsoft.DeviceRegistry/schemaRegistries": ("location", "namespace", "storageAccountContainerUrl"),
    "Microsoft.DeviceRegistry/namespaces": ("location",),
    "Microsoft.Kubernetes/connectedClusters": ("location",),
    "Microsoft.IoTOperations/instances": _EDGE,
    "Microsoft.IoTOperations/instances/brokers": (
        "extendedLocation",
        "properties.advanced",
        "properties.cardinality",
        "properties.diskBackedMessageBuffer",
        "properties.generateResourceLimits",
        "properties.memoryProfile",
    ),
    "Microsoft.IoTOperations/instances/brokers/authentications": ("extendedLocation",),
    "Microsoft.IoTOperations/instances/brokers/authorizations": ("extendedLocation",),
    "Microsoft.IoTOperations/instances/brokers/listeners": ("extendedLocation",),
    "Microsoft.IoTOperations/instances/dataflowProfiles": ("extendedLocation",),
    "Microsoft.IoTOperations/instances/dataflowProfiles/dataflows": ("extendedLocation",),
    "Microsoft.IoTOperations/instances/dataflowEndpoints": ("extendedLocation",),
    "Microsoft.IoTOperations/instances/registryEndpoints": ("extendedLocation",),
}


def replaced_by(shape: Shape) -> tuple[str, ...]:
    """Dotted paths of the inputs whose change replaces a resource."""
    return (*shape.path_parameters, *REPLACED_BY.get(shape.arm_type, ()))


def has_location(shape: Shape) -> bool:
    """Whether the body has a location, which azure-native then takes from the resource group if it is not given."""
    return "location" in shape.table.body["properties"]


def is_input(shape: Shape, steps: Sequence[str]) -> bool:
    """Whether an output's path, without indexes, is that of one of the SDK's inputs: not what only Azure writes."""
    if steps[0] in shape.path_parameters:
        return True
    if steps[0] in ("id", "name", "type", "azureApiVersion"):
        return False
    node: Node = shape.table.body
    for depth, step in enumerate(steps):
        name = shape.renamed.get(".".join(steps[: depth + 1]), step)
        found = _member(shape.table, node, name, lifts=shape.flattened or depth > 0)
        if found is None:
            return False
        node = found
    return True


def _member(table: Table, node: Node, name: str, *, lifts: bool) -> Node | None:
    """The member of that name, also where the SDK lifts it out of ARM's `properties`; None if there is none."""
    node = table.resolve(node)
    node = table.resolve(node.get("items", node))
    known = dict(table.members(node, {}))
    if lifts:
        known = {**table.members(table.resolve(known.get("properties", {})), {}), **known}
    if name in known:
        return known[name]
    other: Node | None = node.get("additionalProperties", {"open": True} if node.get("open") else None)
    return other
