"""Microsoft's client of each service reads and lists what was deployed: every resource of every stack."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import pytest
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.deviceregistry import DeviceRegistryMgmtClient
from azure.mgmt.extendedlocation import CustomLocations
from azure.mgmt.hybridcompute import HybridComputeManagementClient
from azure.mgmt.hybridconnectivity import HybridConnectivityMgmtClient
from azure.mgmt.hybridkubernetes import ConnectedKubernetesClient
from azure.mgmt.iotoperations import IoTOperationsMgmtClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.kubernetesconfiguration.extensions import KubernetesConfigurationExtensionsMgmtClient
from azure.mgmt.maintenance import MaintenanceManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.secretsstoreextension import SecretsStoreExtensionMgmtClient
from azure.mgmt.storage import StorageManagementClient

from arm import ids
from arm.types import BY_ARM_TYPE
from rehearsal.azure.entries import Entry
from rehearsal.azure.world import World
from tests.rehearsal.arm_rest.clients import Client, deployed_body, differences

_GROUP = "list_by_resource_group"
_AIO, _NET, _SSC = IoTOperationsMgmtClient, NetworkManagementClient, SecretsStoreExtensionMgmtClient
# ARM type, without `Microsoft.` -> client, its group of operations, how it reads and lists.
_CLIENTS: Mapping[str, tuple[Any, str, str, str]] = {
    "Authorization/roleAssignments": (AuthorizationManagementClient, "role_assignments", "get", "list_for_scope"),
    "Authorization/roleDefinitions": (AuthorizationManagementClient, "role_definitions", "get", "list"),
    "Compute/virtualMachines": (ComputeManagementClient, "virtual_machines", "get", "list"),
    "Compute/virtualMachines/runCommands": (
        ComputeManagementClient, "virtual_machine_run_commands", "get_by_virtual_machine", "list_by_virtual_machine",
    ),
    "DeviceRegistry/namespaces": (DeviceRegistryMgmtClient, "namespaces", "get", _GROUP),
    "DeviceRegistry/schemaRegistries": (DeviceRegistryMgmtClient, "schema_registries", "get", _GROUP),
    "ExtendedLocation/customLocations": (CustomLocations, "custom_locations", "get", _GROUP),
    "HybridCompute/machines": (HybridComputeManagementClient, "machines", "get", _GROUP),
    "HybridCompute/machines/runCommands": (HybridComputeManagementClient, "machine_run_commands", "get", "list"),
    "HybridConnectivity/endpoints": (HybridConnectivityMgmtClient, "endpoints", "get", "list"),
    "HybridConnectivity/endpoints/serviceConfigurations": (
        HybridConnectivityMgmtClient, "service_configurations", "get", "list_by_endpoint_resource",
    ),
    "IoTOperations/instances": (_AIO, "instance", "get", _GROUP),
    "IoTOperations/instances/akriConnectorTemplates": (
        _AIO, "akri_connector_template", "get", "list_by_instance_resource",
    ),
    "IoTOperations/instances/brokers": (_AIO, "broker", "get", _GROUP),
    "IoTOperations/instances/brokers/authentications": (_AIO, "broker_authentication", "get", _GROUP),
    "IoTOperations/instances/brokers/authorizations": (_AIO, "broker_authorization", "get", _GROUP),
    "IoTOperations/instances/brokers/listeners": (_AIO, "broker_listener", "get", _GROUP),
    "IoTOperations/instances/dataflowEndpoints": (_AIO, "dataflow_endpoint", "get", _GROUP),
    "IoTOperations/instances/dataflowProfiles": (_AIO, "dataflow_profile", "get", _GROUP),
    "IoTOperations/instances/dataflowProfiles/dataflows": (_AIO, "dataflow", "get", _GROUP),
    "IoTOperations/instances/registryEndpoints": (_AIO, "registry_endpoint", "get", "list_by_instance_resource"),
    "KeyVault/vaults": (KeyVaultManagementClient, "vaults", "get", _GROUP),
    "KeyVault/vaults/secrets": (KeyVaultManagementClient, "secrets", "get", "list"),
    "Kubernetes/connectedClusters": (ConnectedKubernetesClient, "connected_cluster", "get", _GROUP),
    "KubernetesConfiguration/extensions": (KubernetesConfigurationExtensionsMgmtClient, "extensions", "get", "list"),
    "Maintenance/configurationAssignments": (
        MaintenanceManagementClient, "configuration_assignments", "get", "list",
    ),
    "Maintenance/maintenanceConfigurations": (
        MaintenanceManagementClient, "maintenance_configurations", "get",
        "maintenance_configurations_for_resource_group.list",
    ),
    "ManagedIdentity/userAssignedIdentities": (
        ManagedServiceIdentityClient, "user_assigned_identities", "get", _GROUP,
    ),
    "ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": (
        ManagedServiceIdentityClient, "federated_identity_credentials", "get", "list",
    ),
    "Network/natGateways": (_NET, "nat_gateways", "get", "list"),
    "Network/networkInterfaces": (_NET, "network_interfaces", "get", "list"),
    "Network/networkSecurityGroups": (_NET, "network_security_groups", "get", "list"),
    "Network/publicIPAddresses": (_NET, "public_ip_addresses", "get", "list"),
    "Network/virtualNetworks": (_NET, "virtual_networks", "get", "list"),
    "Network/virtualNetworks/subnets": (_NET, "subnets", "get", "list"),
    "Network/virtualNetworks/virtualNetworkPeerings": (_NET, "virtual_network_peerings", "get", "list"),
    "Resources/resourceGroups": (ResourceManagementClient, "resource_groups", "get", "list"),
    "SecretSyncController/azureKeyVaultSecretProviderClasses": (
        _SSC, "azure_key_vault_secret_provider_classes", "get", _GROUP,
    ),
    "SecretSyncController/secretSyncs": (_SSC, "secret_syncs", "get", _GROUP),
    "Storage/storageAccounts": (StorageManagementClient, "storage_accounts", "get_properties", _GROUP),
    "Storage/storageAccounts/blobServices/containers": (StorageManagementClient, "blob_containers", "get", "list"),
}  # fmt: skip


def as_json(model: Any) -> Any:
    """What a client has made of an answer: newer clients keep the JSON below, older ones write it again."""
    return model.serialize(keep_readonly=True) if hasattr(model, "serialize") else model.as_dict()


def test_every_type_of_the_model_has_a_client_here() -> None:
    missing = set(BY_ARM_TYPE) - {f"Microsoft.{name}" for name in _CLIENTS}
    assert not missing, f"{missing}: name Microsoft's client in _CLIENTS of {__file__}"


def test_every_resource_is_read_and_listed_as_it_was_deployed(stack: tuple[Client, World]) -> None:
    client, world = stack
    by_parent: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in world.entries():
        by_parent[entry.row.arm_type, ids.parent_of(entry.id)].append(entry)
    made = {kind: client.make(kind) for kind, *_ in _CLIENTS.values()}
    wrong: list[str] = []
    for (arm_type, parent), entries in by_parent.items():
        kind, operations, read, lists = _CLIENTS[arm_type.removeprefix("Microsoft.")]
        group = getattr(made[kind], operations)
        paths = [list(one.shape.path_inputs(one.id).values()) for one in entries]
        if arm_type.startswith("Microsoft.Authorization/"):
            paths = [path[::-1] if "/" in path[-1] else path for path in paths]
        list_all = attrgetter(lists)(made[kind] if "." in lists else group)
        listed = {as_json(one)["id"]: as_json(one) for one in list_all(*paths[0][:-1])}
        assert listed.keys() >= {one.id for one in entries}, (arm_type, parent)
        for entry, path in zip(entries, paths, strict=True):
            for how, found in (("read", as_json(getattr(group, read)(*path))), ("listed", listed[entry.id])):
                assert found["id"] == entry.id
                assert found["name"] == entry.name
                wrong += [f"{how} {entry.id}{one}" for one in differences(deployed_body(entry), found)]
    assert not wrong, "\n".join(wrong[:40])


def test_no_client_can_be_told_a_secret(stack: tuple[Client, World]) -> None:
    client, world = stack
    secrets = [entry for entry in world.entries() if entry.type == "Microsoft.KeyVault/vaults/secrets"]
    vaults = client.make(KeyVaultManagementClient)
    for entry in secrets:
        value = entry.inputs["properties"]["value"]
        assert len(value) > 20
        found = vaults.secrets.get(*entry.shape.path_inputs(entry.id).values())
        assert value not in str(found.as_dict())


@pytest.mark.parametrize("stack", ["dev"], indirect=True)
def test_a_script_tells_what_became_of_it_where_that_is_asked(stack: tuple[Client, World]) -> None:
    client, world = stack
    commands = [entry for entry in world.entries() if entry.type == "Microsoft.Compute/virtualMachines/runCommands"]
    api = client.make(ComputeManagementClient).virtual_machine_run_commands
    for entry in commands:
        path = list(entry.shape.path_inputs(entry.id).values())
        assert api.get_by_virtual_machine(*path).instance_view is None
        view = api.get_by_virtual_machine(*path, expand="instanceView").instance_view
        assert (view.execution_state, view.exit_code) == ("Succeeded", 0)


@pytest.mark.parametrize("stack", ["dev"], indirect=True)
def test_a_machine_tells_whether_it_runs(stack: tuple[Client, World]) -> None:
    client, world = stack
    machines = [entry for entry in world.entries() if entry.type == "Microsoft.Compute/virtualMachines"]
    api = client.make(ComputeManagementClient).virtual_machines
    for entry in machines:
        machine = api.get(*entry.shape.path_inputs(entry.id).values(), expand="instanceView")
        assert "PowerState/running" in {status.code for status in machine.instance_view.statuses}
