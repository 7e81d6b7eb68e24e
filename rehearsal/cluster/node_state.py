"""Read what Run Commands have done to the node behind a connected cluster, as far as Azure's resources say."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arm import ids
from arm.hosting import BY_NODE_TYPE, NODE_ID, HostKind
from graph.inputs import list_at, parameters, text_at
from rehearsal.azure.entries import Entry
from rehearsal.cluster.inventory import Inventory, is_ready
from rehearsal.cluster.model import Symptom
from rules.facts import entra

K3S_ISSUER = "https://kubernetes.default.svc.cluster.local"
"""Who issues K3s's service account tokens until connect-arc.sh has set another issuer."""
_NO_OBJECT_IDS = ("", entra.CUSTOM_LOCATIONS_APPLICATION.value, entra.K8_BRIDGE_APPLICATION.value)


@dataclass(frozen=True)
class NodeState:
    """The state of a cluster's node."""

    is_reachable: bool
    """Whether the cluster answers at all."""
    addresses: Sequence[str] = ()
    issuer: str = K3S_ISSUER
    """Issuer of the tokens that K3s signs."""
    custom_locations: bool = False
    """Whether Azure may create namespaces for custom locations."""
    objects: Sequence[Mapping[str, Any]] = ()
    """Kubernetes objects that apply-objects.sh was given."""
    problems: Sequence[Symptom] = ()


def read_node_state(inventory: Inventory, cluster: Entry) -> NodeState:
    """Return the state of one cluster's node. A Run Command that did not succeed has done nothing here."""
    node = _find_node(inventory, cluster)
    if node is None or node.facts.get("stopped"):
        return NodeState(is_reachable=False, problems=[_report_missing_node(cluster, node)])
    kind = BY_NODE_TYPE[node.row]
    found = inventory.below(kind.script_type, node.id) if kind.script_type else ()
    commands = {command.name: command for command in found}
    problems = list(_check_scripts(kind, cluster, commands))
    connect = _read_parameters(commands.get("connect-arc"))
    is_connected = connect is not None and ids.key(ids.connected_by(connect)) == ids.key(cluster.id)
    object_id = (connect or {}).get("CUSTOM_LOCATIONS_OBJECT_ID", "")
    custom_locations = is_connected and object_id.lower() not in _NO_OBJECT_IDS
    if is_connected and not custom_locations:
        problems.append(_report_custom_locations(cluster, object_id))
    elif connect is not None and not is_connected:
        problems.append(_report_other_name(cluster, connect))
    objects, unusable = _read_objects(cluster, _read_parameters(commands.get("apply-objects")))
    return NodeState(
        is_reachable=True,
        addresses=_read_addresses(kind, inventory, node),
        issuer=_read_issuer(cluster) if is_connected else K3S_ISSUER,
        custom_locations=custom_locations,
        objects=objects,
        problems=[*problems, *unusable],
    )


def find_node_id(inventory: Inventory, cluster: Entry) -> str:
    """Return the id of the machine that was connected; empty if there is none."""
    node = _find_node(inventory, cluster)
    return node.id if node else ""


def _find_node(inventory: Inventory, cluster: Entry) -> Entry | None:
    node = cluster.facts.get("node")
    machines = (machine for node_type in BY_NODE_TYPE for machine in inventory.of_type(node_type))
    return next((machine for machine in machines if node and machine.outputs.get(NODE_ID) == node), None)


def _report_missing_node(cluster: Entry, node: Entry | None) -> Symptom:
    if node:
        what, remedy = f"the node {node.name} is stopped, so the cluster does not answer", f"start {node.name}"
    else:
        what = "the node that was connected is gone; what ARM still shows below it lives on no cluster"
        remedy = "run connect-arc on the new node, which replaces this connected cluster"
    return Symptom("CLUSTER-01", cluster.name, f"connected cluster {cluster.name}", what, remedy)


