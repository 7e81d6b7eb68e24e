"""The transient errors of a deployment, and what to do about the others.

Every row stands on messages that others have recorded: tests/automation/deployment/recorded_errors.yaml.

Waits and limits come on top of azure-native's own retries after 20, 60 and 120 seconds (provider/pkg/azure,
client_azcore.go): what is seen here has outlasted them. `wait` times `limit` never exceeds the 10 minutes that
Microsoft names for a role assignment to spread, the longest that anything here is known to take.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Transient:
    """A transient error: the same call succeeds later."""

    id: str
    title: str
    pattern: str
    """Regular expression, whatever the case, searched in what the provider said (code and text) as one line."""
    wait: int
    """Seconds before the next try."""
    limit: int
    """How many times one resource may fail this way in one `up` before `up` gives up."""
    source: str
    exists: bool = False
    """The resource may exist although the call failed: it must be looked for before it is created again."""


@dataclass(frozen=True)
class Remedy:
    """The next step after an error that is not transient."""

    id: str
    title: str
    pattern: str
    remedy: str
    source: str
    of: str = ""
    """Regular expression, searched in the logical name of what has failed."""
    is_permanent: bool = True
    """Whether it never passes by itself. Otherwise this is advice for a transient error that outlasts its limit."""


# In order: the first that fits counts. `exists` also where a long-running operation may end with the same code: it says
# nothing about the resource (pulumi-azure-native #4761: 409, yet the storage account was there).
THERE_ALREADY = Transient(
    "TRANSIENT-00", "It is there already", "", 20, 3, "pulumi-azure-native, client_azcore.go", exists=True
)
"""Not a row of the table: the same is said of what is somebody else's."""
TRANSIENTS: tuple[Transient, ...] = (
    Transient("TRANSIENT-01", "Something else is being done to the resource, or to what it is part of",
        r"AnotherOperationInProgress|CanceledAndSupersededDueToAnotherOperation|StorageAccountOperationInProgress"
        r"|ConflictingConcurrentWriteNotAllowed|another operation is pending|RequestConflict",
        60, 5, "pulumi-azure-native #903, #4761", exists=True),
    # In state Failed it stays so: not a row.
    Transient("TRANSIENT-02", "What the resource refers to is still being updated",
        r"is not in Succeeded state\. Resource is in Updating state", 60, 5, "pulumi-azure-native #4340"),
    Transient("TRANSIENT-03", "The network service asks for another try",
        r"RetryableError", 20, 5, "pulumi-azure-native #3720"),
    Transient("TRANSIENT-04", "Federated credentials of one identity were written at once",
        r"Concurrent Federated Identity Credentials writes", 60, 5, "pulumi-azure-native #4343, #4421"),
    Transient("TRANSIENT-05", "Too many requests",
        r"Too ?Many ?Requests|\bStatus=429\b|status code 429\b",
        60, 5, "learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling"),
    # Azure says the same when the right is missing for good. So the limit is small: nobody without rights waits for 10
    # minutes to be told. The right to assign roles is none that a deployment waits for: REMEDY-09.
    Transient("TRANSIENT-06", "A role of the deployer has not spread yet",
        r"If access was recently granted, please refresh", 60, 3,
        "learn.microsoft.com/azure/role-based-access-control/troubleshooting"),
    # A deployment may use such a role right after it was granted, hence all of the 10 minutes.
    Transient("TRANSIENT-07", "A role on a key vault has not spread yet",
        r"please observe propagation time", 120, 5,
        "learn.microsoft.com/azure/role-based-access-control/troubleshooting"),
    Transient("TRANSIENT-08", "An identity that was just created is not known everywhere in Entra",
        r"PrincipalNotFound|MS Graph resource not found", 60, 5, "avdaccelerator #99, Azure-Verified-Modules #2673"),
    Transient("TRANSIENT-09", "A role definition that was just created is not known everywhere",
        r"RoleDefinitionDoesNotExist", 60, 3, "azurerm #10442, azure-cli #20727", exists=True),
    Transient("TRANSIENT-10", "Created, but not readable yet",
        r"partially created but read failed", 20, 3, "pulumi-azure-native #1126", exists=True),
    # Azure says the same of what really is missing, hence the small limit.
    Transient("TRANSIENT-11", "What was just created is not visible in every region",
        r"\b(?:Resource|ParentResource|ResourceGroup)NotFound\b", 20, 3, "azurerm #18268, #18311"),
    Transient("TRANSIENT-12", "A network interface is kept for a VM that is being deleted",
        r"is reserved for another Virtual Machine", 180, 2, "AzureTRE #4511"),
    Transient("TRANSIENT-13", "An object of a vault is still being deleted",
        r"is currently being deleted", 30, 5, "azure-sdk-for-net #34322"),
    Transient("TRANSIENT-14", "Another script is running on the VM",
        r"Run command extension execution is in progress", 120, 5, "azure-cli #19137"),
    Transient("TRANSIENT-15", "The cluster is still deleting a namespace of that name",
        r"namespace \S+ because it is being terminated", 60, 3, "azure-stack-docs #2036", exists=True),
    Transient("TRANSIENT-16", "The cluster did not answer in time",
        r"Unable to get response from the Agent in time|timed out waiting for the (?:condition|resource)"
        r"|ClusterNetworkUnavailable|ExtensionOperationFailed.*dial tcp",
        120, 2, "learn.microsoft.com/azure/iot-operations/troubleshoot", exists=True),
    Transient("TRANSIENT-17", "A fault of Azure's own",
        r"InternalServerError|InternalExecutionError|Internal(?:Operation)?Error\b|Service ?Unavailable|Bad ?Gateway"
        r"|Gateway ?Timeout|\bStatus=(?:408|50[0234])\b|status code (?:408|50[0234])\b",
        60, 3, "azurerm #815, azure-powershell #14460", exists=True),
    # Mostly it comes back the same way: one try, with a new process.
    Transient("TRANSIENT-18", "Pulumi has lost the provider",
        r"error reading from server:", 20, 1, "pulumi-azure-native #3597", exists=True),
    Transient("TRANSIENT-19", "No connection could be made",
        r"dial tcp\b|TLS handshake timeout", 20, 5, "azurerm #28082, #1081"),
    Transient("TRANSIENT-20", "The connection was cut",
        r"connection reset|connection may have been reset|server sent GOAWAY|\": (?:unexpected )?EOF\b",
        20, 3, "azurerm #24444, #3908", exists=True),
    Transient("TRANSIENT-21", "Azure took longer than the time limit and works on",
        r"context deadline exceeded", 120, 1, "pulumi-azure-nextgen #252", exists=True),
    # A long-running operation outlives its token and goes on; the next run has another token, unless this machine's
    # clock is behind: the old one looks good until the clock is set right (azure-sdk-for-go, temporal/resource.go).
    Transient("TRANSIENT-22", "The token has ended in the middle",
        r"ExpiredAuthenticationToken", 60, 3, "azurerm #20867", exists=True),
)  # fmt: skip

