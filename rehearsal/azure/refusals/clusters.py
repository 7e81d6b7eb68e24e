"""Refusals of Arc and of IoT Operations. Where Microsoft documents no wording, the text is ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from arm import ids
from arm.hosting import BY_NODE_TYPE, NODE_ID
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.iotoperations import BROKER_LISTENER, INSTANCE
from arm.types.kubernetes import CONNECTED_CLUSTER
from arm.types.kubernetesconfiguration import EXTENSION
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import ArmError
from rehearsal.azure.state import AzureState, Call
from rules.facts.extensions import AIO, SECRET_STORE
from rules.facts.releases import RELEASES

# Which extension serves the types of a namespace on a custom location.
SERVED_BY = {
    "Microsoft.IoTOperations": AIO.type,
    "Microsoft.SecretSyncController": SECRET_STORE.type,
}


def extensions_of_host(_: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a custom location without extensions, or with those of another cluster."""
    if call.row is not CUSTOM_LOCATION:
        return
    host, listed = str(call.inputs.get("hostResourceId")), call.inputs.get("clusterExtensionIds") or []
    if not listed or not all(ids.is_below(extension, host) for extension in listed):
        message = f"clusterExtensionIds of {call.arm_id} must be extensions of its host {host}."
        yield ArmError(400, "InvalidClusterExtensionIds", message)


def served_by_extension(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a type that no installed extension of the custom location serves in this API version."""
    expected = SERVED_BY.get(call.type.split("/")[0])
    if not expected or call.shape is None:
        return
    extension = _extension(state, _custom_location(state, call.inputs), expected)
    newest = _newest_api(extension) if extension else ""
    if not extension or (expected == SERVED_BY["Microsoft.IoTOperations"] and call.shape.api_version > newest):
        message = (
            f"The resource {call.arm_id} of type '{call.type}' in API version {call.shape.api_version} is not supported"
            f" by the host of its extended location: extension {expected} is"
            f" {'at ' + str(extension.inputs.get('version')) if extension else 'not part of it'}."
        )
        yield ArmError(400, "MissingResourceVersionOnHost", message)


def _custom_location(state: AzureState, inputs: Mapping[str, Any]) -> Entry | None:
    return state.find(str(ids.at(inputs, "extendedLocation.name")))


def _extension(state: AzureState, location: Entry | None, extension_type: str) -> Entry | None:
    for extension_id in location.inputs.get("clusterExtensionIds", []) if location else []:
        extension = state.find(extension_id)
        if extension and str(extension.inputs.get("extensionType")).lower() == extension_type:
            return extension
    return None


def _newest_api(extension: Entry) -> str:
    """Return the API version of the release that is installed, or of the newest one before it."""
    installed = _numbers(str(extension.inputs.get("version")))
    known = [release for release in RELEASES.values() if _numbers(release.aio) <= installed]
    return max((release.iot_operations_api for release in known), default="")


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def extension_is_ready(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a custom location of extensions that are not installed."""
    for extension_id in call.inputs.get("clusterExtensionIds", []) if call.row is CUSTOM_LOCATION else []:
        extension = state.find(extension_id)
        if extension and extension.state != "Succeeded":
            message = f"Extension {extension_id} is in state {extension.state}; expected Succeeded."
            yield ArmError(409, "ClusterExtensionNotReady", message)


def node_is_there(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse to install or remove on a cluster while the node that was connected is gone or does not run.

    On Azure such a call hangs until it times out. `forceDelete` takes an extension away in Azure alone
    (Azure/azure-rest-api-specs, Extensions_Delete).
    """
    cluster = None if call.is_forced else _cluster(state, call)
    if cluster and (why := why_unreachable(state, cluster)):
        message = f"Connected cluster {cluster.id} does not answer: the node that was connected is {why}."
        yield ArmError(409, "ClusterUnreachable", message)


def why_unreachable(state: AzureState, cluster: Entry) -> str:
    """Return what has become of the node that was connected; empty while it runs, or where none is known."""
    if "node" not in cluster.facts:
        return "stopped" if cluster.facts.get("stopped") else ""
    machines = (machine for node_type in BY_NODE_TYPE for machine in state.of_type(node_type))
    nodes = [machine for machine in machines if machine.outputs.get(NODE_ID) == cluster.facts["node"]]
    if not nodes:
        return "gone: a new one has to be connected first"
    return "stopped" if nodes[0].facts.get("stopped") else ""


def is_given_up(state: AzureState, call: Call) -> bool:
    """Return whether it is a connected cluster without its node and without extensions: none of its services runs."""
    if call.row is not CONNECTED_CLUSTER or not call.old or not why_unreachable(state, call.old):
        return False
    return not any(ids.is_below(extension.id, call.arm_id) for extension in state.of_type(EXTENSION))


def _cluster(state: AzureState, call: Call) -> Entry | None:
    if call.row is EXTENSION:
        return state.find(ids.parent_of(call.arm_id))
    location = _custom_location(state, call.old.inputs if call.operation == "delete" and call.old else call.inputs)
    return state.find(str(location.inputs.get("hostResourceId"))) if location else None


def one_instance(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a second AIO instance on a cluster or in a resource group."""
    if call.row is not INSTANCE:
        return
    mine = _cluster(state, call)
    for other in state.of_type(INSTANCE):
        if ids.key(other.id) == ids.key(call.arm_id):
            continue
        location = _custom_location(state, other.inputs)
        host = str(location.inputs.get("hostResourceId")) if location else ""
        same_cluster = mine is not None and ids.key(host) == ids.key(mine.id)
        if same_cluster or ids.group_of(other.id).lower() == ids.group_of(call.arm_id).lower():
            where = "cluster" if same_cluster else "resource group"
            message = f"{other.id} exists already; one instance per {where} is possible."
            yield ArmError(409, "InstanceAlreadyExists", message)


def listeners_are_apart(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a second listener of a service type, and a port that is taken, at one broker."""
    if call.row is not BROKER_LISTENER:
        return
    kind, ports = _service_type(call.inputs), _ports(call.inputs)
    if len(ports) != len(set(ports)):
        yield _listener_error(call, f"port listed twice among {ports}")
    for other in state.siblings(call):
        if _service_type(other.inputs) == kind:
            yield _listener_error(call, f"{other.name} has service type {kind} already")
        if taken := sorted(set(ports) & set(_ports(other.inputs))):
            yield _listener_error(call, f"{other.name} has port {taken[0]} already")


def _listener_error(call: Call, message: str) -> ArmError:
    return ArmError(400, "ValidationError", f"Listener {call.name}: {message}.")


def _service_type(inputs: Mapping[str, Any]) -> str:
    return str(ids.at(inputs, "properties.serviceType") or "ClusterIp")


def _ports(inputs: Mapping[str, Any]) -> list[int]:
    return [port["port"] for port in ids.at(inputs, "properties.ports") or []]
