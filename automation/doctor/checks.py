"""The checks, in the order in which one would fix what they find."""

from __future__ import annotations

from automation.deployment.workspace import OLDEST_CLI
from automation.doctor import capacity, encryption, login, machine, names, providers, pulumi, rights, tenant
from automation.doctor.check import Check

_AZURE = ("azure-subscription",)

CHECKS: tuple[Check, ...] = (
    Check("python", "Python", machine.PYTHONS,
        "a virtual environment with such a Python", machine.check_python),
    Check("packages", "Python packages", "as pinned in requirements.txt", "`make setup`", machine.check_packages),
    Check("settings", "Settings of the stack", "no problem in the stack file",
        "correct the stack file", machine.check_settings),
    Check("program", "The program", "runs with these settings", "`make setup`, or what it says",
        machine.check_program, ("settings",)),
    Check("pulumi-cli", "Pulumi CLI", f"on PATH, {OLDEST_CLI} or newer", "install it", pulumi.check_cli),
    Check("pulumi-login", "Login to a Pulumi backend", "somebody is logged in", "`pulumi login`",
        pulumi.check_login, ("pulumi-cli",)),
    Check("pulumi-stack", "Stack in the backend", "it exists", "`pulumi stack init`", pulumi.check_stack,
        ("pulumi-login",)),
    Check("secrets-provider", "Secrets provider of the stack", "a Key Vault, as the state holds the authorities' keys",
        "`pulumi stack change-secrets-provider`", pulumi.check_secrets, ("pulumi-stack", "settings")),
    Check("azure-cli", "Azure CLI", f"on PATH, {machine.OLDEST_AZURE_CLI} or newer", "install it, or `az upgrade`",
        machine.check_azure_cli),
    Check("azure-login", "Login in Azure", "somebody is logged in, and gets a token", "`az login`",
        login.check_login, ("azure-cli",)),
    Check("azure-subscription", "Subscription", "az's is that of the settings, in their tenant, and enabled",
        "`az login --tenant`, `az account set`", login.check_subscription, ("azure-login",)),
    Check("arm-variables", "Variables ARM_* and PULUMI_DEBUG_PROVIDERS",
        "azure-native's login is for subscription and tenant of the settings, in Azure's public cloud",
        "`export` or `unset`", login.check_variables, ("settings",)),
    Check("tenant-values", "Tenant's values in the stack file", "all five", "the lines to put in",
        tenant.check_values, ("settings",)),
    Check("custom-locations", "Object id of the Custom Locations service principal", "that of this tenant",
        "the right id, or whom to ask", tenant.check_custom_locations, ("settings", *_AZURE)),
    Check("admin-group", "Group of the administrators", "exists in this tenant", "how to find its id",
        tenant.check_admin_group, ("settings", *_AZURE)),
    Check("rights", "Rights on the subscription", "every action that the program's own resources take",
        "`az role assignment create`: Owner, or Contributor and User Access Administrator",
        rights.check_rights, ("program", *_AZURE)),
    Check("resource-providers", "Resource providers", "all that the program, AIO and Arc use are registered",
        "`az provider register`", providers.check_registration, ("program", *_AZURE)),
    Check("regions", "Regions of the clusters", "every type that is put there is offered there",
        "the regions that carry all, for `location`", providers.check_regions, ("program", *_AZURE)),
    Check("api-versions", "API versions", "each type is offered in the version that the program sends",
        "another `release`", providers.check_api_versions, ("program", *_AZURE)),
    Check("vm-size", "Sizes of the nodes", "offered to this subscription in region and zone",
        "another `vm_size` or `zone`", capacity.check_sizes, ("settings", *_AZURE)),
    Check("encryption-at-host", "Encryption at host",
        "registered, and a capability of the sizes, where a node asks for it",
        "`az feature register`", encryption.check_encryption, ("settings", *_AZURE)),
    Check("quota", "vCPU quotas", "room for all nodes that are not there yet, per family and per region",
        "`az quota update`", capacity.check_quota, ("settings", *_AZURE)),
    Check("deleted-vaults", "Deleted Key Vaults", "none has a name of this stack", "`az keyvault purge`",
        names.check_deleted_vaults, ("settings", *_AZURE)),
    Check("resource-groups", "Resource groups", "none of this stack's names is somebody else's",
        "another `instance` or `prefix`", names.check_resource_groups, ("settings", *_AZURE)),
    Check("state", "State of the stack", "not empty where resource groups carry this stack's tag",
        "`pulumi whoami --verbose`, `pulumi login`", pulumi.check_state, ("settings", "pulumi-stack", *_AZURE)),
    Check("connectedk8s", "Azure CLI extension connectedk8s", "installed, for the Arc proxy commands",
        "`az extension add`", machine.check_connectedk8s, ("azure-cli",)),
    Check("kubectl", "kubectl", "on PATH, to look into a cluster", "`az aks install-cli`", machine.check_kubectl),
    Check("mosquitto", "Mosquitto", "installed, for the messages of a rehearsal", "`make mosquitto`",
        machine.check_mosquitto),
)  # fmt: skip
"""A check comes after those that it needs."""
