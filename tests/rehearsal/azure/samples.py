"""A site to deploy into a modelled Azure: every resource by a short name, in an order that Azure accepts."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from arm.shapes import Shape, shape_of
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.errors import ArmError
from rehearsal.azure.faults import Fault, Faults
from rehearsal.azure.scripts import RunScript
from rehearsal.azure.world import Entry, Surroundings, World
from rehearsal.node.pretended import PretendedScripts
from tests.arm.examples import CLUSTER, GROUP, INPUTS, SUBSCRIPTION

VNET_B = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-b"
EXTENSIONS = f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration/extensions"
ROLE_GUID = "11111111-2222-3333-4444-555555555555"
_AIO = "azure-native_iotoperations_v20260701:iotoperations:"
_REGISTRY = "azure-native_deviceregistry_v20260401:deviceregistry:"
_CONNECT = {
    "SUBSCRIPTION_ID": SUBSCRIPTION,
    "RESOURCE_GROUP": "rg",
    "CLUSTER_NAME": "arck",
    "LOCATION": "eastus2",
}

# Short name -> type, and where it differs from the example of its type.
SITE: dict[str, tuple[str, dict[str, Any]]] = {
    "group": ("azure-native:resources:ResourceGroup", {}),
    "nsg": ("azure-native:network:NetworkSecurityGroup", {}),
    "public-ip": ("azure-native:network:PublicIPAddress", {}),
    "nat": ("azure-native:network:NatGateway", {}),
    "vnet": ("azure-native:network:VirtualNetwork", {}),
    "subnet": ("azure-native:network:Subnet", {}),
    "vnet-b": (
        "azure-native:network:VirtualNetwork",
        {"virtualNetworkName": "vnet-b", "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}},
    ),
    "peering": ("azure-native:network:VirtualNetworkPeering", {}),
    "peering-b": (
        "azure-native:network:VirtualNetworkPeering",
        {"virtualNetworkName": "vnet-b", "remoteVirtualNetwork": {"id": VNET_B.replace("vnet-b", "vnet")}},
    ),
    "nic": ("azure-native:network:NetworkInterface", {}),
    "identity": ("azure-native:managedidentity:UserAssignedIdentity", {}),
    "credential": ("azure-native:managedidentity:FederatedIdentityCredential", {}),
    "role": ("azure-native:authorization:RoleAssignment", {}),
    "role-definition": ("azure-native:authorization:RoleDefinition", {}),
    "vault": ("azure-native:keyvault:Vault", {}),
    "secret": ("azure-native:keyvault:Secret", {}),
    "storage": ("azure-native:storage:StorageAccount", {}),
    "container": ("azure-native:storage:BlobContainer", {}),
    "registry": (_REGISTRY + "SchemaRegistry", {}),
    "namespace": (_REGISTRY + "Namespace", {}),
    "vm": ("azure-native:compute:VirtualMachine", {}),
    "window": ("azure-native:maintenance:MaintenanceConfiguration", {}),
    "assignment": ("azure-native:maintenance:ConfigurationAssignment", {}),
    "connect": (
        "azure-native:compute:VirtualMachineRunCommandByVirtualMachine",
        {
            "runCommandName": "connect-arc",
            "parameters": [{"name": name, "value": value} for name, value in _CONNECT.items()],
        },
    ),
    "aio-extension": ("azure-native:kubernetesconfiguration:Extension", {"version": "1.4.73"}),
    "secret-store": (
        "azure-native:kubernetesconfiguration:Extension",
        {"extensionName": "secret-store", "extensionType": "microsoft.azure.secretstore"},
    ),
    "location": (
        "azure-native:extendedlocation:CustomLocation",
        {"clusterExtensionIds": [f"{EXTENSIONS}/iotoperations", f"{EXTENSIONS}/secret-store"]},
    ),
    "provider-class": ("azure-native:secretsynccontroller:AzureKeyVaultSecretProviderClass", {}),
    "secret-sync": ("azure-native:secretsynccontroller:SecretSync", {}),
    "instance": (_AIO + "Instance", {}),
    "broker": (_AIO + "Broker", {}),
    "listener": (_AIO + "BrokerListener", {}),
    "profile": (_AIO + "DataflowProfile", {}),
    "dataflow": (_AIO + "Dataflow", {}),
}


def inputs_of(name: str, **changes: Any) -> dict[str, Any]:
    """Inputs of a sample; a name with double underscores is a path: properties__createMode."""
    token, differences = SITE[name]
    inputs = {**copy.deepcopy(INPUTS[token]), **copy.deepcopy(differences)}
    for path, value in changes.items():
        *parents, last = path.split("__")
        target = inputs
        for parent in parents:
            target = target.setdefault(parent, {})
        target[last] = value
    return inputs


def shape(name: str) -> Shape:
    return shape_of(SITE[name][0])


def arm_id(name: str, **changes: Any) -> str:
    return shape(name).path(inputs_of(name, **changes), SUBSCRIPTION)


_NO_SCRIPTS = PretendedScripts()


class Azure:
    """A world with a clock that stands still."""

    def __init__(self, path: Path | None = None, run_script: RunScript = _NO_SCRIPTS, **surroundings: Any) -> None:
        self.clock = ManualClock(1_000_000)
        self.faults = Faults()
        around = Surroundings(SUBSCRIPTION, **surroundings)
        self.run_script = run_script
        self.world = World(
            around, self.clock, self.faults, self._during, path, lambda look, command: self.run_script(look, command)
        )
        self.at_the_same_time: list[tuple[str, Any]] = []
        """(part of an ARM id, call): made while such a resource is being written, once."""

    def _during(self, written: str) -> None:
        for index, (part, call) in enumerate(self.at_the_same_time):
            if part in written:
                del self.at_the_same_time[index]
                call()
                return

    def put(self, name: str, *, update: bool = False, **changes: Any) -> Entry:
        return self.world.put(
            shape(name), arm_id(name, **changes), inputs_of(name, **changes), update=update, label=name
        )

    def deploy(self, *names: str) -> None:
        for name in names:
            self.put(name)

    def deploy_until(self, last: str) -> None:
        """Everything of the site, in order, up to this one."""
        names = list(SITE)
        self.deploy(*names[: names.index(last) + 1])

    def delete(self, name: str, **changes: Any) -> None:
        self.world.delete(arm_id(name, **changes), label=name)

    def find(self, name: str) -> Entry | None:
        return self.world.find(arm_id(name))

    def entry(self, name: str) -> Entry:
        found = self.find(name)
        assert found, f"{name} does not exist"
        return found

    def order(self, target: str, operation: str, kind: str, times: int = 1) -> None:
        self.faults.order(Fault(target, operation, kind, times))


def refusal(call: Any, *arguments: Any, **named: Any) -> str:
    """The code of the error that the call ends with; empty if it succeeds."""
    try:
        call(*arguments, **named)
    except ArmError as error:
        return error.code
    return ""
