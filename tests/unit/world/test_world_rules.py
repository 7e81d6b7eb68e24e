"""Each rule bites: a scenario that is refused for this rule and for no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.azure import world_rules
from tests.unit.shapes.examples import CLUSTER, SUBSCRIPTION
from tests.unit.world.samples import SITE, Azure, arm_id, inputs_of, refusal

Scenario = Callable[[Azure], str]
SCENARIOS: dict[str, list[tuple[Scenario, str]]] = {}


def bites(rule: str, code: str) -> Callable[[Scenario], Scenario]:
    """The scenario is what the rule refuses, with this code."""

    def register(scenario: Scenario) -> Scenario:
        SCENARIOS.setdefault(rule, []).append((scenario, code))
        return scenario

    return register


@bites("WORLD-01", "ResourceGroupNotFound")
def network_without_its_resource_group(azure: Azure) -> str:
    return refusal(azure.put, "vnet")


@bites("WORLD-02", "ParentResourceNotFound")
def credential_without_its_identity(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "credential")


@bites("WORLD-02", "ResourceNotFound")
def extension_without_a_connected_cluster(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "aio-extension")


@bites("WORLD-03", "InvalidRequestContent")
def vault_with_an_unknown_sku(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "vault", properties__sku={"family": "A", "name": "gold"})


@bites("WORLD-04", "InvalidResourceReference")
def nat_gateway_with_a_missing_address(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "nat")


@bites("WORLD-04", "InvalidResourceReference")
def vm_with_a_missing_identity(azure: Azure) -> str:
    azure.deploy("group", "nsg", "public-ip", "nat", "vnet", "subnet", "nic")
    return refusal(azure.put, "vm")


@bites("WORLD-05", "VaultAlreadyExists")
def vault_name_of_somebody_else(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "vault", vaultName="KV-taken")


@bites("WORLD-05", "StorageAccountAlreadyTaken")
def storage_name_in_another_group(azure: Azure) -> str:
    azure.put("group")
    azure.put("group", resourceGroupName="rg-2")
    azure.put("storage")
    return refusal(azure.put, "storage", resourceGroupName="rg-2")


@bites("WORLD-05", "VaultAlreadyExists")
def name_of_a_vault_deleted_in_another_group(azure: Azure) -> str:
    azure.put("group")
    azure.put("group", resourceGroupName="rg-2")
    azure.put("vault")
    azure.delete("vault")
    return refusal(azure.put, "vault", resourceGroupName="rg-2")


@bites("WORLD-06", "PropertyChangeNotAllowed")
def vm_with_another_image(azure: Azure) -> str:
    azure.deploy_until("vm")
    return refusal(azure.put, "vm", storageProfile__imageReference__sku="other")


@bites("WORLD-06", "InvalidResourceLocation")
def network_in_another_region(azure: Azure) -> str:
    azure.deploy("group", "vnet")
    return refusal(azure.put, "vnet", location="westeurope")


@bites("WORLD-06", "InvalidResourceGroupLocation")
def group_in_another_region(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "group", location="westeurope")


@bites("WORLD-06", "BadRequest")
def vault_with_another_retention(azure: Azure) -> str:
    azure.deploy("group", "vault")
    return refusal(azure.put, "vault", properties__softDeleteRetentionInDays=8)


@bites("WORLD-06", "RoleAssignmentUpdateNotPermitted")
def role_for_another_principal(azure: Azure) -> str:
    azure.deploy("group", "role")
    return refusal(azure.put, "role", principalId=SUBSCRIPTION)


@bites("WORLD-07", "NicInUse")
def nic_of_a_vm_deleted(azure: Azure) -> str:
    azure.deploy_until("vm")
    return refusal(azure.delete, "nic")


@bites("WORLD-07", "InUseSubnetCannotBeDeleted")
def network_with_a_nic_deleted(azure: Azure) -> str:
    azure.deploy_until("vm")
    return refusal(azure.delete, "vnet")


@bites("WORLD-07", "PublicIPAddressCannotBeDeleted")
def address_of_a_nat_gateway_deleted(azure: Azure) -> str:
    azure.deploy_until("nat")
    return refusal(azure.delete, "public-ip")


@bites("WORLD-07", "InUseNatGatewayCannotBeDeleted")
def nat_gateway_of_a_subnet_deleted(azure: Azure) -> str:
    azure.deploy_until("subnet")
    return refusal(azure.delete, "nat")


@bites("WORLD-07", "InUseNetworkSecurityGroupCannotBeDeleted")
def security_group_of_a_subnet_deleted(azure: Azure) -> str:
    azure.deploy_until("subnet")
    return refusal(azure.delete, "nsg")


@bites("WORLD-07", "RoleDefinitionHasAssignments")
def role_definition_with_assignments_deleted(azure: Azure) -> str:
    azure.deploy("group", "role-definition")
    azure.put("role", roleDefinitionId=arm_id("role-definition"))
    return refusal(azure.delete, "role-definition")


@bites("WORLD-07", "CustomLocationInUse")
def custom_location_with_an_instance_deleted(azure: Azure) -> str:
    azure.deploy_until("instance")
    return refusal(azure.delete, "location")


@bites("WORLD-07", "ExtensionInUse")
def extension_of_a_custom_location_deleted(azure: Azure) -> str:
    azure.deploy_until("location")
    return refusal(azure.delete, "aio-extension")


@bites("WORLD-07", "ConnectedClusterInUse")
def cluster_of_a_custom_location_deleted(azure: Azure) -> str:
    azure.deploy_until("location")
    return refusal(azure.world.delete, CLUSTER)


def _while_writing(azure: Azure, part: str, call: Callable[[], Any]) -> Callable[[], str]:
    """Order a call for the time of that write; the result is what it was answered."""
    answers: list[str] = []
    azure.at_the_same_time.append((part, lambda: answers.append(refusal(call))))
    return lambda: answers[0]


@bites("WORLD-08", "AnotherOperationInProgress")
def two_subnets_at_once(azure: Azure) -> str:
    azure.deploy_until("vnet")
    changes: dict[str, Any] = {"subnetName": "snet-2", "addressPrefix": "10.0.1.0/24"}
    answer = _while_writing(azure, "/subnets/", lambda: azure.put("subnet", **changes))
    azure.put("subnet")
    return answer()


@bites("WORLD-08", "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity")
def two_credentials_at_once(azure: Azure) -> str:
    azure.deploy("group", "identity")
    changes: dict[str, Any] = {"federatedIdentityCredentialResourceName": "second", "subject": "other"}
    answer = _while_writing(azure, "/federatedIdentityCredentials/", lambda: azure.put("credential", **changes))
    azure.put("credential")
    return answer()


@bites("WORLD-08", "AnotherOperationInProgress")
def subnet_while_another_is_deleted(azure: Azure) -> str:
    azure.deploy_until("subnet")
    changes: dict[str, Any] = {"subnetName": "snet-2", "addressPrefix": "10.0.1.0/24"}
    answer = _while_writing(azure, "/subnets/", lambda: azure.put("subnet", **changes))
    azure.delete("subnet")
    return answer()


@bites("WORLD-09", "ReferencedResourceNotProvisioned")
def peering_to_a_network_that_is_being_changed(azure: Azure) -> str:
    azure.deploy_until("vnet-b")
    answer = _while_writing(azure, "/vnet-b", lambda: azure.put("peering"))
    azure.put("vnet-b")
    return answer()


@bites("WORLD-09", "ReferencedResourceNotProvisioned")
def peering_to_a_network_that_failed(azure: Azure) -> str:
    azure.deploy("group", "vnet")
    azure.order("vnet-b", "create", "accepted-then-failed")
    refusal(azure.put, "vnet-b")
    return refusal(azure.put, "peering")


@bites("WORLD-10", "VnetAddressSpacesOverlap")
def peering_of_overlapping_networks(azure: Azure) -> str:
    azure.deploy("group", "vnet")
    azure.put("vnet-b", addressSpace={"addressPrefixes": ["10.9.0.0/16", "10.0.128.0/17"]})
    return refusal(azure.put, "peering")


@bites("WORLD-11", "AnotherPeeringAlreadyReferencesRemoteVnet")
def second_peering_to_the_same_network(azure: Azure) -> str:
    azure.deploy_until("peering")
    return refusal(azure.put, "peering", virtualNetworkPeeringName="renamed")


@bites("WORLD-12", "RemotePeeringIsDisconnected")
def peering_of_a_network_that_was_made_again(azure: Azure) -> str:
    azure.deploy("group", "vnet", "vnet-b", "peering", "peering-b")
    azure.delete("vnet")
    azure.put("vnet")
    return refusal(azure.put, "peering")


@bites("WORLD-13", "NetcfgInvalidSubnet")
def subnet_outside_its_network(azure: Azure) -> str:
    azure.deploy_until("vnet")
    return refusal(azure.put, "subnet", addressPrefix="10.5.0.0/24")


@bites("WORLD-13", "NetcfgSubnetRangesOverlap")
def overlapping_subnets(azure: Azure) -> str:
    azure.deploy_until("subnet")
    return refusal(azure.put, "subnet", subnetName="other", addressPrefix="10.0.0.128/25")


@bites("WORLD-14", "ConflictError")
def vault_under_the_name_of_a_deleted_one(azure: Azure) -> str:
    azure.deploy("group", "vault")
    azure.delete("vault")
    return refusal(azure.put, "vault")


@bites("WORLD-14", "DeletedVaultNotFound")
def recovery_of_a_vault_that_was_never_deleted(azure: Azure) -> str:
    azure.put("group")
    return refusal(azure.put, "vault", properties__createMode="recover")


@bites("WORLD-15", "BadRequest")
def purge_protection_switched_off(azure: Azure) -> str:
    azure.put("group")
    azure.put("vault", properties__enablePurgeProtection=True)
    return refusal(azure.put, "vault", properties__enablePurgeProtection=False)


@bites("WORLD-16", "ObjectIsDeletedButRecoverable")
def secret_under_the_name_of_a_deleted_one(azure: Azure) -> str:
    azure.deploy("group", "vault", "secret")
    azure.world.delete_secret_as_data(arm_id("secret"))
    return refusal(azure.put, "secret")


@bites("WORLD-17", "MethodNotAllowed")
def secret_deleted_through_arm(azure: Azure) -> str:
    azure.deploy("group", "vault", "secret")
    return refusal(azure.delete, "secret")


@bites("WORLD-18", "RoleAssignmentExists")
def same_role_under_another_name(azure: Azure) -> str:
    azure.deploy("group", "role")
    return refusal(azure.put, "role", roleAssignmentName=SUBSCRIPTION)


@bites("WORLD-19", "RoleAssignmentUpdateNotPermitted")
def role_name_used_at_another_scope(azure: Azure) -> str:
    azure.deploy("group", "vnet", "role")
    return refusal(azure.put, "role", scope=arm_id("vnet"))


@bites("WORLD-20", "PrincipalNotFound")
def role_for_a_fresh_identity_without_principal_type(azure: Azure) -> str:
    azure.deploy("group", "identity")
    principal = azure.entry("identity").outputs["principalId"]
    return refusal(azure.put, "role", principalId=principal, principalType=None)


@bites("WORLD-21", "BadRequest")
def twenty_first_credential(azure: Azure) -> str:
    azure.deploy("group", "identity")
    answers = [
        refusal(azure.put, "credential", federatedIdentityCredentialResourceName=f"number-{n}", subject=f"subject-{n}")
        for n in range(21)
    ]
    assert not any(answers[:20])
    return answers[20]


@bites("WORLD-22", "Conflict")
def same_subject_twice(azure: Azure) -> str:
    azure.deploy("group", "identity", "credential")
    return refusal(azure.put, "credential", federatedIdentityCredentialResourceName="second")


@bites("WORLD-23", "OperationNotAllowed")
def vm_larger_than_the_quota(azure: Azure) -> str:
    azure.deploy_until("namespace")
    return refusal(azure.put, "vm", hardwareProfile={"vmSize": "Standard_D16s_v5"})


@bites("WORLD-24", "BadRequest")
def twenty_sixth_run_command(azure: Azure) -> str:
    azure.deploy_until("vm")
    answers = [refusal(azure.put, "connect", runCommandName=f"number-{n}") for n in range(26)]
    assert not any(answers[:25])
    return answers[25]


@bites("WORLD-25", "OperationNotAllowed")
def run_command_on_a_stopped_vm(azure: Azure) -> str:
    azure.deploy_until("vm")
    azure.world.set_power(arm_id("vm"), running=False)
    return refusal(azure.put, "connect")


@bites("WORLD-26", "InvalidClusterExtensionIds")
def custom_location_without_extensions(azure: Azure) -> str:
    azure.deploy_until("secret-store")
    return refusal(azure.put, "location", clusterExtensionIds=[])


@bites("WORLD-27", "ClusterExtensionNotReady")
def custom_location_of_a_failed_extension(azure: Azure) -> str:
    azure.deploy_until("connect")
    azure.put("aio-extension")
    azure.order("secret-store", "create", "accepted-then-failed")
    refusal(azure.put, "secret-store")
    return refusal(azure.put, "location")


@bites("WORLD-28", "MissingResourceVersionOnHost")
def instance_newer_than_the_extension(azure: Azure) -> str:
    azure.deploy_until("connect")
    azure.put("aio-extension", version="1.3.137")
    azure.deploy("secret-store", "location")
    return refusal(azure.put, "instance")


@bites("WORLD-28", "MissingResourceVersionOnHost")
def secret_sync_without_the_secret_store(azure: Azure) -> str:
    azure.deploy_until("aio-extension")
    azure.put("location", clusterExtensionIds=[arm_id("aio-extension")])
    return refusal(azure.put, "secret-sync")


@bites("WORLD-29", "ClusterUnreachable")
def extension_on_the_cluster_of_a_vm_that_was_made_again(azure: Azure) -> str:
    azure.deploy_until("connect")
    azure.delete("vm")
    azure.put("vm")
    return refusal(azure.put, "aio-extension")


@bites("WORLD-29", "ClusterUnreachable")
def listener_while_the_node_is_stopped(azure: Azure) -> str:
    azure.deploy_until("broker")
    azure.world.set_power(arm_id("vm"), running=False)
    return refusal(azure.put, "listener")


@bites("WORLD-29", "ClusterUnreachable")
def instance_deleted_after_its_node(azure: Azure) -> str:
    azure.deploy_until("instance")
    azure.delete("vm")
    return refusal(azure.delete, "instance")


@bites("WORLD-30", "InstanceAlreadyExists")
def second_instance_in_a_group(azure: Azure) -> str:
    azure.deploy_until("instance")
    host = f"{CLUSTER}-2"
    second = [{**one, "value": one["value"].replace("arck", "arck-2")} for one in inputs_of("connect")["parameters"]]
    azure.put("connect", parameters=second)
    azure.put("aio-extension", clusterName="arck-2")
    extension = arm_id("aio-extension", clusterName="arck-2")
    azure.put("location", resourceName="cl-2", hostResourceId=host, clusterExtensionIds=[extension])
    location = arm_id("location", resourceName="cl-2")
    return refusal(azure.put, "instance", instanceName="second", extendedLocation__name=location)


@bites("WORLD-30", "InstanceAlreadyExists")
def second_instance_on_a_cluster(azure: Azure) -> str:
    azure.deploy_until("instance")
    azure.put("group", resourceGroupName="rg-2")
    return refusal(azure.put, "instance", resourceGroupName="rg-2", instanceName="second")


@bites("WORLD-31", "ValidationError")
def second_listener_of_a_service_type(azure: Azure) -> str:
    azure.deploy_until("listener")
    return refusal(azure.put, "listener", listenerName="second", properties__ports=[{"port": 1}])


@bites("WORLD-31", "ValidationError")
def second_listener_of_the_service_type_that_is_the_default(azure: Azure) -> str:
    azure.deploy_until("broker")
    azure.put("listener", properties__serviceType=None)
    changes: dict[str, Any] = {"properties__serviceType": "ClusterIp", "properties__ports": [{"port": 1}]}
    return refusal(azure.put, "listener", listenerName="second", **changes)


@bites("WORLD-31", "ValidationError")
def port_of_another_listener(azure: Azure) -> str:
    azure.deploy_until("listener")
    return refusal(azure.put, "listener", listenerName="second", properties__serviceType="ClusterIp")


@bites("WORLD-32", "ValidationError")
def seventy_first_dataflow(azure: Azure) -> str:
    azure.deploy_until("profile")
    answers = [refusal(azure.put, "dataflow", dataflowName=f"number-{n}") for n in range(71)]
    assert not any(answers[:70])
    return answers[70]


CASES = [
    pytest.param(rule, scenario, code, id=scenario.__name__)
    for rule, scenarios in SCENARIOS.items()
    for scenario, code in scenarios
]


def new_azure() -> Azure:
    return Azure(
        taken_names={"Microsoft.KeyVault/vaults": ["kv-taken"]},
        vcpu_quota={"East US 2": 8},
        deployer_has_data_rights=True,
    )


@pytest.mark.parametrize(("rule", "scenario", "code"), CASES)
def test_is_refused_and_not_without_the_rule(
    rule: str, scenario: Scenario, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert scenario(new_azure()) == code
    others = tuple(one for one in world_rules.WORLD_RULES if one.id != rule)
    monkeypatch.setattr(world_rules, "WORLD_RULES", others)
    assert scenario(new_azure()) != code


def test_every_rule_has_a_scenario_and_an_id_of_its_own() -> None:
    ids = [rule.id for rule in world_rules.WORLD_RULES]
    assert len(set(ids)) == len(ids)
    assert set(SCENARIOS) == set(ids)


def test_a_whole_site_is_accepted_and_goes_in_the_opposite_order() -> None:
    azure = new_azure()
    azure.deploy_until("dataflow")
    for name in reversed(SITE):
        if name != "secret":  # leaves with its vault
            azure.delete(name)
    assert azure.world.entries() == []


def test_putting_the_same_site_again_is_accepted() -> None:
    azure = new_azure()
    azure.deploy_until("dataflow")
    before = azure.world.entries()
    for name in SITE:
        azure.put(name, update=True)
    assert [entry.outputs for entry in azure.world.entries()] == [entry.outputs for entry in before]


def test_a_part_of_another_body_may_be_referred_to() -> None:
    azure = new_azure()
    azure.put("group")
    azure.put("vnet", subnets=[{"name": "snet", "addressPrefix": "10.0.0.0/24"}])
    assert azure.put("nic").state == "Succeeded"


def test_ids_are_compared_without_case() -> None:
    azure = new_azure()
    azure.deploy("group", "public-ip")
    azure.put(
        "nat", publicIpAddresses=[{"id": arm_id("public-ip").upper().replace("/SUBSCRIPTIONS", "/subscriptions")}]
    )
    assert azure.world.get(arm_id("nat").upper()).name == "ng"


def test_a_location_may_be_written_as_people_do() -> None:
    azure = new_azure()
    azure.deploy("group", "vnet")
    assert azure.put("vnet", location="East US 2").state == "Succeeded"


def test_an_older_principal_needs_no_type() -> None:
    azure = new_azure()
    azure.deploy("group", "identity")
    azure.clock.advance(61)
    principal = azure.entry("identity").outputs["principalId"]
    assert azure.put("role", principalId=principal, principalType=None).state == "Succeeded"


@pytest.mark.parametrize(
    ("version", "code"), [("1.4.41", ""), ("1.4.40", "MissingResourceVersionOnHost"), ("1.5.0", "")]
)
def test_an_extension_serves_the_api_of_its_release_and_older_ones(version: str, code: str) -> None:
    azure = new_azure()
    azure.deploy_until("connect")
    azure.put("aio-extension", version=version)
    azure.deploy("secret-store", "location", "registry", "namespace")
    assert refusal(azure.put, "instance") == code


def test_limits_do_not_stop_updates() -> None:
    azure = new_azure()
    azure.deploy_until("profile")
    for n in range(24):  # there is one already
        azure.put("connect", runCommandName=f"number-{n}")
    for n in range(19):  # here as well
        azure.put("credential", federatedIdentityCredentialResourceName=f"number-{n}", subject=f"subject-{n}")
    for n in range(70):
        azure.put("dataflow", dataflowName=f"number-{n}")
    assert not refusal(azure.put, "connect")
    assert not refusal(azure.put, "credential")
    assert not refusal(azure.put, "dataflow", dataflowName="number-0")
    assert not refusal(azure.put, "vm", tags={"a": "b"})


def test_the_message_names_what_is_missing() -> None:
    azure = new_azure()
    azure.put("group")
    with pytest.raises(Exception, match="publicIPAddresses/pip") as caught:
        azure.put("nat")
    assert str(caught.value).startswith('Status=400 Code="InvalidResourceReference" Message="Resource /subscriptions/')
