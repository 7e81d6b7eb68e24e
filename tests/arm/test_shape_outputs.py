"""What comes back from a create."""

from __future__ import annotations

from typing import Any

import pytest

from arm.shapes import shape_of, tokens
from arm.values import UNKNOWN, leaves
from tests.arm.examples import GROUP, IDENTITY, INPUTS, SUBSCRIPTION


def created(token: str, *, preview: bool = False, **changes: Any) -> dict[str, Any]:
    token = token if token in INPUTS else f"azure-native:{token}"
    return shape_of(token).outputs({**INPUTS[token], **changes}, preview=preview, subscription_id=SUBSCRIPTION)[1]


@pytest.mark.parametrize("token", INPUTS)
def test_a_deployment_returns_id_name_type_and_version(token: str) -> None:
    shape = shape_of(token)
    arm_id, outputs = shape.outputs(INPUTS[token], preview=False, subscription_id=SUBSCRIPTION)
    assert arm_id == outputs["id"] == shape.path(INPUTS[token], SUBSCRIPTION)
    assert outputs["name"] == arm_id.rsplit("/", 1)[1]
    assert (outputs["type"], outputs["azureApiVersion"]) == (shape.arm_type, shape.api_version)


@pytest.mark.parametrize("token", INPUTS)
def test_a_deployment_leaves_nothing_unknown(token: str) -> None:
    outputs = shape_of(token).outputs(INPUTS[token], preview=False, subscription_id=SUBSCRIPTION)[1]
    assert [path for path, value, _ in leaves(outputs) if value is UNKNOWN] == []


@pytest.mark.parametrize("token", INPUTS)
def test_a_preview_knows_the_inputs_and_nothing_else(token: str) -> None:
    arm_id, outputs = shape_of(token).outputs(INPUTS[token], preview=True, subscription_id=SUBSCRIPTION)
    assert arm_id == ""
    for name in ("id", "name", "type", "azureApiVersion"):
        assert outputs[name] is UNKNOWN
    given = {path: value for path, value, _ in leaves(INPUTS[token])}
    known = {path: value for path, value, _ in leaves(outputs) if value is not UNKNOWN}
    assert {path: value for path, value in known.items() if given.get(path) != value} == {}
    assert outputs[next(name for name in ("resourceGroupName", "scope", "resourceUri") if name in INPUTS[token])]


@pytest.mark.parametrize("token", INPUTS)
def test_a_preview_and_a_deployment_have_the_same_outputs(token: str) -> None:
    shape = shape_of(token)
    preview = shape.outputs(INPUTS[token], preview=True, subscription_id=SUBSCRIPTION)[1]
    deployment = shape.outputs(INPUTS[token], preview=False, subscription_id=SUBSCRIPTION)[1]
    assert preview.keys() == deployment.keys()


def test_the_same_resource_has_the_same_outputs_every_time_and_another_has_others() -> None:
    one = created("managedidentity:UserAssignedIdentity")
    assert one == created("managedidentity:UserAssignedIdentity")
    other = created("managedidentity:UserAssignedIdentity", resourceName="id-aio")
    assert one["principalId"] != other["principalId"] != other["clientId"]


def test_a_user_assigned_identity_is_the_same_where_it_is_assigned() -> None:
    identity = created("managedidentity:UserAssignedIdentity")
    assigned = created("compute:VirtualMachine")["identity"]["userAssignedIdentities"]
    assert assigned == {IDENTITY: {"clientId": identity["clientId"], "principalId": identity["principalId"]}}


def test_assigned_identities_in_a_preview_have_known_keys_and_unknown_ids() -> None:
    assigned = created("compute:VirtualMachine", preview=True)["identity"]["userAssignedIdentities"]
    assert assigned == {IDENTITY: {"clientId": UNKNOWN, "principalId": UNKNOWN}}
    unknown = {"type": "UserAssigned", "userAssignedIdentities": [UNKNOWN]}
    assert (
        created("compute:VirtualMachine", preview=True, identity=unknown)["identity"]["userAssignedIdentities"]
        is UNKNOWN
    )


