"""Names in Pulumi's state: what deployed stacks call each resource, and by which component it stands there.

`{cluster}` stands for each cluster, `{operated}` for one with operators, `{broker}` for one with a listener,
`{client}`, `{link}` and `{dataflow}` for each link's, `{peering}` for each half; `{g}` for the generation of what is
named, `{pki}` for that of the authorities.
"""

from __future__ import annotations

from collections.abc import Mapping

_STAMP = "edge-stamps:cluster_stamp:ClusterStamp"
_PKI = "edge-stamps:pki_chain:PkiChain"
_PUBLISHER = "edge-stamps:key_vault_publisher:KeyVaultPublisher"
_MQTT = "edge-stamps:mqtt_configuration:MqttConfiguration"
_PEERING = "edge-stamps:vnet_peering:VNetPeering"
_PROBES = "edge-stamps:link_probes:LinkProbes"
_GENERATIONS = "edge-stamps:generations:Generations"

STATE_NAMES: Mapping[str, Mapping[str, str]] = {
    "": {
        _STAMP: "{cluster}",
        _GENERATIONS: "generations",
        _PKI: "pki",
        _PUBLISHER: "{cluster}-secrets",
        _MQTT: "{cluster}-mqtt",
        _PEERING: "{pair}",
        _PROBES: "{cluster}-links",
        "pulumi:providers:azure-native": "azure",
        "pulumi:providers:azure-native_deviceregistry": "azure-deviceregistry",
        "pulumi:providers:azure-native_iotoperations": "azure-iotoperations",
        "pulumi:providers:azure-native_kubernetes": "azure-kubernetes",
    },
    _STAMP: {
        "resources:ResourceGroup": "{cluster}-resource-group",
        "network:VirtualNetwork": "{cluster}-virtual-network",
        "network:Subnet": "{cluster}-subnet",
        "network:NetworkSecurityGroup": "{cluster}-network-security-group",
        "network:NatGateway": "{cluster}-nat-gateway",
        "network:PublicIPAddress": "{cluster}-nat-public-ip",
        "network:NetworkInterface": "{cluster}-network-interface",
        "compute:VirtualMachine": "{cluster}-node",
        "compute:VirtualMachineRunCommandByVirtualMachine":
            "{cluster}-setup-k3s {cluster}-connect-arc {cluster}-apply-objects",
        "managedidentity:UserAssignedIdentity":
            "{cluster}-arc-identity {cluster}-secret-sync-identity {cluster}-aio-identity",
        "managedidentity:FederatedIdentityCredential": "{cluster}-secret-sync-credential {cluster}-aio-credential",
        "authorization:RoleDefinition": "{cluster}-arc-disconnect-role",
        "authorization:RoleAssignment":
            "{cluster}-arc-onboarding-role {cluster}-arc-disconnect-role-assignment"
            " {cluster}-admins-arc-viewer-role {cluster}-admins-arc-cluster-user-role"
            " {operated}-operators-arc-cluster-user-role"
            " {cluster}-secret-sync-reader-role {cluster}-secret-sync-secrets-user-role"
            " {cluster}-schema-registry-storage-role {cluster}-aio-schema-registry-role",
        "keyvault:Vault": "{cluster}-key-vault",
        "random:index/randomId:RandomId": "{cluster}-script-run",
        "random:index/randomString:RandomString": "{cluster}-storage-account-suffix",
        "storage:StorageAccount": "{cluster}-storage-account",
        "storage:BlobContainer": "{cluster}-schemas-container",
        "deviceregistry:SchemaRegistry": "{cluster}-schema-registry",
        "deviceregistry:Namespace": "{cluster}-device-registry-namespace",
        "kubernetesconfiguration:Extension":
            "{cluster}-cert-manager-extension {cluster}-secret-store-extension {cluster}-aio-extension",
        "extendedlocation:CustomLocation": "{cluster}-custom-location",
        "secretsynccontroller:AzureKeyVaultSecretProviderClass": "{cluster}-default-secret-provider-class",
        "iotoperations:Instance": "{cluster}-aio-instance",
        "iotoperations:Broker": "{cluster}-broker",
        "iotoperations:BrokerAuthentication": "{cluster}-default-authentication",
        "iotoperations:BrokerListener": "{cluster}-default-listener",
        "iotoperations:DataflowProfile": "{cluster}-dataflow-profile",
        "iotoperations:DataflowEndpoint": "{cluster}-local-endpoint",
        "iotoperations:RegistryEndpoint": "{cluster}-registry-endpoint",
        "iotoperations:AkriConnectorTemplate": "{cluster}-opcua-connector-template",
    },
    _PKI: {
        "tls:index/privateKey:PrivateKey":
            "{broker}-server-root-key-g{g} client-root-key-g{pki} {broker}-server-intermediate-key-g{g}"
            " client-intermediate-key-g{pki} {broker}-server-leaf-key-g{g} {link}-client-leaf-key-g{g}",
        "tls:index/selfSignedCert:SelfSignedCert": "{broker}-server-root-g{g} client-root-g{pki}",
        "tls:index/certRequest:CertRequest":
            "{broker}-server-intermediate-request-g{g} client-intermediate-request-g{pki}"
            " {broker}-server-leaf-request-g{g} {link}-client-leaf-request-g{g}",
        "tls:index/locallySignedCert:LocallySignedCert":
            "{broker}-server-intermediate-g{g} client-intermediate-g{pki} {broker}-server-leaf-g{g}"
            " {link}-client-leaf-g{g}",
    },
    _PUBLISHER: {
        "keyvault:Secret":
            "{broker}-vault-server-leaf-crt-g{g} {broker}-vault-server-leaf-key-g{g}"
            " {client}-vault-{link}-client-leaf-crt-g{g} {client}-vault-{link}-client-leaf-key-g{g}"
            " {client}-vault-{link}-client-intermediate-crt-g{g}",
    },
    _MQTT: {
        "secretsynccontroller:AzureKeyVaultSecretProviderClass":
            "{broker}-broker-tls-cert-g{g}-provider-class {client}-client-secret-{to}-g{g}-provider-class",
        "secretsynccontroller:SecretSync": "{broker}-broker-tls-cert-g{g} {client}-client-secret-{to}-g{g}",
        "compute:VirtualMachineRunCommandByVirtualMachine": "{cluster}-await-secrets",
        "iotoperations:BrokerAuthentication": "{broker}-link-authentication",
        "iotoperations:BrokerAuthorization": "{broker}-link-authorization",
        "iotoperations:BrokerListener": "{broker}-link-listener",
        "iotoperations:DataflowEndpoint": "{link}-endpoint",
        "iotoperations:Dataflow": "{client}-{dataflow}",
    },
    _PROBES: {"compute:VirtualMachineRunCommandByVirtualMachine": "{cluster}-probe-links"},
    _PEERING: {"network:VirtualNetworkPeering": "{half}-peering"},
}  # fmt: skip
"""Component that makes it, empty for the stack itself -> type, without azure-native's package -> names."""
