"""Every check is red where exactly its cause is broken in the modelled Azure, and green on what nobody has touched."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from automation.verify.checks import CHECKS
from tests.automation.verify import cases_inside
from tests.automation.verify.case import Case
from tests.automation.verify.living import NOW, Living, Verifier, expectation, outcomes

_INSTANCE_A = "instances/iotops-arck-myorga-dev-001"
_INSTANCE_B = "instances/iotops-arck-myorgb-dev-001"
_BROKER_B = f"{_INSTANCE_B}/brokers/default"
_CLUSTER_A = "connectedClusters/arck-myorga-dev-001"
_EXTENSIONS_A = f"{_CLUSTER_A}/providers/Microsoft.KubernetesConfiguration/extensions"
_VM_A = "virtualMachines/vm-myorga-aio-dev-001-0"
_NSG_B = "networkSecurityGroups/nsg-myorgb-dev-001"
_IDENTITY_A = "userAssignedIdentities/id-myorga-sse-dev-001"
_CREDENTIAL_A = f"{_IDENTITY_A}/federatedIdentityCredentials/aio-sse-ficred"
_VAULT_A = "vaults/kv-myorga-dev-001"
_SECRET_A = f"{_VAULT_A}/secrets/site-to-enterprise-client-leaf-crt-g1"
_CLASS_A = "azureKeyVaultSecretProviderClasses/client-secret-enterprise-g1"
_ENDPOINT = f"{_INSTANCE_A}/dataflowEndpoints/mqtt-enterprise"
_DATAFLOW = "dataflows/to-enterprise-input"
_STRANGER = "00000000-aaaa-4000-8000-000000000000"
_DAY = 24 * 60 * 60
_LINK = "site-to-enterprise"


def _answers(end: str, path: str, value: object) -> Callable[[Living], object]:
    return lambda living: living.answer(end, path, value)


def _add_identity(living: Living) -> None:
    path = "identity.userAssignedIdentities"
    carried = living.find(_VM_A, path)
    living.answer(_VM_A, path, carried | {"/subscriptions/s/resourceGroups/g/providers/P/i/other": {}})


def _open_port(living: Living) -> None:
    rules = living.find(_NSG_B, "securityRules")
    living.answer(_NSG_B, "securityRules", [*rules, {**rules[0], "name": "AllowSsh", "destinationPortRange": "22"}])


def _close_port(living: Living) -> None:
    rules = living.find(_NSG_B, "securityRules")
    living.answer(_NSG_B, "securityRules", rules[1:])


def _give_more_rights(living: Living) -> None:
    ends = [one.id for one in living.entries.values() if one.row.name == "RoleDefinition" and "myorga" in one.id]
    end = ends[0].rsplit("/", 2)[1] + "/" + ends[0].rsplit("/", 1)[1]
    living.answer(end, "permissions", [{"actions": ["Microsoft.Kubernetes/connectedClusters/delete", "*/write"]}])


def _assign_a_stranger(living: Living) -> None:
    """The role that secret sync needs, on its vault, to somebody else."""
    vault = living.entry(_VAULT_A).id
    assignments = [
        one
        for one in living.entries.values()
        if one.id.startswith(f"{vault}/providers/Microsoft.Authorization/roleAssignments/")
    ]
    end = "/".join(assignments[0].id.split("/")[-6:])
    living.add(end, "11111111-aaaa-4000-8000-000000000000", principalId=_STRANGER)


def _rewrite_objects(living: Living) -> None:
    """As an editor would who takes one secret away and leaves blanks elsewhere."""
    entries = living.find(_CLASS_A, "objects").split("\n- ")
    living.answer(_CLASS_A, "objects", "\n- ".join(entries[:-1]) + "\n\n")


def _map_another_secret(living: Living) -> None:
    end = "secretSyncs/client-secret-enterprise-g1"
    mapping = living.find(end, "objectSecretMapping")
    living.answer(end, "objectSecretMapping", [{**mapping[0], "sourcePath": "another"}, *mapping[1:]])


def _storage(living: Living) -> str:
    return living.end_of("Microsoft.Storage/storageAccounts", "rg-myorga-dev-001")


def _remove_storage(living: Living) -> None:
    living.remove(_storage(living))


def _open_storage(living: Living) -> None:
    living.answer(_storage(living), "allowBlobPublicAccess", True)


def _let_another_subject_in(living: Living) -> None:
    end, path = f"{_BROKER_B}/authentications/cert-auth", "properties.authenticationMethods"
    methods = living.find(end, path)
    methods[0]["x509Settings"]["authorizationAttributes"]["root"] = {"subject": "CN = x", "attributes": {"link": "x"}}
    living.answer(end, path, methods)


def _widen_topics(living: Living) -> None:
    end, path = f"{_BROKER_B}/authorizations/links", "properties.authorizationPolicies"
    policies = living.find(end, path)
    policies["rules"][0]["brokerResources"][1]["topics"] = ["#"]
    living.answer(end, path, policies)


def _ask_nobody(living: Living) -> None:
    end, path = f"{_BROKER_B}/listeners/default-loadbalancer", "properties.ports"
    (port,) = living.find(end, path)
    del port["authenticationRef"]
    living.answer(end, path, [port])


def _send_elsewhere(living: Living) -> None:
    operations = living.find(_DATAFLOW, "properties.operations")
    operations[1]["destinationSettings"]["dataDestination"] = "elsewhere"
    living.answer(_DATAFLOW, "properties.operations", operations)


def _in_another_tenant(living: Living) -> None:
    living.surroundings = replace(living.surroundings, tenant_id=_STRANGER)


CASES = [
    Case("VERIFY-01", "", "another tenant", _in_another_tenant),
    Case("VERIFY-02", "site", "a resource is gone",
         lambda living: living.remove(f"{_INSTANCE_A}/registryEndpoints/default")),
    Case("VERIFY-02", _LINK, "the endpoint is gone", lambda living: living.remove(_ENDPOINT)),
    Case("VERIFY-02", "site", "the storage account is gone", _remove_storage,
         frozenset({"VERIFY-31", "VERIFY-42"})),  # who writes to it, and where: nobody can tell any more
    Case("VERIFY-03", "site", "a write has failed",
         _answers(f"{_INSTANCE_A}/dataflowProfiles/default", "properties.provisioningState", "Failed")),
    Case("VERIFY-04", "enterprise", "another firewall", lambda living: living.add(_NSG_B, "nsg-of-somebody")),
    Case("VERIFY-05", "enterprise", "a listener for debugging",
         lambda living: living.add(f"{_BROKER_B}/listeners/default", "debug")),
    Case("VERIFY-05", "site", "a role for a stranger", _assign_a_stranger),
    Case("VERIFY-05", "site", "another trusted workload",
         lambda living: living.add(_CREDENTIAL_A, "other", subject="system:serviceaccount:default:default")),
    Case("VERIFY-05", "site", "another extension", lambda living: living.add(f"{_EXTENSIONS_A}/iot-ops", "flux")),
    Case("VERIFY-06", "site", "the stack's tag is gone", _answers("resourceGroups/rg-myorga-dev-001", "tags", {})),
    Case("VERIFY-07", "enterprise", "another region", _answers(_NSG_B, "location", "westeurope")),
    Case("VERIFY-08", "site", "the other half is gone",
         _answers("virtualNetworkPeerings/peer-a-to-b", "peeringState", "Disconnected")),
    Case("VERIFY-09", "enterprise", "traffic is not let through",
         _answers("virtualNetworkPeerings/peer-b-to-a", "allowVirtualNetworkAccess", False)),
    Case("VERIFY-10", "site", "the subnet has lost its firewall",
         _answers("subnets/snet-myorga-dev-001", "networkSecurityGroup", None)),
    Case("VERIFY-11", "enterprise", "a port is open", _open_port),
    Case("VERIFY-11", "enterprise", "the broker's port is closed", _close_port),
    Case("VERIFY-12", "site", "waits longer", _answers("natGateways/nat-myorga-dev-001", "idleTimeoutInMinutes", 9)),
    Case("VERIFY-13", "site", "slower", _answers(
        "networkInterfaces/nic-myorga-aio-dev-001-0", "enableAcceleratedNetworking", False)),
    Case("VERIFY-14", "site", "stopped", lambda living: living.set(_VM_A, "stopped", True, where="facts")),
    Case("VERIFY-14", "press-shop", "disconnected", _answers("machines/press-shop-1", "status", "Disconnected"),
         stack="plant"),
    Case("VERIFY-15", "site", "another size", _answers(_VM_A, "hardwareProfile.vmSize", "Standard_B2s")),
    Case("VERIFY-16", "site", "a further identity", _add_identity),
    Case("VERIFY-17", "site", "no secure boot",
         _answers(_VM_A, "securityProfile.uefiSettings.secureBootEnabled", False)),
    Case("VERIFY-18", "site", "a script has failed",
         lambda living: living.set(f"{_VM_A}/runCommands/apply-objects", "run.exit_code", 1, where="facts")),
    Case("VERIFY-18", "press-shop", "a script has failed", lambda living: living.set(
        "machines/press-shop-1/runCommands/connect-arc", "run.exit_code", 1, where="facts"), stack="plant"),
    Case("VERIFY-19", "site", "another script",
         _answers(f"{_VM_A}/runCommands/connect-arc", "source.script", "#!/bin/sh\nexit 0\n")),
    Case("VERIFY-20", "site", "offline", _answers(_CLUSTER_A, "connectivityStatus", "Offline")),
    Case("VERIFY-20", "press-shop", "offline",
         _answers("connectedClusters/arck-myorgp-plant-001", "connectivityStatus", "Offline"), stack="plant"),
    Case("VERIFY-21", "site", "upgrades itself", _answers(_CLUSTER_A, "arcAgentProfile.agentAutoUpgrade", "Enabled")),
    Case("VERIFY-21", "site", "an agent complains", _answers(
        _CLUSTER_A, "arcAgentProfile.agentErrors", [{"component": "clusteridentityoperator", "message": "clock"}])),
    Case("VERIFY-22", "site", "no workload identity",
         _answers(_CLUSTER_A, "securityProfile.workloadIdentity.enabled", False)),
    Case("VERIFY-23", "site", "another namespace",
         _answers("customLocations/cl-arck-myorga-dev-001", "namespace", "default")),
    Case("VERIFY-24", "site", "an older version",
         _answers(f"{_EXTENSIONS_A}/azure-secret-store", "currentVersion", "1.5.1")),
    Case("VERIFY-25", "site", "upgrades itself",
         _answers(f"{_EXTENSIONS_A}/arc-cert-manager", "autoUpgradeMinorVersion", True)),
    Case("VERIFY-26", "site", "complains", _answers(f"{_EXTENSIONS_A}/iot-ops", "statuses", [
        {"code": "InstallationFailed", "level": "Error", "message": "timed out waiting for the condition"}])),
    Case("VERIFY-27", "site", "a setting is another one", _answers(
        f"{_EXTENSIONS_A}/azure-secret-store", "configurationSettings",
        {"rotationPollIntervalInSeconds": "7200", "validatingAdmissionPolicies.applyPolicies": "false"})),
    Case("VERIFY-27", "site", "a setting is added", _answers(
        f"{_EXTENSIONS_A}/azure-secret-store", "configurationSettings",
        {"rotationPollIntervalInSeconds": "120", "validatingAdmissionPolicies.applyPolicies": "false", "x": "y"})),
    Case("VERIFY-28", "site", "the cluster was connected anew", _answers(
        _CLUSTER_A, "oidcIssuerProfile.issuerUrl", "https://eastus2.oic.prod-arc.azure.com/t/another/")),
    Case("VERIFY-29", "site", "another account",
         _answers(_CREDENTIAL_A, "subject", "system:serviceaccount:azure-iot-operations:default")),
    Case("VERIFY-30", "site", "another audience", _answers(_CREDENTIAL_A, "audiences", ["api://other"])),
    Case("VERIFY-31", "site", "the identity was made anew", _answers(_IDENTITY_A, "principalId", _STRANGER)),
    Case("VERIFY-32", "site", "more rights", _give_more_rights),
    Case("VERIFY-33", "site", "no soft delete", _answers(_VAULT_A, "properties.enableSoftDelete", False)),
    Case("VERIFY-34", "site", "access policies", _answers(_VAULT_A, "properties.enableRbacAuthorization", False)),
    Case("VERIFY-35", "site", "disabled", _answers(_SECRET_A, "properties.attributes.enabled", False)),
    Case("VERIFY-36", "site", "has ended", _answers(
        _SECRET_A, "properties.attributes", {"enabled": True, "expires": int(NOW.timestamp()) - 1})),
    Case("VERIFY-36", "site", "is of the future", _answers(
        _SECRET_A, "properties.attributes", {"enabled": True, "notBefore": int(NOW.timestamp()) + 1})),
    Case("VERIFY-37", "site", "ends soon", _answers(
        _SECRET_A, "properties.attributes", {"enabled": True, "expires": int(NOW.timestamp()) + 29 * _DAY})),
    Case("VERIFY-38", "site", "another vault", _answers(_CLASS_A, "keyvaultName", "kv-other")),
    Case("VERIFY-39", "site", "a secret is gone", _rewrite_objects),
    Case("VERIFY-40", "site", "another secret", _map_another_secret),
    Case("VERIFY-41", "site", "open", _open_storage),
    Case("VERIFY-42", "site", "another container", _answers(
        "schemaRegistries/sr-myorga-dev-001", "storageAccountContainerUrl", "https://other/schemas")),
    Case("VERIFY-43", "site", "AIO was upgraded", _answers(f"{_EXTENSIONS_A}/iot-ops", "currentVersion", "1.4.112"),
         frozenset({"VERIFY-24"})),
    Case("VERIFY-44", "enterprise", "degraded",
         lambda living: living.set(_BROKER_B, "health", "Degraded", where="facts")),
    Case("VERIFY-44", _LINK, "the dataflow cannot connect",
         lambda living: living.set(_DATAFLOW, "health", "Unavailable", where="facts")),
    Case("VERIFY-45", "site", "another registry",
         _answers(_INSTANCE_A, "properties.schemaRegistryRef.resourceId", "/subscriptions/s/other")),
    Case("VERIFY-46", "enterprise", "another size", _answers(_BROKER_B, "properties.memoryProfile", "Tiny")),
    Case("VERIFY-47", "site", "more instances", _answers(
        f"{_INSTANCE_A}/dataflowProfiles/default", "properties.instanceCount", 3)),
    Case("VERIFY-48", "enterprise", "AIO's listener without TLS",
         _answers(f"{_BROKER_B}/listeners/default", "properties.ports", [{"port": 18883}])),
    Case("VERIFY-49", "enterprise", "asks nobody", _ask_nobody),
    Case("VERIFY-50", "enterprise", "another subject", _let_another_subject_in),
    Case("VERIFY-51", "enterprise", "all topics", _widen_topics),
    Case("VERIFY-52", _LINK, "another host", _answers(_ENDPOINT, "properties.mqttSettings.host", "10.9.9.9:28883")),
    Case("VERIFY-53", _LINK, "another topic", _send_elsewhere),
    Case("VERIFY-54", _LINK, "switched off", _answers(_DATAFLOW, "properties.mode", "Disabled")),
]  # fmt: skip


MESSAGES = {check.id for check in CHECKS if check.concern == "Messages"}


def test_every_check_has_a_cause_here() -> None:
    assert [check.id for check in CHECKS] == sorted({case.check for case in [*CASES, *cases_inside.CASES]})


@pytest.mark.parametrize("case", [*CASES, *cases_inside.CASES], ids=lambda case: f"{case.check} {case.cause}")
def test_a_check_is_red_where_its_cause_is_broken_and_nothing_else_is(case: Case, verifier: Verifier) -> None:
    living = Living(case.stack)
    case.break_it(living)
    is_inside = case in cases_inside.CASES
    results = verifier(case.stack, living.world(), inside=is_inside, messages=case.check in MESSAGES)
    assert outcomes(results, "failed", "warning", "unknown") == case.red
    (result,) = (one for one in results if (one.id, one.where) == (case.check, case.where))
    assert result.outcome == ("warning" if result.severity == "warning" else "failed")
    assert result.found
    assert result.mend
    assert not re.search(r"[{}]", result.mend), result.mend


@pytest.mark.parametrize("stack", ["dev", "prod", "three-sites", "plant"])
def test_what_nobody_has_touched_is_green(stack: str, verifier: Verifier) -> None:
    results = verifier(stack, Living(stack).world(), inside=True, messages=True)
    assert not outcomes(results, "failed", "warning", "unknown", "not-run")
    settings = expectation(stack).view.settings
    assert settings.machines or {one.id for one in results} == {check.id for check in CHECKS}
    assert {one.where for one in results} == {"", *settings.clusters, *settings.links}


def test_what_is_hardened_and_has_operators_is_green(verifier: Verifier) -> None:
    results = verifier("every-setting", Living("every-setting").world(), inside=True)
    assert not outcomes(results, "failed", "warning", "unknown", "not-run")
    settings = expectation("every-setting").view.settings
    assert settings.operator_group
    asked = {(id_, name) for id_ in ("VERIFY-72", "VERIFY-73", "VERIFY-74", "VERIFY-75") for name in settings.clusters}
    assert asked <= outcomes(results, "ok")


@pytest.mark.parametrize(("stack", "peering", "red"), [
    ("two-enterprises", "virtualNetworkPeerings/peer-p-to-r", set()),
    ("dev", "virtualNetworkPeerings/peer-a-to-b", {("VERIFY-05", "site")}),
])  # fmt: skip
def test_a_network_with_a_routed_link_may_be_peered_with_a_hub(
    stack: str, peering: str, red: set[tuple[str, str]], verifier: Verifier
) -> None:
    living = Living(stack)
    living.add(peering, "peer-to-hub")
    assert outcomes(verifier(stack, living.world()), "failed") == red


def test_what_is_not_there_is_told_once_and_the_others_say_after_which(verifier: Verifier) -> None:
    living = Living("dev")
    living.remove(_CREDENTIAL_A)
    results = verifier("dev", living.world())
    assert outcomes(results, "failed") == {("VERIFY-02", "site")}
    assert outcomes(results, "not-run") >= {("VERIFY-28", "site"), ("VERIFY-29", "site"), ("VERIFY-30", "site")}
    assert {one.found for one in results if one.outcome == "not-run"} == {
        "after VERIFY-02: site-secret-sync-credential not there"
    }


def test_of_a_group_that_is_gone_nothing_is_green(verifier: Verifier) -> None:
    living = Living("dev")
    living.remove("resourceGroups/rg-myorga-dev-001")
    results = verifier("dev", living.world())
    assert outcomes(results, "failed") == {("VERIFY-02", "site"), ("VERIFY-02", _LINK)}
    assert {where for _, where in outcomes(results, "unknown")} == {"site"}  # what its list would have told
    assert {where for _, where in outcomes(results, "ok")} == {"", "enterprise"}
