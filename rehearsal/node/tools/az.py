"""The Azure CLI: log-in with a managed identity, accounts, extensions; connectedk8s has a module of its own.

Azure/azure-cli: azure/cli/command_modules/profile/custom.py, azure/cli/core/_profile.py (login_with_managed_identity,
set_active_subscription, get_subscription), azure/cli/core/extension/operations.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from arm import ids
from arm.hosting import BY_NODE_TYPE
from rehearsal.azure.entries import Entry
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.machine import Machine
from rehearsal.node.tools import connectedk8s, pip, query
from rehearsal.node.tools.az_parser import read_command, refuse
from rehearsal.node.tools.outbound import choose_proxy, gets_out
from rehearsal.node.tools.refusal import answering, missing
from rules.facts.node import CONNECTEDK8S_VERSION

EXTENSION_VERSIONS = frozenset({CONNECTEDK8S_VERSION.value, "1.10.10", "1.10.11", "1.11.0", "1.11.1", "1.11.2"})
"""Of connectedk8s: AzureArcForKubernetes/connectedk8s, src/connectedk8s/HISTORY.rst, from 1.10.10."""
DEPENDENCIES = ("kubernetes", "pycryptodome", "azure-mgmt-hybridcompute", "oras")
"""Of connectedk8s: AzureArcForKubernetes/connectedk8s, src/connectedk8s/setup.py at release-v1.11.1."""
_NEWEST_EXTENSION = "1.99.0"
"""Whatever is newest on the day: never what is pinned, as the next release may come any day."""
_CLOUD = "AzureCloud"
_METADATA, _MANAGEMENT = "http://169.254.169.254/", "https://management.azure.com/"
_OF_ARC = (_METADATA, _MANAGEMENT, "https://mcr.microsoft.com/")
_CONTACTS: Mapping[str, tuple[str, ...]] = {
    "login": (_METADATA, "https://login.microsoftonline.com/", _MANAGEMENT),
    "extension add": ("https://aka.ms/",),
    "extension list-versions": ("https://aka.ms/",),
    "connectedk8s show": (_METADATA, _MANAGEMENT),
}
"""Command -> one host of each kind that it has to reach; settings/egress.py has them all."""


@answering
def az(call: ToolCall, machine: Machine) -> str | Reply:
    """Answer one command line."""
    if "azure-cli" not in machine.facts.get("packages", {}):
        raise missing("az")
    dynamic = call.environment.get("AZURE_EXTENSION_USE_DYNAMIC_INSTALL", "yes_prompt").lower()
    command, given = read_command(call.arguments, "connectedk8s" in _extensions(machine), dynamic)
    for url in _CONTACTS.get(command, _OF_ARC if command in connectedk8s.COMMANDS else ()):
        _require_way_out(url, machine, call)
    answer = _COMMANDS[command](given, machine, call)
    if isinstance(answer, Reply):
        return answer
    return query.write(query.select(answer, given["--query"] or ""), given["--output"] or "json")


def _require_way_out(url: str, machine: Machine, call: ToolCall) -> None:
    if gets_out(machine, url, choose_proxy(url, call.environment)):
        return
    if url == _METADATA:
        raise refuse("Failed to connect to MSI. Please make sure MSI is configured correctly.")
    host = urlsplit(url).hostname
    raise refuse(
        f"HTTPSConnectionPool(host='{host}', port=443): Max retries exceeded with url: / (Caused by"
        f" ConnectTimeoutError('Connection to {host} timed out. (connect timeout=300)'))"
    )


def _log_in(given: Mapping[str, Any], machine: Machine, call: ToolCall) -> Any:
    if not given["--identity"]:
        raise refuse("the model logs in with --identity only; a node has no browser and no terminal")
    if given["--password"] or given["--service-principal"] or given["--tenant"]:
        raise refuse("usage error: '--identity' is not applicable with other arguments")
    if given["--username"]:
        raise refuse(
            "Passing the managed identity ID with --username is no longer supported. Use --client-id, --object-id or"
            " --resource-id instead."
        )
    identity = _find_identity(given, machine)
    login = {
        "client_id": identity.outputs.get("clientId"),
        "principal_id": identity.outputs.get("principalId"),
        "own": ids.key(identity.id) == ids.key(machine.vm_id),
        "named": any(given[flag] for flag in ("--client-id", "--object-id", "--resource-id")),
    }
    machine.facts.setdefault("az", {})["login"] = login
    sees = bool(machine.azure.roles_of(str(login["principal_id"]), "", call.elapsed))
    if not sees and not given["--allow-no-subscriptions"]:
        del machine.facts["az"]["login"]
        raise refuse(
            "No access was configured for the managed identity, hence no subscriptions were found. If this is expected,"
            " use '--allow-no-subscriptions' to have tenant level access."
        )
    # A tenant level account has the tenant's id for its subscription (_build_tenant_level_accounts).
    machine.facts["az"]["subscriptions"] = [machine.azure.subscription_id if sees else machine.azure.tenant_id]
    machine.facts["az"]["subscription"] = machine.facts["az"]["subscriptions"][0]
    return [_account(machine)]


def _find_identity(given: Mapping[str, Any], machine: Machine) -> Entry:
    """Return the attached identity that the metadata service picks.

    learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token, "Error handling".
    """
    attached = list(_identities(machine))
    wanted = given["--client-id"], given["--object-id"], given["--resource-id"]
    if sum(1 for each in wanted if each) > 1:
        raise refuse("Usage error: Provide only one of --client-id, --object-id, --resource-id")
    if not any(wanted):
        own = machine.azure.find(machine.vm_id)
        if own and ids.at(own.outputs, "identity.principalId"):
            return replace(own, outputs={"principalId": own.outputs["identity"]["principalId"]})
        if len(attached) == 1:
            return attached[0]
        several = (
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the"
            " token request"
        )
        raise refuse(several if attached else "Identity not found")
    client, principal, resource = (str(each or "").lower() for each in wanted)
    for each in attached:
        if (
            str(each.outputs.get("clientId")).lower() == client
            or str(each.outputs.get("principalId")).lower() == principal
            or (resource and ids.key(each.id) == ids.key(resource))
        ):
            return each
    raise refuse("Identity not found")


def _identities(machine: Machine) -> Iterator[Entry]:
    vm = machine.azure.find(machine.vm_id)
    if vm is None:
        return
    for each in ids.at(vm.inputs, BY_NODE_TYPE[vm.row].node_identities) or ():  # a list of ids, or a map by id
        if identity := machine.azure.find(str(each)):
            yield identity


def _account(machine: Machine) -> dict[str, Any]:
    facts = machine.facts.get("az", {})
    if not facts.get("login"):
        raise refuse("Please run 'az login' to setup account.")
    is_tenant = facts["subscription"] == machine.azure.tenant_id
    return {
        "environmentName": _CLOUD,
        "id": facts["subscription"],
        "isDefault": True,
        "name": "N/A(tenant level account)" if is_tenant else "subscription",
        "state": "Enabled",
        "tenantId": machine.azure.tenant_id,
        "user": {"assignedIdentityInfo": f"MSIClient-{facts['login']['client_id']}", "type": "servicePrincipal"},
    }


def _set_account(given: Mapping[str, Any], machine: Machine, _: ToolCall) -> Any:
    _account(machine)
    wanted = str(given["--name"]).lower()
    facts = machine.facts["az"]
    found = [each for each in facts["subscriptions"] if each.lower() == wanted]
    if not found:
        raise refuse(f"The subscription of '{wanted}' doesn't exist in cloud '{_CLOUD}'.")
    facts["subscription"] = found[0]
    return None


def _show_account(_: Mapping[str, Any], machine: Machine, __: ToolCall) -> Any:
    return _account(machine)


def _extensions(machine: Machine) -> dict[str, str]:
    extensions: dict[str, str] = machine.facts.setdefault("az", {}).setdefault("extensions", {})
    return extensions


def _bring_dependencies(machine: Machine, call: ToolCall) -> None:
    """Do as the pip that az runs, which reads its options from the environment too (pip.pypa.io, Configuration)."""
    has_index = call.environment.get("PIP_NO_INDEX") not in ("1", "true")
    if has_index:
        _require_way_out(pip.INDEX, machine, call)
    folder = call.environment.get("PIP_FIND_LINKS")
    files = Path(str(machine.path(folder))).glob("*.whl") if folder else ()
    wheels = {one.name: machine.path(one).read_text() for one in files}
    found = {name for name in DEPENDENCIES for wheel in wheels if wheel.startswith(f"{name}-")}
    if not has_index and found != {*DEPENDENCIES}:
        raise refuse("An error occurred. Pip failed with status code 1. Use --debug for more information.")
    is_checked = not has_index and all(text == pip.CHECKED for text in wheels.values())
    machine.facts.setdefault("az", {})["dependencies"] = "checked" if is_checked else "as the index has them"


def _add_extension(given: Mapping[str, Any], machine: Machine, call: ToolCall) -> Any:
    name, version = given["--name"], given["--version"]
    if not name:
        raise refuse("Either '--name' or '--source' must be given; the model adds by --name only")
    if name in _extensions(machine) and not given["--upgrade"]:
        return None  # with the warning that it is already installed
    if name != "connectedk8s":
        raise ValueError(f"az extension add --name {name}: the model knows connectedk8s only; extend az.py")
    if version not in (None, "latest") and version not in EXTENSION_VERSIONS:
        what = f"{name} ({version})"
        raise refuse(f"No matching extensions for '{what}'. Use --debug for more information.")
    _bring_dependencies(machine, call)
    _extensions(machine)[name] = _NEWEST_EXTENSION if version in (None, "latest") else version
    return None


def _remove_extension(given: Mapping[str, Any], machine: Machine, _: ToolCall) -> Any:
    if _extensions(machine).pop(given["--name"], None) is None:
        raise refuse(f"The extension {given['--name']} is not installed.")
    return None


def _show_extension(given: Mapping[str, Any], machine: Machine, _: ToolCall) -> Any:
    name = given["--name"]
    if name not in _extensions(machine):
        raise refuse(f"The extension {name} is not installed.")
    return {"extensionType": "whl", "name": name, "version": _extensions(machine)[name]}


def _list_versions(given: Mapping[str, Any], _: Machine, __: ToolCall) -> Any:
    if given["--name"] != "connectedk8s":
        raise refuse(f"Extension {given['--name']} not found.")
    return [{"name": "connectedk8s", "version": version} for version in sorted(EXTENSION_VERSIONS)]


_COMMANDS: Mapping[str, Callable[[Mapping[str, Any], Machine, ToolCall], Any]] = {
    "login": _log_in,
    "account set": _set_account,
    "account show": _show_account,
    "extension add": _add_extension,
    "extension remove": _remove_extension,
    "extension show": _show_extension,
    "extension list-versions": _list_versions,
    **connectedk8s.COMMANDS,
}
