"""What is looked at, in the order in which one would mend it."""

from __future__ import annotations

from automation.deployment.workspace import OLDEST_CLI
from automation.doctor import capacity, login, machine, names, providers, pulumi, rights, tenant
from automation.doctor.check import Row

_AZURE = ("azure-subscription",)

CHECKS: tuple[Row, ...] = (
    Row("python", "Python", f"{'.'.join(map(str, machine.OLDEST_PYTHON))} or newer",
        "a virtual environment with a newer Python", machine.look_at_python),
    Row("packages", "Python packages", "as pinned in requirements.txt", "`make setup`", machine.look_at_packages),
    Row("settings", "Settings of the stack", "no problem in the stack file",
        "correct the stack file", machine.look_at_settings),
    Row("program", "The program", "runs with these settings", "`make setup`, or what it says",
        machine.look_at_program, ("settings",)),
    Row("pulumi-cli", "Pulumi CLI", f"on PATH, {OLDEST_CLI} or newer", "install it", pulumi.look_at_cli),
    Row("pulumi-login", "Login to a Pulumi backend", "somebody is logged in", "`pulumi login`",
        pulumi.look_at_login, ("pulumi-cli",)),
    Row("pulumi-stack", "Stack in the backend", "it exists", "`pulumi stack init`", pulumi.look_at_stack,
        ("pulumi-login",)),
    Row("secrets-provider", "Secrets provider of the stack", "a Key Vault, as the state holds the authorities' keys",
        "`pulumi stack change-secrets-provider`", pulumi.look_at_secrets, ("pulumi-stack", "settings")),
    Row("azure-cli", "Azure CLI", f"on PATH, {machine.OLDEST_AZURE_CLI} or newer", "install it, or `az upgrade`",
        machine.look_at_azure_cli),
    Row("azure-login", "Login in Azure", "somebody is logged in, and gets a token", "`az login`",
        login.look_at_login, ("azure-cli",)),
    Row("azure-subscription", "Subscription", "az's is that of the settings, in their tenant, and enabled",
        "`az login --tenant`, `az account set`", login.look_at_subscription, ("azure-login",)),
    Row("arm-variables", "Variables ARM_* and PULUMI_DEBUG_PROVIDERS",
        "azure-native's login is for subscription and tenant of the settings, in Azure's public cloud",
        "`export` or `unset`", login.look_at_variables, ("settings",)),
    Row("tenant-values", "Tenant's values in the stack file", "all five", "the lines to put in",
        tenant.look_at_values, ("settings",)),
    Row("custom-locations", "Object id of the Custom Locations service principal", "that of this tenant",
        "the right id, or whom to ask", tenant.look_at_custom_locations, ("settings", *_AZURE)),
    Row("admin-group", "Group of the administrators", "exists in this tenant", "how to find its id",
        tenant.look_at_admin_group, ("settings", *_AZURE)),
    Row("rights", "Rights on the subscription", "every action that the program's own resources take",
        "`az role assignment create`: Owner, or Contributor and User Access Administrator",
        rights.look_at_rights, ("program", *_AZURE)),
    Row("resource-providers", "Resource providers", "all that the program, AIO and Arc use are registered",
        "`az provider register`", providers.look_at_registration, ("program", *_AZURE)),
    Row("regions", "Regions of the clusters", "every type that is put there is offered there",
        "the regions that carry all, for `location`", providers.look_at_regions, ("program", *_AZURE)),
    Row("api-versions", "API versions", "each type is offered in the version that the program sends",
        "another `release`", providers.look_at_api_versions, ("program", *_AZURE)),
    Row("vm-size", "Sizes of the nodes", "offered to this subscription in region and zone",
        "another `vm_size` or `zone`", capacity.look_at_sizes, ("settings", *_AZURE)),
    Row("quota", "vCPU quotas", "room for all nodes that are not there yet, per family and per region",
        "`az quota update`", capacity.look_at_quota, ("settings", *_AZURE)),
    Row("deleted-vaults", "Deleted Key Vaults", "none has a name of this stack", "`az keyvault purge`",
        names.look_at_deleted_vaults, ("settings", *_AZURE)),
    Row("resource-groups", "Resource groups", "none of this stack's names is somebody else's",
        "another `instance` or `prefix`", names.look_at_resource_groups, ("settings", *_AZURE)),
    Row("state", "State of the stack", "not empty where resource groups carry this stack's tag",
        "`pulumi whoami --verbose`, `pulumi login`", pulumi.look_at_state, ("settings", "pulumi-stack", *_AZURE)),
    Row("connectedk8s", "Azure CLI extension connectedk8s", "installed, for the Arc proxy commands",
        "`az extension add`", machine.look_at_connectedk8s, ("azure-cli",)),
    Row("kubectl", "kubectl", "on PATH, to look into a cluster", "`az aks install-cli`", machine.look_at_kubectl),
    Row("mosquitto", "Mosquitto", "installed, for the messages of a rehearsal", "`make mosquitto`",
        machine.look_at_mosquitto),
)  # fmt: skip
"""A row's needs stand before it."""