def test_a_system_assigned_identity_has_a_principal() -> None:
    identity = created("kubernetesconfiguration:Extension")["identity"]
    assert identity.keys() == {"type", "principalId", "tenantId"}
    assert "principalId" not in created("compute:VirtualMachine")["identity"]
    assert created("kubernetesconfiguration:Extension", preview=True)["identity"] == {
        "type": "SystemAssigned",
        "principalId": UNKNOWN,
        "tenantId": UNKNOWN,
    }


def test_the_tenant_may_be_given() -> None:
    token = "azure-native:managedidentity:UserAssignedIdentity"
    outputs = shape_of(token).outputs(INPUTS[token], preview=False, subscription_id="s", tenant_id="t")[1]
    assert outputs["tenantId"] == "t"


def test_the_value_of_a_secret_does_not_come_back() -> None:
    for preview in (False, True):
        outputs = created("keyvault:Secret", preview=preview)
        assert "value" not in outputs["properties"]
        assert "BEGIN" not in repr(outputs)
    assert created("keyvault:Secret")["properties"]["secretUri"] == "https://kv-site.vault.azure.net/secrets/leaf-key"


@pytest.mark.parametrize("preview", [False, True])
def test_protected_inputs_do_not_come_back(preview: bool) -> None:
    assert "secret" not in repr(created("compute:VirtualMachineRunCommandByVirtualMachine", preview=preview))
    assert "configurationProtectedSettings" not in created("kubernetesconfiguration:Extension", preview=preview)
    profile = {"adminUsername": "u", "adminPassword": "secret", "customData": "secret"}
    assert created("compute:VirtualMachine", preview=preview, osProfile=profile)["osProfile"] == {"adminUsername": "u"}


def test_computed_addresses() -> None:
    assert created("keyvault:Vault")["properties"]["vaultUri"] == "https://kv-site.vault.azure.net/"
    assert created("storage:StorageAccount")["primaryEndpoints"]["blob"] == "https://stsite.blob.core.windows.net/"
    assert created("network:PublicIPAddress")["ipAddress"].startswith("20.")
    cluster = created("azure-native_kubernetes_v20260501:kubernetes:ConnectedCluster")
    assert cluster["oidcIssuerProfile"]["enabled"] is True
    assert cluster["oidcIssuerProfile"]["issuerUrl"].startswith("https://eastus2.oic.prod-arc.azure.com/")


def test_ip_configurations_get_an_id_and_keep_a_static_address() -> None:
    nic = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/nic"
    (configuration,) = created("network:NetworkInterface")["ipConfigurations"]
    assert configuration["id"] == f"{nic}/ipConfigurations/primary"
    assert configuration["privateIPAddress"] == "10.0.0.10"
    (dynamic,) = created("network:NetworkInterface", ipConfigurations=[{"name": "primary"}])["ipConfigurations"]
    assert dynamic["privateIPAddress"].startswith("10.")


def test_provisioning_state_is_where_the_class_has_it() -> None:
    assert created("network:Subnet")["provisioningState"] == "Succeeded"
    broker = created("azure-native_iotoperations_v20260701:iotoperations:Broker")
    assert broker["properties"]["provisioningState"] == "Succeeded"
    assert broker["properties"]["memoryProfile"] == "Low"


def test_inputs_come_back_in_the_sdk_s_shape_and_are_left_alone() -> None:
    token = "azure-native:network:NetworkSecurityGroup"
    before = repr(INPUTS[token])
    rule = created(token)["securityRules"][0]
    assert rule["access"] == "Allow"
    assert repr(rule["priority"]) == "100"
    assert repr(INPUTS[token]) == before


def test_unknown_properties_in_a_preview_are_no_obstacle() -> None:
    inputs = {"properties": UNKNOWN, "identity": UNKNOWN, "ipConfigurations": [UNKNOWN]}
    for token in tokens():
        assert shape_of(token).outputs(inputs, preview=True, subscription_id="s")[1]["ipConfigurations"] == [UNKNOWN]
