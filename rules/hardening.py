"""Values that are the same in every deployment: a wrong one works at first, and costs security or data later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from arm.types import ResourceType
from arm.types.authorization import ROLE_DEFINITION
from arm.types.compute import RUN_COMMAND, VIRTUAL_MACHINE
from arm.types.deviceregistry import DEVICE_REGISTRY_NAMESPACE, SCHEMA_REGISTRY
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.iotoperations import (
    BROKER,
    BROKER_LISTENER,
    DATAFLOW,
    DATAFLOW_ENDPOINT,
    DATAFLOW_PROFILE,
    INSTANCE,
)
from arm.types.keyvault import SECRET, VAULT
from arm.types.kubernetesconfiguration import EXTENSION
from arm.types.network import (
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    NETWORK_SECURITY_GROUP,
    PUBLIC_IP_ADDRESS,
    VIRTUAL_NETWORK,
    VIRTUAL_NETWORK_PEERING,
)
from arm.types.storage import BLOB_CONTAINER, STORAGE_ACCOUNT
from graph.inputs import list_at, text_at
from rules.facts.node import IMAGE
from rules.lookup import Hits, View

_LEARN = "learn.microsoft.com/azure"
_ABSENT = None
_STORAGE = f"{_LEARN}/storage/blobs/security-recommendations"
_SCHEMAS = f"{_LEARN}/iot-operations/connect-to-cloud/concept-schema-registry"
_VAULT = f"{_LEARN}/key-vault/general/best-practices"
_TRUSTED_LAUNCH = f"{_LEARN}/virtual-machines/trusted-launch"
_VM = f"{_LEARN}/virtual-machines/linux/run-command-managed"
_LINUX = f"{_LEARN}/virtual-machines/security-recommendations"
_UBUNTU = f"{_LEARN}/iot-operations/deploy-iot-ops/overview-deploy, supported environments"
_PATCHES = f"{_LEARN}/virtual-machines/automatic-vm-guest-patching"
_DELETE = f"{_LEARN}/virtual-machines/delete"
_NIC = f"{_LEARN}/virtual-network/virtual-network-network-interface"
_NAT = f"{_LEARN}/nat-gateway/nat-gateway-resource"
_PEERING = f"{_LEARN}/virtual-network/virtual-network-manage-peering"
_BROKER = f"{_LEARN}/iot-operations/manage-mqtt-broker/howto-configure-availability-scale"
_PERSISTENCE = f"{_LEARN}/iot-operations/manage-mqtt-broker/howto-broker-persistence"
_LISTENER = f"{_LEARN}/iot-operations/manage-mqtt-broker/howto-configure-brokerlistener"
_ENDPOINT = f"{_LEARN}/iot-operations/connect-to-cloud/howto-configure-mqtt-endpoint"
_DATAFLOW = f"{_LEARN}/iot-operations/connect-to-cloud/howto-create-dataflow"
_PROFILE = f"{_LEARN}/iot-operations/connect-to-cloud/howto-configure-dataflow-profile"
_INSTANCE = f"{_LEARN}/iot-operations/deploy-iot-ops/howto-enable-secure-settings"


@dataclass(frozen=True)
class Fixed:
    """One input of one type. `*` in the path stands for every item of a list; `None` among the values for absent."""

    type: ResourceType
    path: str
    values: tuple[Any, ...]
    """What is right, the best one first; none: any value, but there must be one."""
    why: str
    source: str


FIXED: tuple[Fixed, ...] = (
    Fixed(STORAGE_ACCOUNT, "isHnsEnabled", (True,), "the schema registry writes to a hierarchical namespace", _SCHEMAS),
    Fixed(STORAGE_ACCOUNT, "kind", ("StorageV2",), "no other kind has a hierarchical namespace", _SCHEMAS),
    Fixed(STORAGE_ACCOUNT, "publicNetworkAccess", ("Enabled", _ABSENT), "no private endpoint leads there", _SCHEMAS),
    Fixed(STORAGE_ACCOUNT, "networkRuleSet.defaultAction", (_ABSENT, "Allow"), "the schema registry is outside",
          _SCHEMAS),
    Fixed(STORAGE_ACCOUNT, "allowBlobPublicAccess", (False,), "anybody could read schemas", _STORAGE),
    Fixed(STORAGE_ACCOUNT, "allowSharedKeyAccess", (False,), "a key opens everything and names nobody", _STORAGE),
    Fixed(STORAGE_ACCOUNT, "allowCrossTenantReplication", (False,), "schemas could be copied out", _STORAGE),
    Fixed(STORAGE_ACCOUNT, "enableHttpsTrafficOnly", (True,), "plain HTTP would be answered", _STORAGE),
    Fixed(STORAGE_ACCOUNT, "minimumTlsVersion", ("TLS1_2", "TLS1_3"), "older versions are broken", _STORAGE),
    Fixed(BLOB_CONTAINER, "publicAccess", ("None", _ABSENT), "anybody could read schemas", _STORAGE),
    Fixed(VAULT, "properties.enableSoftDelete", (True,), "a deleted vault would be gone with every key", _VAULT),
    Fixed(VAULT, "properties.publicNetworkAccess", ("Enabled", _ABSENT), "no private endpoint leads there", _VAULT),
    Fixed(VAULT, "properties.networkAcls.defaultAction", (_ABSENT, "Allow"), "secret sync is outside", _VAULT),
    Fixed(VAULT, "properties.enabledForDeployment", (False, _ABSENT), "VMs could fetch keys past roles", _VAULT),
    Fixed(VAULT, "properties.enabledForDiskEncryption", (False, _ABSENT), "no disk needs a key of it", _VAULT),
    Fixed(VAULT, "properties.enabledForTemplateDeployment", (False, _ABSENT), "templates could read keys", _VAULT),
    Fixed(SECRET, "properties.attributes.enabled", (_ABSENT, True), "secret sync reads no disabled secret", _VAULT),
    Fixed(VIRTUAL_MACHINE, "securityProfile.securityType", ("TrustedLaunch",), "a boot kit would go unseen",
          _TRUSTED_LAUNCH),
    Fixed(VIRTUAL_MACHINE, "securityProfile.uefiSettings.secureBootEnabled", (True,), "a boot kit would go unseen",
          _TRUSTED_LAUNCH),
    Fixed(VIRTUAL_MACHINE, "securityProfile.uefiSettings.vTpmEnabled", (True,), "a boot could not be attested",
          _TRUSTED_LAUNCH),
    Fixed(VIRTUAL_MACHINE, "osProfile.linuxConfiguration.disablePasswordAuthentication", (True,),
          "passwords can be guessed", _LINUX),
    Fixed(VIRTUAL_MACHINE, "osProfile.adminPassword", (_ABSENT,), "passwords can be guessed", _LINUX),
    Fixed(VIRTUAL_MACHINE, "osProfile.linuxConfiguration.provisionVMAgent", (True, _ABSENT),
          "the agent runs Run Commands", _VM),
    Fixed(VIRTUAL_MACHINE, "osProfile.allowExtensionOperations", (True, _ABSENT), "Run Command is one", _VM),
    Fixed(VIRTUAL_MACHINE, "osProfile.linuxConfiguration.patchSettings.patchMode", ("AutomaticByPlatform",),
          "nobody else patches the node", _PATCHES),
    Fixed(VIRTUAL_MACHINE,
          "osProfile.linuxConfiguration.patchSettings.automaticByPlatformSettings.rebootSetting", ("Never",),
          "a reboot takes the broker down", _PATCHES),
    Fixed(VIRTUAL_MACHINE, "storageProfile.imageReference.publisher", (IMAGE.value["publisher"],),
          "the scripts need Ubuntu", _UBUNTU),
    Fixed(VIRTUAL_MACHINE, "storageProfile.imageReference.offer", (IMAGE.value["offer"],),
          "what AIO is validated on", _UBUNTU),
    Fixed(VIRTUAL_MACHINE, "storageProfile.imageReference.sku", ("server", "minimal"),
          "TrustedLaunch needs generation 2", _TRUSTED_LAUNCH),
    Fixed(VIRTUAL_MACHINE, "storageProfile.imageReference.version", (), "an image has a version, or is the latest",
          _UBUNTU),
    Fixed(VIRTUAL_MACHINE, "storageProfile.osDisk.createOption", ("FromImage",), "the node starts from the image",
          _UBUNTU),
    Fixed(VIRTUAL_MACHINE, "storageProfile.osDisk.deleteOption", ("Delete",), "keys would stay on an orphaned disk",
          _DELETE),
    Fixed(VIRTUAL_MACHINE, "storageProfile.osDisk.diffDiskSettings.option", (_ABSENT,),
          "a redeployed node would be empty", _DELETE),
    Fixed(VIRTUAL_MACHINE, "networkProfile.networkInterfaces.*.deleteOption", ("Detach", _ABSENT),
          "the interface is a resource of the stack", _DELETE),
    Fixed(VIRTUAL_MACHINE, "priority", (_ABSENT, "Regular"), "Azure evicts Spot machines",
          f"{_LEARN}/virtual-machines/spot-vms"),
    Fixed(VIRTUAL_MACHINE, "identity.type", ("UserAssigned", "SystemAssigned, UserAssigned"),
          "the node signs in to connect itself", f"{_LEARN}/azure-arc/kubernetes/quickstart-connect-cluster"),
    Fixed(RUN_COMMAND, "asyncExecution", (False, _ABSENT), "the deployment would go on before the script ends", _VM),
    Fixed(RUN_COMMAND, "runAsUser", (_ABSENT,), "the scripts are root's", _VM),
    Fixed(NETWORK_INTERFACE, "enableIPForwarding", (_ABSENT, False), "the node routes for nobody", _NIC),
    Fixed(NETWORK_INTERFACE, "dnsSettings.dnsServers", (_ABSENT, []), "Azure's DNS answers for Arc", _NIC),
    Fixed(NETWORK_INTERFACE, "ipConfigurations.*.privateIPAddressVersion", ("IPv4", _ABSENT), "links use IPv4", _NIC),
    Fixed(VIRTUAL_NETWORK, "dhcpOptions.dnsServers", (_ABSENT, []), "Azure's DNS answers for Arc",
          f"{_LEARN}/virtual-network/virtual-networks-name-resolution-for-vms-and-role-instances"),
    Fixed(VIRTUAL_NETWORK, "enableDdosProtection", (False, _ABSENT), "Azure asks for a protection plan with it",
          f"{_LEARN}/ddos-protection/manage-ddos-protection"),
    Fixed(NETWORK_SECURITY_GROUP, "securityRules.*.sourcePortRange", ("*",), "clients choose their own ports",
          f"{_LEARN}/virtual-network/network-security-groups-overview"),
    Fixed(PUBLIC_IP_ADDRESS, "sku.name", ("Standard",), "a NAT gateway takes no other", _NAT),
    Fixed(PUBLIC_IP_ADDRESS, "sku.tier", ("Regional", _ABSENT), "a NAT gateway takes no other", _NAT),
    Fixed(PUBLIC_IP_ADDRESS, "publicIPAllocationMethod", ("Static",), "Standard addresses are static", _NAT),
    Fixed(PUBLIC_IP_ADDRESS, "publicIPAddressVersion", ("IPv4", _ABSENT), "nodes have IPv4 only", _NAT),
    Fixed(NAT_GATEWAY, "sku.name", ("Standard",), "the public address is of that SKU", _NAT),
    Fixed(VIRTUAL_NETWORK_PEERING, "allowForwardedTraffic", (False, _ABSENT),
          "a site could send for others through this one", _PEERING),
    Fixed(VIRTUAL_NETWORK_PEERING, "allowGatewayTransit", (False, _ABSENT), "no gateway is shared", _PEERING),
    Fixed(VIRTUAL_NETWORK_PEERING, "useRemoteGateways", (False, _ABSENT), "no gateway is shared", _PEERING),
    Fixed(EXTENSION, "identity.type", ("SystemAssigned",), "roles are given to its identity",
          f"{_LEARN}/azure-arc/kubernetes/extensions"),
    Fixed(SCHEMA_REGISTRY, "identity.type", ("SystemAssigned",), "it writes to its container by it", _SCHEMAS),
    Fixed(DEVICE_REGISTRY_NAMESPACE, "identity.type", ("SystemAssigned",), "as `az iot adr ns create` makes it",
          "learn.microsoft.com/cli/azure/iot/adr/ns"),
    Fixed(INSTANCE, "identity.type", ("UserAssigned",), "dataflows sign in to Azure by it", _INSTANCE),
    Fixed(INSTANCE, "properties.defaultSecretProviderClassRef.resourceId", (), "the portal syncs secrets by it",
          _INSTANCE),
    Fixed(INSTANCE, "properties.schemaRegistryRef.resourceId", (), "dataflows look schemas up there", _SCHEMAS),
    Fixed(INSTANCE, "properties.adrNamespaceRef.resourceId", (), "assets and devices are there", _INSTANCE),
    Fixed(BROKER, "properties.generateResourceLimits.cpu", ("Disabled",),
          "one node has not a core for every worker", _BROKER),
    Fixed(BROKER, "properties.diagnostics.logs.level", ("info", _ABSENT, "warn", "error", "debug", "trace"),
          "AIO knows no other level", f"{_LEARN}/iot-operations/manage-mqtt-broker/howto-broker-diagnostics"),
    Fixed(DATAFLOW_PROFILE, "properties.diagnostics.logs.level", ("info", _ABSENT, "warn", "error", "debug", "trace"),
          "AIO knows no other level", _PROFILE),
    Fixed(ROLE_DEFINITION, "roleType", ("CustomRole",), "Azure makes no other", f"{_LEARN}/role-based-access-control"),
    Fixed(CUSTOM_LOCATION, "hostType", ("Kubernetes",), "a custom location stands on a connected cluster",
          f"{_LEARN}/azure-arc/kubernetes/custom-locations"),
    Fixed(BROKER, "properties.advanced.encryptInternalTraffic", (_ABSENT, "Enabled"), "messages cross pods in plain",
          _BROKER),
    Fixed(BROKER, "properties.persistence.encryption.mode", (_ABSENT, "Enabled"), "messages lie on the disk in plain",
          _PERSISTENCE),
    Fixed(BROKER_LISTENER, "properties.ports.*.protocol", (_ABSENT, "Mqtt"), "dataflows speak MQTT", _LISTENER),
    Fixed(BROKER_LISTENER, "properties.ports.*.nodePort", (_ABSENT,), "the service's port is the one that is open",
          _LISTENER),
    Fixed(DATAFLOW_ENDPOINT, "properties.endpointType", ("Mqtt",), "links are MQTT", _ENDPOINT),
    Fixed(DATAFLOW_ENDPOINT, "properties.hostType", (_ABSENT, "CustomMqtt", "LocalBroker"), "brokers are AIO's own",
          _ENDPOINT),
    Fixed(DATAFLOW_ENDPOINT, "properties.mqttSettings.protocol", (_ABSENT, "Mqtt"), "listeners speak MQTT", _ENDPOINT),
    Fixed(DATAFLOW_ENDPOINT, "properties.mqttSettings.retain", (_ABSENT, "Keep"), "retained messages arrive retained",
          _ENDPOINT),
    Fixed(DATAFLOW_PROFILE, "properties.instanceCount", (1,),
          "a second instance would use the client ids of the first", _PROFILE),
    Fixed(DATAFLOW, "properties.mode", (_ABSENT, "Enabled"), "a disabled dataflow carries nothing", _DATAFLOW),
    Fixed(DATAFLOW, "properties.operations.*.builtInTransformationSettings.map.*.type", ("PassThrough",),
          "messages pass as they are", _DATAFLOW),
    Fixed(DATAFLOW, "properties.operations.*.builtInTransformationSettings.map.*.inputs", (["*"],),
          "messages pass as they are", _DATAFLOW),
    Fixed(DATAFLOW, "properties.operations.*.builtInTransformationSettings.map.*.output", ("*",),
          "messages pass as they are", _DATAFLOW),
    Fixed(DATAFLOW, "properties.operations.*.builtInTransformationSettings.filter", (_ABSENT, []),
          "messages pass as they are", _DATAFLOW),
    Fixed(DATAFLOW, "properties.operations.*.builtInTransformationSettings.datasets", (_ABSENT, []),
          "messages pass as they are", _DATAFLOW),
)  # fmt: skip
"""Every value that matters and follows from no setting."""


def fixed_values(view: View) -> Hits:
    """Require each value of the table."""
    for row in FIXED:
        for resource in view.all(row.type):
            for where, given in read(view.inputs(resource), row.path):
                if given is None if not row.values else given not in row.values:
                    expected = repr(row.values[0]) if row.values else "a value"
                    expected = "none" if row.values and row.values[0] is None else expected
                    shown = "missing" if given is None else repr(given)
                    yield resource.name, f"{where}: {shown}; expected {expected}: {row.why} ({row.source})"


def read(value: Any, path: str, where: str = "") -> Iterator[tuple[str, Any]]:
    """Return (place, value) of what is at a dotted path; `*` stands for every item of a list."""
    head, _, rest = path.partition(".")
    if not path:
        yield where, value
    elif head == "*":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from read(item, rest, f"{where}[{index}]")
    else:
        inner = value.get(head) if isinstance(value, Mapping) else None
        yield from read(inner, rest, f"{where}.{head}" if where else head)


def custom_roles(view: View) -> Hits:
    """Require that a custom role can be given where it is defined and nowhere else, and counts no rights down."""
    for role in view.all(ROLE_DEFINITION):
        inputs = view.inputs(role)
        scope, given = text_at(inputs, "scope"), list_at(inputs, "assignableScopes")
        if given != [scope]:
            yield role.name, f"assignableScopes: {given}; expected [{scope!r}], where it is needed"
        for index, one in enumerate(list_at(inputs, "permissions")):
            for key in sorted(set(one) - {"actions"}):
                if one[key]:
                    yield role.name, f"permissions[{index}].{key}: {one[key]}; expected none, `actions` alone say it"
