"""What azure-native gives back after a create: the inputs, and what Azure computes.

Computed ids and addresses are functions of the ARM id, so that a recorded graph is the same every time.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from arm.body import keyed, whole
from arm.values import UNKNOWN


@dataclass(frozen=True)
class Created:
    """A created resource, as far as its outputs depend on it."""

    id: str
    inputs: Mapping[str, Any]
    tenant_id: str

    @property
    def name(self) -> str:
        """The last segment of the id."""
        return self.id.rsplit("/", 1)[1]

    def segment(self, parent: str) -> str:
        """The name of an ancestor, by the segment before it."""
        segments = self.id.split("/")
        return segments[segments.index(parent) + 1]

    def guid(self, what: str) -> str:
        """One of the resource's GUIDs."""
        return guid(f"{self.id}#{what}")


Compute = Callable[[Created], Any]

_SUCCEEDED: dict[str, Compute] = {"provisioningState": lambda _: "Succeeded"}
# Where the SDK does not lift ARM's `properties`.
_BELOW: dict[str, Compute] = {"properties.provisioningState": lambda _: "Succeeded"}

# By ARM type: paths in the SDK's output shape. An input of the same path wins.
COMPUTED: dict[str, dict[str, Compute]] = {
    "Microsoft.Resources/resourceGroups": _BELOW,
    "Microsoft.Network/networkSecurityGroups": _SUCCEEDED | {"resourceGuid": lambda r: r.guid("resource")},
    "Microsoft.Network/virtualNetworks": _SUCCEEDED | {"resourceGuid": lambda r: r.guid("resource")},
    "Microsoft.Network/virtualNetworks/subnets": _SUCCEEDED,
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings": _SUCCEEDED
    | {
        "peeringState": lambda _: "Initiated",  # Connected once the other side exists, which only the world knows
        "peeringSyncLevel": lambda _: "RemoteNotInSync",
    },
    "Microsoft.Network/publicIPAddresses": _SUCCEEDED
    | {"ipAddress": lambda r: address(r.id, 20), "resourceGuid": lambda r: r.guid("resource")},
    "Microsoft.Network/natGateways": _SUCCEEDED | {"resourceGuid": lambda r: r.guid("resource")},
    "Microsoft.Network/networkInterfaces": _SUCCEEDED
    | {"macAddress": lambda r: f"00-0D-3A-{_octets(r.id)}", "resourceGuid": lambda r: r.guid("resource")},
    "Microsoft.ManagedIdentity/userAssignedIdentities": {
        "principalId": lambda r: r.guid("principal"),
        "clientId": lambda r: r.guid("client"),
        "tenantId": lambda r: r.tenant_id,
    },
    "Microsoft.KeyVault/vaults": _BELOW | {"properties.vaultUri": lambda r: f"https://{r.name}.vault.azure.net/"},
    "Microsoft.KeyVault/vaults/secrets": {
        "properties.secretUri": lambda r: _secret_uri(r),
        "properties.secretUriWithVersion": lambda r: f"{_secret_uri(r)}/{r.guid('version').replace('-', '')}",
    },
    "Microsoft.Storage/storageAccounts": _SUCCEEDED
    | {
        "primaryLocation": lambda r: r.inputs.get("location"),
        "statusOfPrimary": lambda _: "available",
        "primaryEndpoints": lambda r: {
            service: f"https://{r.name}.{service}.core.windows.net/"
            for service in ("blob", "dfs", "file", "queue", "table")
        },
    },
    "Microsoft.Compute/virtualMachines": _SUCCEEDED | {"vmId": lambda r: r.guid("vm")},
    "Microsoft.Compute/virtualMachines/runCommands": _SUCCEEDED,
    "Microsoft.KubernetesConfiguration/extensions": _SUCCEEDED
    | {"currentVersion": lambda r: r.inputs.get("version"), "isSystemExtension": lambda _: False},
    "Microsoft.ExtendedLocation/customLocations": _SUCCEEDED,
    "Microsoft.SecretSyncController/azureKeyVaultSecretProviderClasses": _SUCCEEDED,
    "Microsoft.SecretSyncController/secretSyncs": _SUCCEEDED,
    "Microsoft.DeviceRegistry/schemaRegistries": _SUCCEEDED | {"uuid": lambda r: r.guid("uuid")},
    "Microsoft.DeviceRegistry/namespaces": _SUCCEEDED | {"uuid": lambda r: r.guid("uuid")},
    "Microsoft.IoTOperations/instances": _BELOW,
    "Microsoft.IoTOperations/instances/brokers": _BELOW,
    "Microsoft.IoTOperations/instances/brokers/authentications": _BELOW,
    "Microsoft.IoTOperations/instances/brokers/authorizations": _BELOW,
    "Microsoft.IoTOperations/instances/brokers/listeners": _BELOW,
    "Microsoft.IoTOperations/instances/dataflowProfiles": _BELOW,
    "Microsoft.IoTOperations/instances/dataflowProfiles/dataflows": _BELOW,
    "Microsoft.IoTOperations/instances/dataflowEndpoints": _BELOW,
    "Microsoft.IoTOperations/instances/registryEndpoints": _BELOW,
    "Microsoft.Kubernetes/connectedClusters": _SUCCEEDED
    | {
        "connectivityStatus": lambda _: "Connected",
        "oidcIssuerProfile.issuerUrl": lambda r: (
            f"https://{r.inputs.get('location', 'region')}.oic.prod-arc.azure.com/{r.tenant_id}/{r.guid('issuer')}/"
        ),
    },
}

