"""What ARM receives for the SDK's inputs."""

from __future__ import annotations

from typing import Any

from arm.shapes import shape_of
from arm.values import UNKNOWN, Secret
from tests.arm.examples import CUSTOM_LOCATION, GROUP, GUID, IDENTITY, INPUTS, VNET


def body(token: str, **changes: Any) -> dict[str, Any]:
    token = f"azure-native:{token}"
    return shape_of(token).body({**INPUTS[token], **changes})


def test_security_rules_are_nested_item_by_item() -> None:
    rule = body("network:NetworkSecurityGroup")["properties"]["securityRules"][0]
    assert rule["name"] == "allow-mqtt"
    assert rule["properties"]["access"] == "Allow"
    assert rule.keys() == {"name", "properties"}


def test_ip_configurations_are_nested() -> None:
    result = body("network:NetworkInterface")
    assert result.keys() == {"location", "properties"}
    assert result["properties"]["ipConfigurations"] == [
        {
            "name": "primary",
            "properties": {
                "subnet": {"id": f"{VNET}/subnets/snet"},
                "privateIPAllocationMethod": "Static",
                "privateIPAddress": "10.0.0.10",
            },
        }
    ]


def test_subnets_inside_a_network_are_nested() -> None:
    subnet = {
        "name": "snet",
        "addressPrefix": "10.0.0.0/24",
        "networkSecurityGroup": {"id": "x", "flushConnection": True},
    }
    assert body("network:VirtualNetwork", subnets=[subnet])["properties"]["subnets"] == [
        {
            "name": "snet",
            "properties": {
                "addressPrefix": "10.0.0.0/24",
                "networkSecurityGroup": {"id": "x", "properties": {"flushConnection": True}},
            },
        }
    ]


def test_a_window_is_nested_though_the_class_lifts_it() -> None:
    token = "maintenance:MaintenanceConfiguration"
    properties = body(token)["properties"]
    assert properties["maintenanceWindow"] == {
        "startDateTime": "2027-01-02 02:00",
        "duration": "03:00",
        "timeZone": "UTC",
        "recurEvery": "Week Sunday",
    }
    assert properties.keys() == {"extensionProperties", "installPatches", "maintenanceScope", "maintenanceWindow"}
    shape, inputs = shape_of(f"azure-native:{token}"), INPUTS[f"azure-native:{token}"]
    assert shape.inputs(shape.path(inputs, "s"), body(token)) == inputs
    assert shape.answer(shape.outputs(inputs, preview=False, subscription_id="s")[1])["properties"] == properties


def test_path_parameters_are_not_in_the_body() -> None:
    for token, inputs in INPUTS.items():
        assert not shape_of(token).body(inputs).keys() & set(shape_of(token).type.path_parameters)


def test_query_parameters_are_not_in_the_body() -> None:
    result = body("network:VirtualNetworkPeering", syncRemoteAddressSpace="true")
    assert "syncRemoteAddressSpace" not in result | result["properties"]


def test_what_arm_has_at_the_top_stays_there() -> None:
    assert body("network:PublicIPAddress") == {
        "location": "eastus2",
        "sku": {"name": "Standard"},
        "zones": ["1"],
        "properties": {"publicIPAllocationMethod": "Static"},
    }


