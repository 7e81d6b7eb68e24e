"""Values that are the same in every deployment: a wrong one works at first, and costs security or data later."""

from __future__ import annotations

from arm.types.authorization import ROLE_DEFINITION
from arm.types.deviceregistry import DEVICE_REGISTRY_NAMESPACE, SCHEMA_REGISTRY
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.hybridconnectivity import ENDPOINT, SERVICE_CONFIGURATION
from arm.types.iotoperations import (
    BROKER,
    BROKER_AUTHORIZATION,
    BROKER_LISTENER,
    DATAFLOW,
    DATAFLOW_ENDPOINT,
    DATAFLOW_PROFILE,
    INSTANCE,
)
from arm.types.keyvault import SECRET, VAULT
from arm.types.kubernetesconfiguration import EXTENSION
from arm.types.maintenance import MAINTENANCE_CONFIGURATION
from arm.types.network import (
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    NETWORK_SECURITY_GROUP,
    PUBLIC_IP_ADDRESS,
    SUBNET,
    VIRTUAL_NETWORK,
    VIRTUAL_NETWORK_PEERING,
)
from arm.types.storage import BLOB_CONTAINER, STORAGE_ACCOUNT
from graph.inputs import list_at, text_at
from rules.hosting import azure_vm
from rules.lookup import Hits, View
from rules.tables import Fixed, read

_LEARN = "learn.microsoft.com/azure"
_ABSENT = None
_STORAGE = f"{_LEARN}/storage/blobs/security-recommendations"
_ACCOUNTS = f"{_LEARN}/storage/common/storage-account-overview"
_ARM = "Azure/azure-resource-manager-schemas: what the property says of itself"
_ORCHESTRATION = "Azure/azure-iot-ops-cli-extension, azext_edge/edge/providers/orchestration"
_REGISTRY = f"{_ORCHESTRATION}/resources/schema_registries.py"
_TEMPLATE = "Azure/digital-ops-scale-kit, workspaces/iot-operations/templates/aio/modules/instance-2026-07-01.bicep"
_VAULT = f"{_LEARN}/key-vault/general/best-practices"
_NIC = f"{_LEARN}/virtual-network/virtual-network-network-interface"
_ADDRESS = f"{_LEARN}/virtual-network/ip-services/public-ip-addresses"
_NAT = f"{_LEARN}/nat-gateway/nat-gateway-resource"
_PEERING = f"{_LEARN}/virtual-network/virtual-network-manage-peering"
_SUBNET = f"{_LEARN}/private-link/disable-private-endpoint-network-policy"
_BROKER = f"{_LEARN}/iot-operations/manage-mqtt-broker/howto-configure-availability-scale"
_PERSISTENCE = f"{_LEARN}/iot-operations/manage-mqtt-broker/howto-broker-persistence"
_LISTENER = f"{_LEARN}/iot-operations/manage-mqtt-broker/howto-configure-brokerlistener"
_ENDPOINT = f"{_LEARN}/iot-operations/connect-to-cloud/howto-configure-mqtt-endpoint"
_AUTHORIZATION = f"{_LEARN}/iot-operations/manage-mqtt-broker/howto-configure-authorization"
_DATAFLOW = f"{_LEARN}/iot-operations/connect-to-cloud/howto-create-dataflow"
_PROFILE = f"{_LEARN}/iot-operations/connect-to-cloud/howto-configure-dataflow-profile"
_SSH_OVER_ARC = f"{_LEARN}/azure-arc/servers/ssh-arc-overview"
_WINDOW = f"{_LEARN}/virtual-machines/maintenance-configurations, Guest"
_INSTANCE = f"{_LEARN}/iot-operations/deploy-iot-ops/howto-enable-secure-settings"


