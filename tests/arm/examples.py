"""Inputs as the program sends them, one per type, for the tests of shapes."""

from __future__ import annotations

from typing import Any

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-ssc"
CLUSTER = f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters/arck"
CUSTOM_LOCATION = f"{GROUP}/providers/Microsoft.ExtendedLocation/customLocations/cl"
GUID = "11111111-2222-3333-4444-555555555555"

_RG = {"resourceGroupName": "rg"}
_EAST = {**_RG, "location": "eastus2"}
_EDGE = {"extendedLocation": {"name": CUSTOM_LOCATION, "type": "CustomLocation"}}
_AIO = {**_RG, **_EDGE, "instanceName": "aio-site"}
_BROKER = {**_AIO, "brokerName": "default"}

INPUTS: dict[str, dict[str, Any]] = {
    "azure-native:resources:ResourceGroup": {**_EAST, "tags": {"environment": "dev"}},
    "azure-native:network:NetworkSecurityGroup": {
        **_EAST,
        "networkSecurityGroupName": "nsg",
        "securityRules": [
            {
                "name": "allow-mqtt",
                "access": "Allow",
                "direction": "Inbound",
                "priority": 100.0,
                "protocol": "Tcp",
                "sourceAddressPrefix": "10.1.0.0/16",
                "sourcePortRange": "*",
                "destinationAddressPrefix": "*",
                "destinationPortRange": "8883",
            }
        ],
    },
    "azure-native:network:VirtualNetwork": {
        **_EAST,
        "virtualNetworkName": "vnet",
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
    },
    "azure-native:network:Subnet": {
        **_RG,
        "virtualNetworkName": "vnet",
        "subnetName": "snet",
        "addressPrefix": "10.0.0.0/24",
        "defaultOutboundAccess": False,
        "natGateway": {"id": f"{GROUP}/providers/Microsoft.Network/natGateways/ng"},
        "networkSecurityGroup": {"id": f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg"},
    },
    "azure-native:network:VirtualNetworkPeering": {
        **_RG,
        "virtualNetworkName": "vnet",
        "virtualNetworkPeeringName": "to-enterprise",
        "remoteVirtualNetwork": {"id": VNET.replace("vnet", "vnet-b")},
        "allowVirtualNetworkAccess": True,
        "allowForwardedTraffic": False,
    },
    "azure-native:network:PublicIPAddress": {
        **_EAST,
        "publicIpAddressName": "pip",
        "publicIPAllocationMethod": "Static",
        "sku": {"name": "Standard"},
        "zones": ["1"],
    },
    "azure-native:network:NatGateway": {
        **_EAST,
        "natGatewayName": "ng",
        "sku": {"name": "Standard"},
        "zones": ["1"],
        "idleTimeoutInMinutes": 4.0,
        "publicIpAddresses": [{"id": f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/pip"}],
    },
    "azure-native:network:NetworkInterface": {
        **_EAST,
        "networkInterfaceName": "nic",
        "ipConfigurations": [
            {
                "name": "primary",
                "subnet": {"id": f"{VNET}/subnets/snet"},
                "privateIPAllocationMethod": "Static",
                "privateIPAddress": "10.0.0.10",
            }
        ],
    },
    "azure-native:managedidentity:UserAssignedIdentity": {**_EAST, "resourceName": "id-ssc"},
    "azure-native:managedidentity:FederatedIdentityCredential": {
        **_RG,
        "resourceName": "id-ssc",
        "federatedIdentityCredentialResourceName": "aio-ssc",
        "issuer": "https://issuer.example/",
        "subject": "system:serviceaccount:azure-iot-operations:aio-ssc-sa",
        "audiences": ["api://AzureADTokenExchange"],
    },
    "azure-native:keyvault:Vault": {
        **_EAST,
        "vaultName": "kv-site",
        "properties": {
            "tenantId": GUID,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": 7.0,
        },
    },
    "azure-native:keyvault:Secret": {
        **_RG,
        "vaultName": "kv-site",
        "secretName": "leaf-key",
        "properties": {"value": "-----BEGIN", "contentType": "application/x-pem-file", "attributes": {"expires": 5.0}},
    },
    "azure-native:authorization:RoleAssignment": {
        "scope": GROUP,
        "roleAssignmentName": GUID,
        "principalId": GUID,
        "principalType": "ServicePrincipal",
        "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{GUID}",
    },
    "azure-native:authorization:RoleDefinition": {
        "scope": GROUP,
        "roleDefinitionId": GUID,
        "roleName": "Edge reader",
        "roleType": "CustomRole",
        "assignableScopes": [GROUP],
        "permissions": [{"actions": ["Microsoft.Resources/subscriptions/resourceGroups/read"], "notActions": []}],
    },
    "azure-native:storage:StorageAccount": {
        **_EAST,
        "accountName": "stsite",
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS"},
        "isHnsEnabled": True,
        "allowSharedKeyAccess": False,
        "enableHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_2",
        "networkRuleSet": {"defaultAction": "Deny", "bypass": "AzureServices"},
    },
    "azure-native:storage:BlobContainer": {
        **_RG,
        "accountName": "stsite",
        "containerName": "schemas",
        "publicAccess": "None",
    },
    "azure-native:compute:VirtualMachine": {
        **_EAST,
        "vmName": "vm",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]},
        "hardwareProfile": {"vmSize": "Standard_D8s_v5"},
        "osProfile": {
            "adminUsername": "azureuser",
            "computerName": "vm",
            "linuxConfiguration": {
                "disablePasswordAuthentication": True,
                "patchSettings": {
                    "patchMode": "AutomaticByPlatform",
                    "automaticByPlatformSettings": {"bypassPlatformSafetyChecksOnUserSchedule": True},
                },
                "ssh": {"publicKeys": [{"keyData": "ssh-ed25519 A", "path": "/home/azureuser/.ssh/authorized_keys"}]},
            },
        },
        "networkProfile": {
            "networkInterfaces": [{"id": f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic", "primary": True}]
        },
        "storageProfile": {
            "imageReference": {"publisher": "Canonical", "offer": "ubuntu", "sku": "server", "version": "latest"},
            "osDisk": {"createOption": "FromImage", "managedDisk": {"storageAccountType": "Premium_LRS"}},
        },
        "securityProfile": {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": True}},
    },
    "azure-native:compute:VirtualMachineRunCommandByVirtualMachine": {
        **_EAST,
        "vmName": "vm",
        "runCommandName": "k3s",
        "source": {"script": "echo hello"},
        "parameters": [{"name": "CHANNEL", "value": "stable"}],
        "protectedParameters": [{"name": "TOKEN", "value": "secret"}],
        "timeoutInSeconds": 1200.0,
        "treatFailureAsDeploymentFailure": True,
    },
    "azure-native:hybridcompute:MachineRunCommand": {
        **_EAST,
        "machineName": "machine",
        "runCommandName": "k3s",
        "source": {"script": "echo hello"},
        "parameters": [{"name": "CHANNEL", "value": "stable"}],
        "protectedParameters": [{"name": "TOKEN", "value": "secret"}],
        "timeoutInSeconds": 1200.0,
    },
    "azure-native:kubernetesconfiguration:Extension": {
        **_RG,
        "clusterRp": "Microsoft.Kubernetes",
        "clusterResourceName": "connectedClusters",
        "clusterName": "arck",
        "extensionName": "iotoperations",
        "extensionType": "microsoft.iotoperations",
        "releaseTrain": "stable",
        "version": "1.2.3",
        "autoUpgradeMinorVersion": False,
        "identity": {"type": "SystemAssigned"},
        "scope": {"cluster": {"releaseNamespace": "azure-iot-operations"}},
        "configurationSettings": {"a": "b"},
        "configurationProtectedSettings": {"c": "secret"},
    },
    "azure-native:extendedlocation:CustomLocation": {
        **_EAST,
        "resourceName": "cl",
        "namespace": "azure-iot-operations",
        "hostType": "Kubernetes",
        "hostResourceId": CLUSTER,
        "clusterExtensionIds": [f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration/extensions/iotoperations"],
        "displayName": "cl",
    },
    "azure-native:secretsynccontroller:AzureKeyVaultSecretProviderClass": {
        **_EAST,
        **_EDGE,
        "azureKeyVaultSecretProviderClassName": "spc",
        "clientId": GUID,
        "tenantId": GUID,
        "keyvaultName": "kv-site",
        "objects": "array: []",
    },
    "azure-native:secretsynccontroller:SecretSync": {
        **_EAST,
        **_EDGE,
        "secretSyncName": "leaf",
        "kubernetesSecretType": "kubernetes.io/tls",
        "secretProviderClassName": "spc",
        "serviceAccountName": "aio-ssc-sa",
        "objectSecretMapping": [{"sourcePath": "leaf-key", "targetKey": "tls.key"}],
    },
    "azure-native_deviceregistry_v20260401:deviceregistry:SchemaRegistry": {
        **_EAST,
        "schemaRegistryName": "sr-site",
        "namespace": "srns-site",
        "storageAccountContainerUrl": "https://stsite.blob.core.windows.net/schemas",
        "identity": {"type": "SystemAssigned"},
    },
    "azure-native_deviceregistry_v20260401:deviceregistry:Namespace": {
        **_EAST,
        "namespaceName": "adr-site",
        "identity": {"type": "SystemAssigned"},
        "messaging": {"endpoints": {}},
    },
    "azure-native_iotoperations_v20260701:iotoperations:Instance": {
        **_AIO,
        "location": "eastus2",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]},
        "properties": {
            "schemaRegistryRef": {"resourceId": f"{GROUP}/providers/Microsoft.DeviceRegistry/schemaRegistries/sr-site"},
            "adrNamespaceRef": {"resourceId": f"{GROUP}/providers/Microsoft.DeviceRegistry/namespaces/adr-site"},
        },
    },
    "azure-native_iotoperations_v20260701:iotoperations:Broker": {
        **_BROKER,
        "properties": {
            "memoryProfile": "Low",
            "cardinality": {
                "backendChain": {"partitions": 1, "redundancyFactor": 2, "workers": 1},
                "frontend": {"replicas": 1, "workers": 1},
            },
            "diskBackedMessageBuffer": {"maxSize": "1G"},
            "persistence": {"maxSize": "1G", "retain": {"mode": "All"}, "stateStore": {"mode": "None"}},
        },
    },
    "azure-native_iotoperations_v20260701:iotoperations:BrokerAuthentication": {
        **_BROKER,
        "authenticationName": "x509",
        "properties": {
            "authenticationMethods": [
                {
                    "method": "X509",
                    "x509Settings": {
                        "trustedClientCaCert": "client-ca",
                        "authorizationAttributes": {"a": {"subject": "CN=site-g1", "attributes": {"link": "site"}}},
                    },
                },
                {"method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audiences": ["aio-internal"]}},
            ]
        },
    },
    "azure-native_iotoperations_v20260701:iotoperations:BrokerAuthorization": {
        **_BROKER,
        "authorizationName": "links",
        "properties": {
            "authorizationPolicies": {
                "cache": "Enabled",
                "rules": [
                    {
                        "principals": {"attributes": [{"link": "site"}]},
                        "brokerResources": [
                            {"method": "Connect", "clientIds": ["site"]},
                            {"method": "Publish", "topics": ["site/output"]},
                        ],
                    }
                ],
            }
        },
    },
    "azure-native_iotoperations_v20260701:iotoperations:BrokerListener": {
        **_BROKER,
        "listenerName": "links",
        "properties": {
            "serviceType": "LoadBalancer",
            "ports": [
                {
                    "port": 8883.0,
                    "protocol": "Mqtt",
                    "authenticationRef": "x509",
                    "tls": {"mode": "Manual", "manual": {"secretRef": "server-g1"}},
                }
            ],
        },
    },
    "azure-native_iotoperations_v20260701:iotoperations:DataflowProfile": {
        **_AIO,
        "dataflowProfileName": "default",
        "properties": {"instanceCount": 1.0},
    },
    "azure-native_iotoperations_v20260701:iotoperations:DataflowEndpoint": {
        **_AIO,
        "dataflowEndpointName": "enterprise",
        "properties": {
            "endpointType": "Mqtt",
            "mqttSettings": {
                "host": "10.1.0.10:8883",
                "authentication": {
                    "method": "X509Certificate",
                    "x509CertificateSettings": {"secretRef": "client-g1"},
                },
                "tls": {"mode": "Enabled", "trustedCaCertificateConfigMapRef": "server-ca"},
            },
        },
    },
    "azure-native_iotoperations_v20260701:iotoperations:Dataflow": {
        **_AIO,
        "dataflowProfileName": "default",
        "dataflowName": "input",
        "properties": {
            "mode": "Enabled",
            "operations": [
                {"operationType": "Source", "sourceSettings": {"endpointRef": "default", "dataSources": ["input"]}},
                {
                    "operationType": "Destination",
                    "destinationSettings": {"endpointRef": "enterprise", "dataDestination": "site/output"},
                },
            ],
        },
    },
    "azure-native_iotoperations_v20260701:iotoperations:AkriConnectorTemplate": {
        **_AIO,
        "akriConnectorTemplateName": "opcua",
        "properties": {
            "connectorMetadataRef": "mcr.microsoft.com/opcua-metadata:1.4.10",
            "runtimeConfiguration": {
                "runtimeConfigurationType": "ManagedConfiguration",
                "managedConfigurationSettings": {
                    "managedConfigurationType": "ImageConfiguration",
                    "imageConfigurationSettings": {
                        "imageName": "supervisor",
                        "tagDigestSettings": {"tagDigestType": "Tag", "tag": "1.4.10"},
                    },
                },
            },
            "deviceInboundEndpointTypes": [{"endpointType": "Microsoft.OpcUa"}],
        },
    },
    "azure-native_iotoperations_v20260701:iotoperations:RegistryEndpoint": {
        **_AIO,
        "registryEndpointName": "mcr",
        "properties": {"host": "mcr.microsoft.com", "authentication": {"method": "Anonymous", "anonymousSettings": {}}},
    },
    "azure-native_kubernetes_v20260501:kubernetes:ConnectedCluster": {
        **_EAST,
        "clusterName": "arck",
        "identity": {"type": "SystemAssigned"},
        "agentPublicKeyCertificate": "",
        "oidcIssuerProfile": {"enabled": True},
    },
    "azure-native:hybridconnectivity:Endpoint": {
        "resourceUri": f"{GROUP}/providers/Microsoft.HybridCompute/machines/plant-1",
        "endpointName": "default",
        "type": "default",
    },
    "azure-native:hybridconnectivity:ServiceConfiguration": {
        "resourceUri": f"{GROUP}/providers/Microsoft.HybridCompute/machines/plant-1",
        "endpointName": "default",
        "serviceConfigurationName": "SSH",
        "serviceName": "SSH",
        "port": 22,
    },
    "azure-native:maintenance:MaintenanceConfiguration": {
        **_EAST,
        "resourceName": "mc",
        "maintenanceScope": "InGuestPatch",
        "extensionProperties": {"InGuestPatchMode": "User"},
        "startDateTime": "2027-01-02 02:00",
        "duration": "03:00",
        "timeZone": "UTC",
        "recurEvery": "Week Sunday",
        "installPatches": {
            "rebootSetting": "IfRequired",
            "linuxParameters": {"classificationsToInclude": ["Critical", "Security"]},
        },
    },
    "azure-native:maintenance:ConfigurationAssignment": {
        "resourceGroupName": "rg",
        "providerName": "Microsoft.Compute",
        "resourceType": "virtualMachines",
        "resourceName": "vm",
        "configurationAssignmentName": "mc",
        "location": "eastus2",
        "maintenanceConfigurationId": f"{GROUP}/providers/Microsoft.Maintenance/maintenanceConfigurations/mc",
        "resourceId": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm",
    },
}