def test_virtual_machine_keeps_its_profiles_as_they_are() -> None:
    result = body("compute:VirtualMachine")
    assert result.keys() == {"location", "identity", "properties"}
    nic = {"id": f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic", "properties": {"primary": True}}
    assert result["properties"]["networkProfile"]["networkInterfaces"] == [nic]
    assert result["properties"]["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"][0]["keyData"] == "ssh-ed25519 A"


def test_run_command() -> None:
    result = body("compute:VirtualMachineRunCommandByVirtualMachine")
    assert result.keys() == {"location", "properties"}
    assert result["properties"]["source"] == {"script": "echo hello"}


def test_extension_has_its_identity_at_the_top_and_the_rest_below() -> None:
    result = body("kubernetesconfiguration:Extension")
    assert result["identity"] == {"type": "SystemAssigned"}
    assert result["properties"]["scope"] == {"cluster": {"releaseNamespace": "azure-iot-operations"}}
    assert result.keys() == {"identity", "properties"}


def test_federated_credential_is_all_properties() -> None:
    assert body("managedidentity:FederatedIdentityCredential") == {
        "properties": {
            "issuer": "https://issuer.example/",
            "subject": "system:serviceaccount:azure-iot-operations:aio-ssc-sa",
            "audiences": ["api://AzureADTokenExchange"],
        }
    }


def test_secret_sync() -> None:
    result = body("secretsynccontroller:SecretSync")
    assert result["extendedLocation"] == {"name": CUSTOM_LOCATION, "type": "CustomLocation"}
    assert result["properties"]["objectSecretMapping"] == [{"sourcePath": "leaf-key", "targetKey": "tls.key"}]
    assert result.keys() == {"location", "extendedLocation", "properties"}


def test_key_vault_has_properties_as_an_input() -> None:
    result = body("keyvault:Vault")
    assert result.keys() == {"location", "properties"}
    assert result["properties"]["tenantId"] == GUID


def test_an_input_named_type_goes_below_properties() -> None:
    assert body("authorization:RoleDefinition")["properties"]["type"] == "CustomRole"


def test_names_that_differ_in_arm() -> None:
    encryption = {
        "keySource": "Microsoft.Keyvault",
        "encryptionIdentity": {"encryptionUserAssignedIdentity": IDENTITY},
        "keyVaultProperties": {"keyName": "k", "keyVaultUri": "https://kv"},
    }
    rules = {"defaultAction": "Deny", "ipRules": [{"iPAddressOrRange": "1.2.3.4"}]}
    properties = body("storage:StorageAccount", encryption=encryption, networkRuleSet=rules)["properties"]
    assert properties["supportsHttpsTrafficOnly"] is True
    assert properties["networkAcls"] == {"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.4"}]}
    assert properties["encryption"] == {
        "keySource": "Microsoft.Keyvault",
        "identity": {"userAssignedIdentity": IDENTITY},
        "keyvaultproperties": {"keyname": "k", "keyvaulturi": "https://kv"},
    }
    assert body("keyvault:Secret")["properties"]["attributes"] == {"exp": 5}


def test_a_list_of_identities_becomes_a_map() -> None:
    assert body("compute:VirtualMachine")["identity"]["userAssignedIdentities"] == {IDENTITY: {}}
    instance = "azure-native_iotoperations_v20260701:iotoperations:Instance"
    assert shape_of(instance).body(INPUTS[instance])["identity"]["userAssignedIdentities"] == {IDENTITY: {}}


def test_a_list_with_an_unknown_identity_is_unknown() -> None:
    identity = {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY, UNKNOWN]}
    assert body("compute:VirtualMachine", identity=identity)["identity"]["userAssignedIdentities"] is UNKNOWN


def test_whole_floats_become_integers_and_nulls_are_left_out() -> None:
    result = body("network:NatGateway", idleTimeoutInMinutes=4.0, tags=None)
    assert repr(result["properties"]["idleTimeoutInMinutes"]) == "4"
    assert "tags" not in result


def test_what_fits_nowhere_stays_in_its_place() -> None:
    assert body("network:Subnet", adressPrefix="x")["adressPrefix"] == "x"


def test_nothing_is_lost_beside_unknown_properties() -> None:
    assert body("network:Subnet", properties=UNKNOWN)["addressPrefix"] == "10.0.0.0/24"


def test_secrets_stay_marked() -> None:
    assert body("keyvault:Secret", properties=Secret({"attributes": {"expires": 5.0}}))["properties"] == Secret(
        {"attributes": {"exp": 5}}
    )


def test_unknown_values_stay_unknown() -> None:
    assert body("network:Subnet", natGateway={"id": UNKNOWN})["properties"]["natGateway"] == {"id": UNKNOWN}
    assert body("network:Subnet", natGateway=UNKNOWN)["properties"]["natGateway"] is UNKNOWN