def _check_scripts(kind: HostKind, cluster: Entry, commands: Mapping[str, Entry]) -> Iterator[Symptom]:
    for name in kind.scripts:
        command = commands.get(name)
        if command is None and name != "apply-objects":
            what = "did not run on the node, so nobody knows how the cluster was made"
            yield Symptom("CLUSTER-02", cluster.name, f"Run Command {name}", what, "deploy it")
        elif command and not is_ready(command):
            what = f"is {command.state} and is taken to have changed nothing on the node"
            remedy = "read what the script said in the instance view of the Run Command, repair, deploy again"
            yield Symptom("CLUSTER-02", cluster.name, f"Run Command {name}", what, remedy)


def _read_parameters(command: Entry | None) -> dict[str, str] | None:
    """Return the parameters of a Run Command that succeeded, else None."""
    if command is None or not is_ready(command):
        return None
    return parameters(command.inputs)


def _report_other_name(cluster: Entry, given: Mapping[str, str]) -> Symptom:
    what = f"connects the node as {given.get('RESOURCE_GROUP')}/{given.get('CLUSTER_NAME')}"
    remedy = f"connect it as {ids.name_of(ids.group_of(cluster.id))}/{cluster.name}"
    return Symptom("CLUSTER-02", cluster.name, "Run Command connect-arc", what, remedy)


def _report_custom_locations(cluster: Entry, object_id: str) -> Symptom:
    given = f"{object_id}, the id of an application" if object_id else "empty"
    what = (
        f"UnauthorizedNamespaceError: CUSTOM_LOCATIONS_OBJECT_ID is {given}, so Azure may not create a namespace on the"
        " cluster and nothing reaches it"
    )
    remedy = (
        "give the object id: `az ad sp show --id"
        f" {entra.CUSTOM_LOCATIONS_APPLICATION.value} --query id` by somebody who may read the directory"
    )
    return Symptom("CLUSTER-03", cluster.name, "Run Command connect-arc", what, remedy)


def _read_issuer(cluster: Entry) -> str:
    """Return what connect-arc.sh reads from the connected cluster and sets in K3s."""
    return str(ids.at(cluster.outputs, "oidcIssuerProfile.issuerUrl") or K3S_ISSUER)


def _read_addresses(kind: HostKind, inventory: Inventory, node: Entry) -> list[str]:
    interfaces = (text_at(one, "id") for one in list_at(node.inputs, kind.node_interfaces))
    found = [inventory.find(interface) for interface in interfaces]
    configurations = [one for entry in found if entry for one in list_at(entry.outputs, "ipConfigurations")]
    return [text_at(one, "privateIPAddress") for one in configurations if text_at(one, "privateIPAddress")]


def _read_objects(cluster: Entry, given: Mapping[str, str] | None) -> tuple[list[Mapping[str, Any]], list[Symptom]]:
    """Return what nodes/apply-objects.sh takes: objects with apiVersion, kind and name, and no Secret."""
    if given is None:
        return [], []
    try:
        objects = json.loads(base64.b64decode(given.get("OBJECTS", ""), validate=True))
    except ValueError:  # binascii's too
        objects = None
    if not isinstance(objects, list):
        return [], [_report_objects(cluster, "OBJECTS is no JSON list in base64")]
    for number, one in enumerate(objects):
        if not all(text_at(one, field) for field in ("apiVersion", "kind", "metadata.name")):
            return [], [_report_objects(cluster, f"OBJECTS: item {number} lacks apiVersion, kind or metadata.name")]
        if text_at(one, "kind") == "Secret":
            return [], [_report_objects(cluster, f"OBJECTS: item {number} is a Secret, which the script refuses")]
    return objects, []


def _report_objects(cluster: Entry, what: str) -> Symptom:
    remedy = "correct the objects in the program; until then none of them is applied"
    return Symptom("CLUSTER-02", cluster.name, "Run Command apply-objects", what, remedy)
