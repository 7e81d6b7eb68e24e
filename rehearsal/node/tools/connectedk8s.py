"""`az connectedk8s`: what its commands check, in which order, and what they leave on the cluster and in ARM.

AzureArcForKubernetes/connectedk8s, src/connectedk8s/azext_connectedk8s/custom.py (create_connectedk8s,
delete_connectedk8s, enable_features, validate_release_namespace) and _utils.py (arm_exception_handler,
user_confirmation, validate_connect_rp_location), read 2026-11-27.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arm import ids
from rehearsal.azure.errors import ArmError
from rehearsal.node.calls import Reply, ToolCall
from rehearsal.node.machine import Machine
from rehearsal.node.tools import k3s, rights
from rehearsal.node.tools.arc_agents import do_agents_work, read_proxy
from rehearsal.node.tools.az_parser import refuse
from rehearsal.node.tools.durations import DURATIONS
from rehearsal.node.tools.refusal import RefusalError

_CHECK_KUBECONFIG = (
    "Unable to load the kubeconfig file.\nPlease check"
    " https://learn.microsoft.com/en-us/azure/azure-arc/kubernetes/diagnose-connection-issues"
    "#is-kubeconfig-pointing-to-the-right-cluster"
)
_NO_GRAPH = (
    "WARNING: Unable to fetch the Custom Location OID  with permissions set on this account. The account does not have"
    " sufficient permissions to fetch or validate the OID."
)

_PATIENCE = 1200
"""Default of --onboarding-timeout (_constants.py, DEFAULT_MAX_ONBOARDING_TIMEOUT_HELMVALUE_SECONDS)."""


def _show(given: Mapping[str, Any], machine: Machine, call: ToolCall) -> Any:
    """Return the connected cluster; exit code 3 if there is none (azure-cli-core, show commands on a 404)."""
    arm_id = _find_id(given, machine)
    rights.require(machine, rights.CONNECT_READ, arm_id, call.elapsed)
    entry = machine.azure.find(arm_id)
    if entry is None:
        raise _not_found(arm_id, exit_code=3)
    shown = {**entry.inputs, **entry.outputs, "id": entry.id, "name": entry.name, "provisioningState": entry.state}
    if not ids.at(entry.inputs, "oidcIssuerProfile.enabled"):
        shown["oidcIssuerProfile"] = None
    is_own = k3s.is_running(machine) and ids.key(_connected_id(machine)) == ids.key(arm_id)
    is_online = is_own and do_agents_work(machine, machine.facts["arc"].get("proxy", {}))
    return {**shown, "connectivityStatus": "Connected" if is_online else "Offline"}


def _connect(given: Mapping[str, Any], machine: Machine, call: ToolCall) -> Any:
    arm_id = _find_id(given, machine)
    if given["--enable-private-link"] == "true" or given["--azure-hybrid-benefit"] == "True":
        _confirm(given)
    if given["--self-hosted-issuer"] and given["--enable-oidc-issuer"] != "true":
        raise refuse("Cannot specify a value for --self-hosted-issuer without --enable-oidc-issuer.")
    location = given["--location"] or _group_location(arm_id, machine)
    _check_cluster(given, machine, call)
    if not k3s.is_settled(machine, call.elapsed):  # the checks run as a job, and ask the cluster's DNS
        raise refuse(
            "One or more pre-onboarding diagnostic checks failed and hence not proceeding with cluster onboarding."
            " Please resolve them and try onboarding again."
        )
    there, held = machine.azure.find(arm_id), _connected_id(machine)
    rights.require(machine, rights.CONNECT_READ, arm_id, call.elapsed)
    if held and machine.azure.find(held) and ids.key(held) != ids.key(arm_id):
        group, name = ids.name_of(ids.group_of(held)), ids.name_of(held)
        raise refuse(
            "The kubernetes cluster you are trying to onboard is already onboarded to the resource group"
            f" '{group}' with resource name '{name}'."
        )
    if not held and there:
        raise refuse(
            f"The connected cluster resource {there.name} already exists  in the resource group"
            f" {given['--resource-group']} and corresponds to a different Kubernetes cluster.\nTo onboard this"
            " Kubernetes cluster to Azure, specify different resource name or resource group name."
        )
    _put(given, machine, call, arm_id, location)
    if not (held and there):  # else a re-put, which leaves the agents alone
        _check_patience(given, reach=do_agents_work(machine, read_proxy(given)))
        _install_agents(given, machine, location)
    return _show(given, machine, call)


def _put(given: Mapping[str, Any], machine: Machine, call: ToolCall, arm_id: str, location: str) -> None:
    summary = "\nSummary: Unable to create connected cluster resource"
    try:
        rights.require(machine, rights.CONNECT_WRITE, arm_id, call.elapsed)
    except RefusalError as refusal:
        text = refusal.text.removeprefix("ERROR: ")
        raise refuse(f"Http response error occured while making ARM request: {text}{summary}") from None
    upgrade = "Disabled" if given["--disable-auto-upgrade"] else "Enabled"
    body: dict[str, Any] = {
        "location": location,
        "identity": {"type": "SystemAssigned"},
        "distribution": given["--distribution"] if given["--distribution"] not in (None, "generic") else "k3s",
        "infrastructure": given["--infrastructure"] or "azure",
        "arcAgentProfile": {"agentAutoUpgrade": upgrade},
    }
    if given["--enable-oidc-issuer"] == "true":
        body["oidcIssuerProfile"] = {"enabled": True}
    if given["--enable-workload-identity"] == "true":
        body["securityProfile"] = {"workloadIdentity": {"enabled": True}}
    if given["--tags"]:
        body["tags"] = dict(tag.partition("=")[::2] for tag in given["--tags"])
    try:
        machine.azure.connect_cluster(arm_id, body)
    except ArmError as error:
        text = f"({error.code}) {error.message}\nCode: {error.code}\nMessage: {error.message}{summary}"
        raise refuse(f"Http response error occured while making ARM request: {text}") from error


def _check_patience(given: Mapping[str, Any], *, reach: bool) -> None:
    """Let Helm give up before the agents are up: `--timeout` is --onboarding-timeout with an s (helm_install_release).

    The words are those of HELM_TIMEOUT_GENERIC in _errors.py.
    """
    patience = str(given["--onboarding-timeout"] or _PATIENCE)
    if not reach or not patience.isdigit() or int(patience) < DURATIONS["az", "connectedk8s", "connect"]:
        raise refuse(
            "Azure Arc agent installation did not finish before the Helm timeout. Retry onboarding or inspect the"
            " 'azure-arc' namespace for pods that are not ready.\nHelm command output:\nError: context deadline"
            " exceeded"
        )


def _install_agents(given: Mapping[str, Any], machine: Machine, location: str) -> None:
    """Leave the Helm release azure-arc; cluster-connect is on by default, custom locations need the object id."""
    oid = given["--custom-locations-oid"] or ""
    machine.facts["arc"] = {
        "subscription": machine.facts["az"]["subscription"],
        "group": given["--resource-group"],
        "name": given["--name"],
        "location": location,
        "custom_locations_oid": oid,
        "features": ["cluster-connect", *(["custom-locations"] if oid else [])],
        "auto_upgrade": not given["--disable-auto-upgrade"],
        "oidc_issuer": given["--enable-oidc-issuer"] == "true",
        "workload_identity": given["--enable-workload-identity"] == "true",
        "proxy": read_proxy(given),
    }


def _delete(given: Mapping[str, Any], machine: Machine, call: ToolCall) -> Any:
    arm_id = _find_id(given, machine)
    _confirm(given)
    rights.require(machine, rights.CONNECT_READ, arm_id, call.elapsed)
    if machine.azure.find(arm_id) is None:
        raise _not_found(arm_id)
    _check_cluster(given, machine, call)
    held = _connected_id(machine)
    if held and ids.key(held) != ids.key(arm_id) and not given["--force"]:
        group, name = ids.name_of(ids.group_of(held)), ids.name_of(held)
        raise refuse(
            "The current context in the kubeconfig file does not correspond to the connected cluster resource"
            f" specified. Agents installed on this cluster correspond to the resource group name '{group}' and"
            f" resource name '{name}'."
        )
    rights.require(machine, rights.CONNECT_DELETE, arm_id, call.elapsed)
    try:
        machine.azure.delete(arm_id)
    except ArmError as error:
        raise rights.arm_refusal(error.code, error.message) from error
    machine.facts.pop("arc", None)
    return None


def _enable_features(given: Mapping[str, Any], machine: Machine, call: ToolCall) -> Any:
    arm_id = _find_id(given, machine)
    rights.require(machine, rights.CONNECT_READ, arm_id, call.elapsed)
    if machine.azure.find(arm_id) is None:
        raise _not_found(arm_id)
    features, oid = list(given["--features"]), given["--custom-locations-oid"] or ""
    if "custom-locations" in features and not oid:  # nobody on a node may ask Graph for it
        features.remove("custom-locations")
        if not features:
            raise refuse(f"{_NO_GRAPH}\nERROR: Failed to enable 'custom-locations' feature.".removeprefix("ERROR: "))
    _check_cluster(given, machine, call)
    held = _connected_id(machine)
    if not held:
        raise refuse(
            "The azure-arc release namespace couldn't be retrieved, which implies that the kubernetes cluster has not"
            " been onboarded to azure-arc.\nPlease run 'az connectedk8s connect -n <connected-cluster-name> -g"
            " <resource-group-name>' to onboard the cluster"
        )
    if ids.key(held) != ids.key(arm_id):
        raise refuse(
            "The provided cluster name and resource group name do not correspond to the kubernetes cluster being"
            " operated on.\nPlease use the cluster, with correct resource group and cluster name."
        )
    arc = machine.facts["arc"]
    if "custom-locations" in features:
        arc["custom_locations_oid"] = oid
        features.append("cluster-connect")
    arc["features"] = sorted({*arc["features"], *features})
    return f"Successsfully enabled features: {given['--features']} for the Connected Cluster {given['--name']}"


def _update(given: Mapping[str, Any], machine: Machine, call: ToolCall) -> Any:
    """Tell the agents another proxy, or none: by a Helm upgrade that reuses all other values."""
    arm_id, proxy = _find_id(given, machine), read_proxy(given)
    rights.require(machine, rights.CONNECT_READ, arm_id, call.elapsed)
    if machine.azure.find(arm_id) is None:
        raise _not_found(arm_id)
    _check_cluster(given, machine, call)
    if not proxy and not given["--disable-proxy"]:
        raise refuse("[UPDATE_NO_PARAMETERS] No parameters were specified to update.")
    if proxy and given["--disable-proxy"]:
        raise refuse("[UPDATE_PROXY_PARAMETER_CONFLICT] Conflicting proxy parameters.")
    if ids.key(_connected_id(machine)) != ids.key(arm_id):
        raise refuse("The azure-arc release does not belong to the given connected cluster.")
    arc = machine.facts["arc"]
    arc["proxy"] = {**arc.get("proxy", {}), **proxy} if proxy else {}
    if not do_agents_work(machine, arc["proxy"]):
        raise refuse("Azure Arc agent installation did not finish before the Helm timeout.")
    return _show(given, machine, call)


def _confirm(given: Mapping[str, Any]) -> None:
    if not given["--yes"]:
        raise refuse("Unable to prompt for confirmation as no tty available. Use --yes.")


def _check_cluster(given: Mapping[str, Any], machine: Machine, call: ToolCall) -> None:
    """Load the kubeconfig, then ask the API server for its version.

    kubernetes-client/python, kubernetes/config/kube_config.py: KUBECONFIG, else ~/.kube/config.
    """
    home = call.environment.get("HOME", "")
    name = given["--kube-config"] or call.environment.get("KUBECONFIG") or f"{home}/.kube/config"
    if not machine.path(name).is_file():
        raise RefusalError(
            1,
            f"WARNING: {_CHECK_KUBECONFIG}\nERROR: Problem loading the kubeconfig file. Invalid kube-config file. No"
            " configuration found.",
        )
    if not k3s.is_running(machine):
        raise refuse(
            "Error occured while connecting to the kubernetes cluster: \nError: HTTPSConnectionPool(host='127.0.0.1',"
            " port=6443): Max retries exceeded with url: /version/ (Caused by NewConnectionError('Connection refused'))"
        )


def _find_id(given: Mapping[str, Any], machine: Machine) -> str:
    facts = machine.facts.get("az", {})
    if not facts.get("login"):
        raise refuse("Please run 'az login' to setup account.")
    subscription = given["--subscription"] or facts["subscription"]
    return ids.connected_by(
        {"SUBSCRIPTION_ID": subscription, "RESOURCE_GROUP": given["--resource-group"], "CLUSTER_NAME": given["--name"]}
    )


def _connected_id(machine: Machine) -> str:
    """Return what the Helm release on this cluster says it is connected as; empty without one."""
    arc = machine.facts.get("arc")
    if not arc:
        return ""
    return ids.connected_by(
        {"SUBSCRIPTION_ID": arc["subscription"], "RESOURCE_GROUP": arc["group"], "CLUSTER_NAME": arc["name"]}
    )


def _group_location(arm_id: str, machine: Machine) -> str:
    """Return the default of --location (get_default_location_from_resource_group)."""
    group = machine.azure.find(ids.group_of(arm_id))
    if group is None:
        raise rights.arm_refusal(
            "ResourceGroupNotFound", f"Resource group '{ids.name_of(ids.group_of(arm_id))}' could not be found."
        )
    return str(group.inputs.get("location"))


def _not_found(arm_id: str, exit_code: int = 1) -> RefusalError:
    group, name = ids.name_of(ids.group_of(arm_id)), ids.name_of(arm_id)
    message = (
        f"The Resource 'Microsoft.Kubernetes/connectedClusters/{name}' under resource group '{group}' was not found."
        " For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return rights.arm_refusal("ResourceNotFound", message, exit_code)


def _proxy(given: Mapping[str, Any], machine: Machine, _: ToolCall) -> Reply:
    """Write a kubeconfig that leads to the proxy, and stay. Rights are not looked at: who deploys has them."""
    arm_id = _find_id(given, machine)
    if machine.azure.find(arm_id) is None:
        raise _not_found(arm_id)
    machine.path(given["--file"]).write_text(k3s.ADMINISTRATOR, 0o600)
    return Reply(stdout=f"Proxy is listening on port {given['--port']}\n", stays=True)


COMMANDS = {
    "connectedk8s proxy": _proxy,
    "connectedk8s show": _show,
    "connectedk8s connect": _connect,
    "connectedk8s delete": _delete,
    "connectedk8s enable-features": _enable_features,
    "connectedk8s update": _update,
}