# Inputs that ARM takes and never returns.
WRITE_ONLY: dict[str, tuple[str, ...]] = {
    "Microsoft.KeyVault/vaults/secrets": ("properties.value",),
    "Microsoft.Compute/virtualMachines": ("osProfile.adminPassword", "osProfile.customData", "userData"),
    "Microsoft.Compute/virtualMachines/runCommands": ("protectedParameters", "runAsPassword"),
    "Microsoft.KubernetesConfiguration/extensions": ("configurationProtectedSettings",),
}

# Lists whose items are ARM objects of their own below the resource.
_CHILD_LISTS = ("subnets", "ipConfigurations", "securityRules")


def of(arm_type: str, api_version: str, created: Created, *, preview: bool) -> dict[str, Any]:
    """The outputs in the shape of the SDK's class; in a preview, whatever is not an input is unknown."""
    result: dict[str, Any] = _echo(created.inputs, preview)
    for path in WRITE_ONLY.get(arm_type, ()):
        _remove(result, path.split("."))
    for path, value in _computed(arm_type, api_version, created, result):
        if preview or value is not None:
            _add(result, path.split("."), UNKNOWN if preview else value)
    return result


def _computed(
    arm_type: str, api_version: str, created: Created, result: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    yield from {"id": created.id, "name": created.name, "type": arm_type, "azureApiVersion": api_version}.items()
    for path, compute in COMPUTED.get(arm_type, {}).items():
        yield path, compute(created)
    identity = result.get("identity")
    if isinstance(identity, Mapping) and "SystemAssigned" in str(identity.get("type")):
        yield "identity.principalId", created.guid("principal")
        yield "identity.tenantId", created.tenant_id
    for name in _CHILD_LISTS:
        items = result.get(name)
        for index, item in enumerate(items if isinstance(items, list) else []):
            if not isinstance(item, Mapping):
                continue
            item_id = f"{created.id}/{name}/{item.get('name')}"
            yield f"{name}.{index}.id", item_id
            if name == "ipConfigurations":
                yield f"{name}.{index}.privateIPAddress", address(item_id, 10)


def _echo(value: Any, preview: bool, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _echo(item, preview, key) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        if name == "userAssignedIdentities":
            return _assigned(keyed(value, None), preview)
        return [_echo(item, preview) for item in value]
    return whole(value)


def _assigned(identities: Any, preview: bool) -> Any:
    """A list going in, a map with the ids of each identity coming out (field notes §4)."""
    if identities is UNKNOWN:
        return UNKNOWN
    ids = {"clientId": "client", "principalId": "principal"}
    return {
        arm_id: {key: UNKNOWN if preview else guid(f"{arm_id}#{what}") for key, what in ids.items()}
        for arm_id in identities
    }


def _add(target: Any, path: list[str], value: Any) -> None:
    """Sets a value unless the path is taken, or leads through something that is unknown."""
    *parents, last = path
    for step in parents:
        target = target[int(step)] if isinstance(target, list) else target.setdefault(step, {})
        if not isinstance(target, dict | list):
            return
    if target.get(last) is None:
        target[last] = copy.copy(value)


def _remove(target: Any, path: list[str]) -> None:
    for step in path[:-1]:
        target = target.get(step, {}) if isinstance(target, dict) else {}
    if isinstance(target, dict):
        target.pop(path[-1], None)


def guid(text: str) -> str:
    """A GUID that depends only on the text, in any case: ARM ids are not case-sensitive."""
    return str(uuid5(NAMESPACE_URL, text.lower()))


def address(arm_id: str, first: int) -> str:
    """An IPv4 address that begins with `first`."""
    return ".".join(str(part) for part in (first, *uuid5(NAMESPACE_URL, arm_id.lower()).bytes[:3]))


def _octets(arm_id: str) -> str:
    return uuid5(NAMESPACE_URL, arm_id.lower()).bytes[:3].hex("-").upper()


def _secret_uri(secret: Created) -> str:
    return f"https://{secret.segment('vaults')}.vault.azure.net/secrets/{secret.name}"