_SET_CLOCK = (
    "Compare the clocks (`date -u`; `curl -sI https://management.azure.com | grep -i ^date`), set this machine's right,"
    " `az login`, then run again."
)

_REFUSED = r"Code=\"(?:BadRequest|InvalidRequestContent|InvalidParameter|ValidationError)\"|SubscriptionNotFound"

# In order: the first that fits is told. `<...>` is filled in where the message says it (`fill_in`).
REMEDIES: tuple[Remedy, ...] = (
    Remedy("REMEDY-01", "Script failed", r"VMExtensionProvisioningError|Run Command .* failed with exit code",
        "Read what the script said (`az vm run-command show -g <group> --vm-name <vm> -n <name> --instance-view`), fix"
        " the cause and run `up` again (`.venv/bin/python -m automation up --stack <stack>`): where a script has failed"
        " it lets all of that cluster run again, in place. With the Pulumi CLI alone: `pulumi up --replace"
        " '<script-run>'`, with the URN of the cluster's `script-run`; without it Azure runs no script twice. Never"
        " take a Run Command away to make it anew: under its name it may never run.",
        "learn.microsoft.com/azure/virtual-machines/linux/run-command-managed,"
        " Azure/run-command-handler-linux, internal/cmds/cmds.go"),
    Remedy("REMEDY-02", "Quota", r"exceeding (?:approved|quota)|QuotaExceeded|(?:Count|Peering)LimitReached"
        r"|RoleAssignmentLimitExceeded|CountPerSubscriptionExceeded",
        "Ask for more quota or need less, e.g. by a smaller `vm_size`; in use: `az vm list-usage -l <region>`,"
        " `az network list-usages -l <region>`.", "neonKUBE #1671"),
    Remedy("REMEDY-03", "Size not available", r"SkuNotAvailable|AllocationFailed",
        "Choose another `vm_size`, `zone` or `location`: `az vm list-skus -l <region> --size <size> --all`.",
        "azuresandbox #70"),
    Remedy("REMEDY-04", "Azure Policy", r"RequestDisallowedByPolicy|disallowed by (?:one or more )?polic",
        "Do what the policy asks for (missing tags belong under `tags` in the settings) or have its owner exempt you:"
        " `az policy exemption create`.", "azurerm #25614"),
    Remedy("REMEDY-05", "Lock", r"ScopeLocked|following scope\(s\) are locked",
        "Have the lock removed: `az lock list -g <group>`, then `az lock delete --ids <id>`.", "azurerm #17478"),
    Remedy("REMEDY-06", "Resource provider not registered",
        r"MissingSubscriptionRegistration|MissingRegistrationForLocation",
        "Register it: `az provider register --wait --namespace <namespace>`.", "data-product-streaming #12"),
    Remedy("REMEDY-07", "Name of a vault or of a secret in it taken",
        r"VaultAlreadyExists|exists in deleted state|deleted but recoverable state",
        "A secret: `az keyvault secret recover --vault-name <vault> -n <secret>`, then run again, which takes it over."
        " A vault: `az keyvault list-deleted` says whether it may be purged (`az keyvault purge -n <vault>`). With"
        " purge protection, as in prod, nobody can before its time is over: choose another `code` for that one"
        " cluster; for the whole stack anew, another `instance`. `az keyvault recover -n <vault>` brings it back with"
        " its secrets, but into Azure alone: it then has to be imported (`pulumi import <type> <name> <id>`).",
        "pulumi-azure-native #1174, learn.microsoft.com/azure/key-vault/general/key-vault-recovery"),
    Remedy("REMEDY-08", "Name of a storage account taken", r"StorageAccountAlreadyTaken",
        "Choose another `prefix` or `instance`: the name is in use somewhere in Azure.", "terraform #11485"),
    Remedy("REMEDY-09", "No right to assign roles",
        r"LinkedAuthorizationFailed|not have authorization to perform action '?Microsoft\.Authorization/role\w+/write",
        "Have Owner, or Contributor with User Access Administrator, granted at that scope, then `az login` again.",
        "pulumi-azure #595, learn.microsoft.com/azure/iot-operations/troubleshoot"),
    Remedy("REMEDY-10", "Exists already", r"cannot create already existing (?:sub)?resource",
        "If its resource group has the tag `edge-stamps-stack` of this stack, the state is somewhere else: look at"
        " `pulumi whoami --verbose`. Else it is somebody's: choose another `instance`, or import it"
        " (`pulumi import <type> <name> <id>`).",
        "pulumi-azure-native #1123, #4761"),
    Remedy("REMEDY-11", "Custom locations not enabled",
        r"UnauthorizedNamespaceError|not have the required permissions to create a namespace",
        "Correct `custom_locations_object_id`: `az ad sp show --id bc313c14-388c-4e7d-a58e-70017303ee3b --query id`.",
        "learn.microsoft.com/azure/iot-operations/troubleshoot"),
    Remedy("REMEDY-12", "Custom location lacks this type",
        r"MissingResourceVersionOnHost|does not support the resource type",
        "See that the custom location lists the extensions of this `release` (`az customlocation show -g <group> -n"
        " <name>`).", "learn.microsoft.com/azure/iot-operations/troubleshoot"),
    Remedy("REMEDY-13", "Login in Azure", r"\bAADSTS(?:700024|70043|700082|50173|70021|700211|700213|7002138)\b"
        r"|run '?az login|Azure CLI not found on path",
        "Log in (`az login`); in a pipeline set ARM_USE_OIDC, so that tokens are renewed, and check subject and issuer"
        " of its federated credential. `.venv/bin/python -m automation doctor --stack <stack>` checks whether it"
        " is enough.",
        "azure-cli #28708, #17714, #33414, Azure/login #482, azidentity TROUBLESHOOTING.md"),
    Remedy("REMEDY-27", "Login to a Pulumi backend", r"PULUMI_ACCESS_TOKEN must be set for login",
        "Log in to where the state is kept: `pulumi login` (Pulumi Cloud) or `pulumi login"
        " 'azblob://<container>?storage_account=<account>'`; in a pipeline set PULUMI_ACCESS_TOKEN or"
        " PULUMI_BACKEND_URL.", "pulumi/pulumi, pkg/backend/httpstate"),
    Remedy("REMEDY-28", "Plugin missing", r"Could not automatically download and install \w+ plugin",
        "Let this machine reach what the message names, or install the plugin by the command in the message.",
        "pulumi/pulumi, pkg/workspace"),
    Remedy("REMEDY-14", "Still in use", r"InUse\w*CannotBeDeleted|PublicIPAddressCannotBeDeleted|\bNicInUse\b",
        "Delete what the message says is using it, then run again: `az resource delete --ids <id>`.", "azurerm #4784"),
    Remedy("REMEDY-15", "Protected", r"because it is protected|marked for protection",
        "If it really should be deleted: `pulumi state unprotect '<urn>'`, then run again.", "pulumi #4662"),
    Remedy("REMEDY-16", "Not in this region", r"LocationNotAvailableForResource",
        "Choose one of the regions that the message lists as `location`.", "azure-rest-api-specs #8347"),
    Remedy("REMEDY-17", "Cannot be changed", r"PropertyChangeNotAllowed|RoleAssignmentUpdateNotPermitted",
        "Take the change back, or recreate it: `pulumi up --replace '<urn>'`.", "azure-sdk-for-java #1976"),
    Remedy("REMEDY-18", "Role assigned already", r"RoleAssignmentExists",
        "Delete the other one: `az role assignment list --scope <scope>`, `az role assignment delete --ids <id>`.",
        "azurerm #17421"),
    Remedy("REMEDY-19", "Peering in the way", r"AnotherPeeringAlreadyReferencesRemoteVnet|RemotePeeringIsDisconnected",
        "Delete the peering in question (`az network vnet peering delete --ids <id>`), then `pulumi up --refresh`.",
        "bicep-registry-modules #3386"),
    Remedy("REMEDY-20", "Stack locked", r"the stack is currently locked by",
        "Wait for the other run; if there is none: `pulumi cancel`.", "pulumi #9148"),
    Remedy("REMEDY-21", "Vault out of reach", r"Client address is not authorized|Public network access is disabled",
        "Run where the vault can be reached, or admit yourself: `az keyvault network-rule add -n <vault> --ip-address"
        " <address>`.", "azurerm #27840"),
    Remedy("REMEDY-22", "Resource group is being deleted", r"ResourceGroupBeingDeleted",
        "Wait until it is gone, then run again: `az group wait --deleted -n <group>`.", "azure-cli #21121"),
    Remedy("REMEDY-23", "VM stopped", r"when the VM is not running",
        "Start it, then run again: `az vm start -g <group> -n <vm>`.", "AzureTRE #2138"),
    Remedy("REMEDY-34", "Encryption at host not registered", r"EncryptionAtHost' feature is not enabled",
        "Register it: `az feature register --namespace Microsoft.Compute --name EncryptionAtHost`; when `az feature"
        " show` says Registered: `az provider register --namespace Microsoft.Compute`. Or set `encryption_at_host:"
        " false`.",
        "azuresandbox #73"),
    Remedy("REMEDY-35", "Encryption at host of a running VM", r"encryptionAtHost' can be updated only when",
        "The node is down meanwhile: `az vm deallocate -g <group> -n <vm>`, run again, `az vm start -g <group> -n"
        " <vm>`. Or set `encryption_at_host: false`.",
        "terraform-provider-azurerm, internal/services/compute/linux_virtual_machine_resource.go"),
    Remedy("REMEDY-37", "A script of a cluster that follows a change of keys is refused", _REFUSED,
        "Do not lower a generation that was raised: that is refused, and not needed, as the old key works until the"
        " site has followed (unless `revoked_generation` has taken it). See that the site's node runs and is connected,"
        " bring it back, and run `up` again: `.venv/bin/python -m automation up --stack <stack>`.",
        "docs/decisions/0014-generations-only-rise.md", of=r"-(?:prove|settle)-|-apply-objects$"),
    Remedy("REMEDY-24", "Refused", _REFUSED,
        "Correct the settings in question and check them: `.venv/bin/python -m automation check --stack <stack>`.",
        "learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors"),
    Remedy("REMEDY-30", "The clock of this machine", r"ID token already expires", _SET_CLOCK, "azure-cli #23223"),
    Remedy("REMEDY-31", "The token ends again and again", r"ExpiredAuthenticationToken", _SET_CLOCK,
        "azure-sdk-for-go, sdk/internal/temporal/resource.go", is_permanent=False),
    # pkg/backend/diy/state.go copies the last state beside it before it writes a new one, which a kill can cut off.
    Remedy("REMEDY-26", "The state's file is cut off", r"failed to load checkpoint",
        "Put the copy that the backend keeps in its place (`<stack>.json.bak` beside `<stack>.json` under"
        " `.pulumi/stacks`), then run again.", "pulumi/pulumi, pkg/backend/diy/state.go"),
    Remedy("REMEDY-29", "An extension could not make its own resources",
        r"creating custom resources needed by system extensions",
        "Run the same command again once the cert-manager extension is up (`az k8s-extension list -g <group> -c"
        " <cluster> -t connectedClusters -o table`). If it comes back, Microsoft's way out: `az iot ops delete -g"
        " <group> --cluster <cluster> --include-deps`, then `pulumi up --refresh`.",
        "learn.microsoft.com/azure/iot-operations/troubleshoot/known-issues (9091),"
        " learn.microsoft.com/azure/azure-arc/container-storage/troubleshooting"),
    Remedy("REMEDY-36", "A machine was set up anew",
        r"is left over from an earlier node",
        "What is on the old cluster keeps the new one from being connected. Once Azure calls the old one Offline (`az"
        " connectedk8s show -g <group> -n <arc-cluster> --query connectivityStatus`): `.venv/bin/python -m automation"
        " refresh --stack <stack> --cluster-is-gone <cluster>`, which deletes in Azure what is on it, and `up`.",
        "learn.microsoft.com/azure/azure-arc/kubernetes/custom-locations", is_permanent=False),
    # A cluster that was just connected may not be seen everywhere yet: that is TRANSIENT-11, and this what outlasts it.
    Remedy("REMEDY-32", "A connected cluster is gone",
        r"Resource 'Microsoft\.Kubernetes/connectedClusters/[\w-]+' under resource group '[^']+' was not found",
        "Somebody has removed the connected cluster <connected>, and waiting does not bring it back. Let the script"
        " connect it again: `.venv/bin/python -m automation up --stack <stack> --yes --run-again <cluster>`, without a"
        " preview, which would read the connected cluster. apply-objects fails then, as the extensions are gone too; so"
        " `refresh` and `up`, which make what was on it.",
        "azure-cli-extensions #9457", is_permanent=False),
    Remedy("REMEDY-33", "A cluster does not answer",
        r"ClusterUnreachable|ClusterNetworkUnavailable|Unable to get response from the Agent in time",
        "See whether its node runs (`az connectedk8s show -g <group> -n <arc-cluster> --query connectivityStatus`),"
        " bring it back, then run again; a cluster that is to go is taken out of the settings while it answers. Where"
        " it never comes back, there is one way left, and THIS ENDS EVERY CLUSTER OF THE STACK, with their data:"
        " `.venv/bin/python -m automation destroy --stack <stack> --cluster-is-gone <cluster>`, by the cluster's name"
        " in the settings.",
        "azure-iot-ops-cli-extension #843, learn.microsoft.com/azure/iot-operations/troubleshoot", is_permanent=False),
    Remedy("REMEDY-25", "No right", r"AuthorizationFailed|please observe propagation time",
        "Have a role granted that allows the action in the message, then `az login`; you have: `az role assignment list"
        " --assignee <you> --all`.", "learn.microsoft.com/azure/role-based-access-control/troubleshooting",
        is_permanent=False),
)  # fmt: skip
