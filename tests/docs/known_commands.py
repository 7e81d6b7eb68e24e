"""Commands of other programs that the pages may use, with the options that they may use there.

Wrong names in the reference's documentation (blueprint-facts D36, D37) were never run by anybody: what a page says of
another program has to stand here, and a row is written by looking at that program's own reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Options = Mapping[str, str]
"""Command without its program -> its options, separated by spaces."""

AZ_EVERYWHERE = "--query --output -o --subscription"
"""Global options, and the one that every command of a subscription takes."""

AZ: Options = {
    # learn.microsoft.com/cli/azure/reference-index
    "login": "--tenant",
    "logout": "",
    "upgrade": "",
    # learn.microsoft.com/cli/azure/account
    "account set": "",
    "account show": "",
    # learn.microsoft.com/cli/azure/ad/group, /ad/sp, /ad/signed-in-user
    "ad group create": "--display-name --mail-nickname",
    "ad group member add": "--group --member-id",
    "ad group show": "--group",
    "ad signed-in-user show": "",
    "ad sp show": "--id",
    # learn.microsoft.com/cli/azure/aks
    "aks install-cli": "",
    # learn.microsoft.com/cli/azure/connectedk8s
    "connectedk8s connect": "-n -g --name --resource-group",
    "connectedk8s proxy": "-n -g --port",
    # learn.microsoft.com/cli/azure/customlocation
    "customlocation show": "-n -g",
    # learn.microsoft.com/cli/azure/extension
    "extension add": "--name",
    # learn.microsoft.com/cli/azure/group
    "group create": "--name --location",
    "group wait": "-n --name --deleted",
    # learn.microsoft.com/cli/azure/iot/ops
    "iot ops": "",
    # learn.microsoft.com/cli/azure/keyvault, /keyvault/key, /keyvault/secret, /keyvault/network-rule
    "keyvault create": "--name --resource-group --location --enable-rbac-authorization --enable-purge-protection",
    "keyvault key create": "--vault-name --name --kty --ops",
    "keyvault list-deleted": "",
    "keyvault network-rule add": "-n --ip-address",
    "keyvault purge": "-n --name",
    "keyvault secret purge": "--vault-name -n",
    "keyvault show": "--name",
    # learn.microsoft.com/cli/azure/lock
    "lock delete": "--ids",
    "lock list": "-g",
    # learn.microsoft.com/cli/azure/network, /network/vnet/peering
    "network list-usages": "-l",
    "network vnet peering delete": "--ids",
    # learn.microsoft.com/cli/azure/policy/exemption
    "policy exemption create": "",
    # learn.microsoft.com/cli/azure/provider
    "provider register": "--namespace --wait",
    # learn.microsoft.com/cli/azure/quota
    "quota update": "--resource-name --scope --limit-object --resource-type",
    # learn.microsoft.com/cli/azure/resource
    "resource delete": "--ids",
    # learn.microsoft.com/cli/azure/role/assignment
    "role assignment create": "--role --assignee --scope",
    "role assignment delete": "--ids --role --assignee --scope",
    "role assignment list": "--scope --assignee --all",
    # learn.microsoft.com/cli/azure/storage/account, /storage/account/blob-service-properties, /storage/container
    "storage account blob-service-properties update": "--account-name --resource-group --enable-versioning"
    " --enable-delete-retention --delete-retention-days",
    "storage account create": "--name --resource-group --location --allow-blob-public-access --allow-shared-key-access"
    " --min-tls-version",
    "storage account show": "--name",
    "storage container create": "--name --account-name --auth-mode",
    # learn.microsoft.com/cli/azure/vm, /vm/run-command
    "vm list-skus": "-l --size --all",
    "vm list-usage": "-l --location",
    "vm run-command show": "-g --vm-name -n --instance-view",
    "vm start": "-g -n",
}

PULUMI: Options = {
    # www.pulumi.com/docs/iac/cli/commands
    "cancel": "--stack",
    "import": "",
    "login": "",
    "package add": "",
    "preview": "--stack",
    "stack change-secrets-provider": "--stack",
    "stack export": "--stack",
    "stack init": "--secrets-provider",
    "stack output": "--stack --json",
    "stack rm": "",
    "state unprotect": "--all --stack",
    "up": "--stack --parallel --refresh --replace --continue-on-error",
    "whoami": "--verbose",
}

KUBECTL: Options = {
    # kubernetes.io/docs/reference/kubectl/generated; the first words are the verbs
    "apply": "--context --namespace --filename",
    "delete": "--context --namespace --filename",
    "exec": "--context --namespace --",
    "get": "--context --namespace",
}

WITHOUT_TABLE = frozenset({"cat", "cp", "export", "jq"})
"""Programs whose use nobody has to look up."""


def wrong_use(known: Options, words: Sequence[str], everywhere: str = "") -> str:
    """What is wrong with the words behind the program's name; empty if nothing is."""
    name = _command(known, words)
    if name is None:
        return f"{' '.join(words)!r} is not among the known commands"
    allowed = {*known[name].split(), *everywhere.split()}
    own = words[: words.index("--")] if "--" in words else words
    unknown = [word for word in own if word.startswith("-") and word.partition("=")[0] not in allowed]
    return f"{name} has no option {', '.join(unknown)} in the table" if unknown else ""


def _command(known: Options, words: Sequence[str]) -> str | None:
    """The longest known command that the words begin with, options before the verb left out."""
    plain = " ".join(_arguments(words))
    fits = [name for name in known if f"{plain} ".startswith(f"{name} ")]
    return max(fits, key=len, default=None)


def _arguments(words: Sequence[str]) -> list[str]:
    """The words from the verb on: `kubectl --context c get pods` has its verb behind an option."""
    start = 0
    while start < len(words) and words[start].startswith("-"):
        start += 2
    return list(words[start:])