FIXED: tuple[Fixed, ...] = (
    Fixed(ENDPOINT, "endpointName", ("default",), "az looks for it", _SSH_OVER_ARC),
    Fixed(ENDPOINT, "type", ("default",), "a custom one leads to another resource", _SSH_OVER_ARC),
    Fixed(SERVICE_CONFIGURATION, "serviceConfigurationName", ("SSH",), "az looks for it", _SSH_OVER_ARC),
    Fixed(SERVICE_CONFIGURATION, "serviceName", ("SSH",), "the other one is Windows Admin Center", _SSH_OVER_ARC),
    Fixed(MAINTENANCE_CONFIGURATION, "maintenanceScope", ("InGuestPatch",), "no other patches what runs in a machine",
          _WINDOW),
    Fixed(MAINTENANCE_CONFIGURATION, "extensionProperties.InGuestPatchMode", ("User",),
          "the scope asks for it, and the platform's mode knows no window", "Azure/bicep#8959"),
    Fixed(MAINTENANCE_CONFIGURATION, "installPatches.rebootSetting", ("IfRequired",),
          "a patched kernel does not run before a reboot, and no other needs one", _WINDOW),
    Fixed(MAINTENANCE_CONFIGURATION, "installPatches.linuxParameters.classificationsToInclude",
          (["Critical", "Security"],), "other packages change what was tried", _WINDOW),
    Fixed(STORAGE_ACCOUNT, "isHnsEnabled", (True,), "the schema registry asks for a hierarchical namespace", _REGISTRY),
    Fixed(STORAGE_ACCOUNT, "kind", ("StorageV2",), "no other of the standard kinds has one", _ACCOUNTS),
    Fixed(STORAGE_ACCOUNT, "publicNetworkAccess", ("Enabled", _ABSENT), "versions of schemas ask for it", _REGISTRY),
    Fixed(STORAGE_ACCOUNT, "accessTier", ("Hot", _ABSENT), "schemas are read whenever a dataflow starts",
          f"{_LEARN}/storage/blobs/access-tiers-overview"),
    Fixed(STORAGE_ACCOUNT, "networkRuleSet.defaultAction", (_ABSENT, "Allow"), "the schema registry is outside",
          _STORAGE),
    Fixed(STORAGE_ACCOUNT, "allowBlobPublicAccess", (False,), "anybody could read schemas", _STORAGE),
    Fixed(STORAGE_ACCOUNT, "allowSharedKeyAccess", (False,), "a key opens everything and names nobody", _STORAGE),
    Fixed(STORAGE_ACCOUNT, "allowCrossTenantReplication", (False,), "schemas could be copied out", _ARM),
    Fixed(STORAGE_ACCOUNT, "enableHttpsTrafficOnly", (True,), "plain HTTP would be answered", _STORAGE),
    Fixed(STORAGE_ACCOUNT, "minimumTlsVersion", ("TLS1_2", "TLS1_3"), "older versions are broken", _STORAGE),
    Fixed(BLOB_CONTAINER, "publicAccess", ("None", _ABSENT), "anybody could read schemas", _STORAGE),
    Fixed(VAULT, "properties.enableSoftDelete", (True,), "a deleted vault would be gone with every key", _VAULT),
    Fixed(VAULT, "properties.publicNetworkAccess", ("Enabled", _ABSENT), "no private endpoint leads there", _ARM),
    Fixed(VAULT, "properties.networkAcls.defaultAction", (_ABSENT, "Allow"), "secret sync is outside",
          f"{_LEARN}/azure-arc/kubernetes/secret-store-extension-troubleshooting"),
    Fixed(VAULT, "properties.enabledForDeployment", (False, _ABSENT), "machines could fetch keys past roles", _ARM),
    Fixed(VAULT, "properties.enabledForDiskEncryption", (False, _ABSENT), "no disk needs a key of it", _ARM),
    Fixed(VAULT, "properties.enabledForTemplateDeployment", (False, _ABSENT), "templates could read keys", _ARM),
    Fixed(SECRET, "properties.attributes.enabled", (_ABSENT, True), "secret sync reads no disabled secret", _ARM),
    Fixed(VAULT, "properties.sku.name", ("standard",), "no key of it needs an HSM, which premium is paid for", _VAULT),
    Fixed(SECRET, "properties.contentType", ("application/x-pem-file",), "whoever reads it sees what form it has",
          f"{_LEARN}/key-vault/certificates/certificate-scenarios"),
    Fixed(NETWORK_INTERFACE, "enableAcceleratedNetworking", (True,), "every size of the table has it, and v6 needs it",
          f"{_LEARN}/virtual-network/accelerated-networking-overview"),
    Fixed(NETWORK_INTERFACE, "ipConfigurations.*.primary", (True, _ABSENT), "Azure takes no interface without one",
          _NIC),
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
    Fixed(PUBLIC_IP_ADDRESS, "sku.tier", ("Regional", _ABSENT), "the global tier is for load balancers", _ADDRESS),
    Fixed(PUBLIC_IP_ADDRESS, "publicIPAllocationMethod", ("Static",), "Standard addresses are static", _ADDRESS),
    Fixed(PUBLIC_IP_ADDRESS, "publicIPAddressVersion", ("IPv4", _ABSENT), "nodes have IPv4 only", _NAT),
    Fixed(PUBLIC_IP_ADDRESS, "idleTimeoutInMinutes", (4, _ABSENT), "Azure's default, which the gateway's own overrides",
          _NAT),
    Fixed(NAT_GATEWAY, "idleTimeoutInMinutes", (4, _ABSENT), "Azure's least; a longer one runs out of ports", _NAT),
    Fixed(NAT_GATEWAY, "sku.name", ("Standard",), "the public address is of that SKU", _NAT),
    Fixed(SUBNET, "privateLinkServiceNetworkPolicies", ("Enabled", _ABSENT), "Azure's default; no service is offered",
          _SUBNET),
    Fixed(SUBNET, "privateEndpointNetworkPolicies", ("Disabled", _ABSENT), "Azure's default; no endpoint is there",
          _SUBNET),
    Fixed(VIRTUAL_NETWORK_PEERING, "allowForwardedTraffic", (False, _ABSENT),
          "a site could send for others through this one", _PEERING),
    Fixed(VIRTUAL_NETWORK_PEERING, "allowGatewayTransit", (False, _ABSENT), "no gateway is shared", _PEERING),
    Fixed(VIRTUAL_NETWORK_PEERING, "useRemoteGateways", (False, _ABSENT), "no gateway is shared", _PEERING),
    Fixed(EXTENSION, "identity.type", ("SystemAssigned",), "roles are given to its identity",
          f"{_LEARN}/azure-arc/kubernetes/extensions"),
    Fixed(SCHEMA_REGISTRY, "identity.type", ("SystemAssigned",), "it writes to its container by it", _REGISTRY),
    Fixed(DEVICE_REGISTRY_NAMESPACE, "identity.type", ("SystemAssigned",), "as `az iot adr ns create` makes it",
          "learn.microsoft.com/cli/azure/iot/adr/ns"),
    Fixed(DEVICE_REGISTRY_NAMESPACE, "messaging", (), "else azure-native sends no `properties`, as the schema requires",
          "Azure/bicep-types-az, Microsoft.DeviceRegistry/namespaces@2026-04-01"),
    Fixed(INSTANCE, "identity.type", ("UserAssigned",), "dataflows sign in to Azure by it", _INSTANCE),
    Fixed(INSTANCE, "properties.defaultSecretProviderClassRef.resourceId", (), "the portal syncs secrets by it",
          _INSTANCE),
    Fixed(INSTANCE, "properties.schemaRegistryRef.resourceId", (), "dataflows look schemas up there", _TEMPLATE),
    Fixed(INSTANCE, "properties.adrNamespaceRef.resourceId", (), "assets and devices are there", _TEMPLATE),
    Fixed(BROKER, "properties.generateResourceLimits.cpu", ("Disabled",),
          "one node has not a core for every worker", _BROKER),
    Fixed(BROKER, "properties.diagnostics.logs.level", ("info", _ABSENT, "warn", "error", "debug", "trace"),
          "AIO documents no other level", _ARM),
    Fixed(DATAFLOW_PROFILE, "properties.diagnostics.logs.level", ("info", _ABSENT, "warn", "error", "debug", "trace"),
          "AIO documents no other level", _ARM),
    Fixed(ROLE_DEFINITION, "roleType", ("CustomRole",), "Azure makes no other", f"{_LEARN}/role-based-access-control"),
    Fixed(CUSTOM_LOCATION, "hostType", ("Kubernetes",), "a custom location stands on a connected cluster",
          f"{_LEARN}/azure-arc/kubernetes/custom-locations"),
    Fixed(BROKER, "properties.advanced.encryptInternalTraffic", (_ABSENT, "Enabled"), "messages cross pods in plain",
          f"{_LEARN}/iot-operations/manage-mqtt-broker/howto-encrypt-internal-traffic"),
    Fixed(BROKER, "properties.persistence.encryption.mode", (_ABSENT, "Enabled"), "messages lie on the disk in plain",
          _PERSISTENCE),
    Fixed(BROKER_LISTENER, "properties.ports.*.protocol", (_ABSENT, "Mqtt"), "dataflows speak MQTT", _LISTENER),
    Fixed(BROKER_LISTENER, "properties.ports.*.nodePort", (_ABSENT,), "the service's port is the one that is open",
          _LISTENER),
    Fixed(BROKER_AUTHORIZATION, "properties.authorizationPolicies.cache", (_ABSENT, "Enabled"),
          "the broker would ask its rules anew for every message", _AUTHORIZATION),
    Fixed(DATAFLOW_ENDPOINT, "properties.mqttSettings.maxInflightMessages", (100, _ABSENT),
          "fewer wait for each acknowledgement, and MQTT has 65,535 at most", _ENDPOINT),
    Fixed(DATAFLOW_ENDPOINT, "properties.mqttSettings.cloudEventAttributes", ("Propagate", _ABSENT),
          "messages pass as they are", _ENDPOINT),
    Fixed(DATAFLOW_ENDPOINT, "properties.endpointType", ("Mqtt",), "links are MQTT", _ENDPOINT),
    Fixed(DATAFLOW_ENDPOINT, "properties.hostType", (_ABSENT, "CustomMqtt", "LocalBroker"), "brokers are AIO's own",
          _ENDPOINT),
    Fixed(DATAFLOW_ENDPOINT, "properties.mqttSettings.protocol", (_ABSENT, "Mqtt"), "listeners speak MQTT", _ENDPOINT),
    Fixed(DATAFLOW_ENDPOINT, "properties.mqttSettings.retain", (_ABSENT, "Keep"), "retained messages arrive retained",
          _ENDPOINT),
    Fixed(DATAFLOW_ENDPOINT, "properties.mqttSettings.keepAliveSeconds", (60, _ABSENT),
          "without it a dead link is not noticed", _ENDPOINT),
    Fixed(DATAFLOW_PROFILE, "properties.instanceCount", (1,),
          "AIO advises against another number while dataflows are active: messages may be lost", _PROFILE),
    Fixed(DATAFLOW, "properties.mode", (_ABSENT, "Enabled"), "a disabled dataflow carries nothing", _DATAFLOW),
    Fixed(DATAFLOW, "properties.operations.*.builtInTransformationSettings.serializationFormat", (_ABSENT, "Json"),
          "subscribers of a topic expect what was published", _DATAFLOW),
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
    *azure_vm.FIXED,
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


def custom_roles(view: View) -> Hits:
    """Require that a custom role can be given where it is defined and nowhere else, and counts no rights down."""
    for role in view.all(ROLE_DEFINITION):
        inputs = view.inputs(role)
        scope, given = text_at(inputs, "scope"), list_at(inputs, "assignableScopes")
        if given != [scope]:
            yield role.name, f"assignableScopes: {given}; expected [{scope!r}], where it is needed"
        guid = text_at(inputs, "roleDefinitionId").partition("-")[0]
        if not guid or guid not in text_at(inputs, "roleName"):
            yield role.name, f"roleName: {text_at(inputs, 'roleName')!r}; expected with {guid}: names are the tenant's"
        for index, one in enumerate(list_at(inputs, "permissions")):
            for key in sorted(set(one) - {"actions"}):
                if one[key]:
                    yield role.name, f"permissions[{index}].{key}: {one[key]}; expected none, `actions` alone say it"
