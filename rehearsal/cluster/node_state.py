"""Read the state of the node behind a connected cluster: what the scripts did there, whatever they were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arm.hosting import BY_NODE_TYPE
from graph.inputs import list_at, text_at
from rehearsal.azure.entries import Entry
from rehearsal.azure.existing import ADDRESS
from rehearsal.cluster import members
from rehearsal.cluster.addresses import read_addresses
from rehearsal.cluster.inventory import Inventory, is_ready
from rehearsal.cluster.model import Symptom
from rehearsal.cluster.node_claims import find_false_claims
from rehearsal.cluster.node_facts import K3S_ISSUER, NodeFacts
from rehearsal.cluster.node_hardening import find_weaknesses
from rehearsal.cluster.node_surplus import find_surplus
from rules.facts import entra

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
    """Kubernetes objects that were applied."""
    problems: Sequence[Symptom] = ()


def read_node_state(inventory: Inventory, cluster: Entry) -> NodeState:
    """Return the state of one cluster's node."""
    if ADDRESS in cluster.facts:
        return _read_existing(cluster)
    node = _find_node(inventory, cluster)
    if node is None or node.facts.get("stopped"):
        return NodeState(is_reachable=False, problems=[_report_missing_node(cluster, node)])
    kind, facts = BY_NODE_TYPE[node.row], NodeFacts.of(node)
    found = inventory.below(kind.script_type, node.id) if kind.script_type else []
    problems = list(_check_scripts(kind.scripts, cluster, found, facts))
    if not facts.runs_server:
        what, remedy = "K3s does not run there as a server, so there is no cluster", "read what setup-k3s said"
        problems.append(Symptom("CLUSTER-01", cluster.name, f"node {node.name}", what, remedy))
        return NodeState(is_reachable=False, problems=problems)
    problems += find_weaknesses(inventory, cluster, node, facts)
    problems += find_surplus(cluster, node, found, facts)
    addresses = read_addresses(inventory, node)
    problems += members.find_gone(inventory, cluster, node)
    for machine, scripts in members.find_told(inventory, node):
        problems += _check_member(inventory, cluster, node, machine, scripts)
        addresses += read_addresses(inventory, machine)
    object_id = text_at(facts.arc, "custom_locations_oid")
    is_enabled = "custom-locations" in list_at(facts.arc, "features")
    custom_locations = is_enabled and object_id.lower() not in _NO_OBJECT_IDS
    if not custom_locations:
        problems.append(_report_custom_locations(cluster, object_id, is_enabled=is_enabled))
    return NodeState(
        is_reachable=True,
        addresses=addresses,
        issuer=facts.issuer,
        custom_locations=custom_locations,
        objects=facts.objects,
        problems=problems,
    )


def _read_existing(cluster: Entry) -> NodeState:
    """Return the state of a cluster that was there before the stack: its node is nobody's here."""
    facts = NodeFacts.of(cluster)
    object_id = text_at(facts.arc, "custom_locations_oid")
    return NodeState(
        is_reachable=facts.runs_server and not cluster.facts.get("stopped"),
        addresses=[text_at(cluster.facts, ADDRESS)],
        issuer=facts.issuer,
        custom_locations="custom-locations" in list_at(facts.arc, "features") and object_id not in _NO_OBJECT_IDS,
        objects=facts.objects,
    )


def _find_node(inventory: Inventory, cluster: Entry) -> Entry | None:
    node = cluster.facts.get("node")
    return inventory.find_node(node) if node else None


def _report_missing_node(cluster: Entry, node: Entry | None) -> Symptom:
    if node:
        what, remedy = f"the node {node.name} is stopped, so the cluster does not answer", f"start {node.name}"
    else:
        what = "the node that was connected is gone; what ARM still shows below it lives on no cluster"
        remedy = "run connect-arc on the new node, which replaces this connected cluster"
    return Symptom("CLUSTER-01", cluster.name, f"connected cluster {cluster.name}", what, remedy)


def _check_member(
    inventory: Inventory, cluster: Entry, server: Entry, machine: Entry, commands: Sequence[Entry]
) -> Iterator[Symptom]:
    """Yield what is wrong with a further node."""
    facts = NodeFacts.of(machine)
    yield from _check_scripts((), cluster, commands, facts)
    yield from members.check_joined(inventory, cluster, server, machine)
    yield from find_weaknesses(inventory, cluster, machine, facts, is_server=False)
    yield from find_surplus(cluster, machine, commands, facts)


def _check_scripts(
    wanted: Sequence[str], cluster: Entry, commands: Sequence[Entry], facts: NodeFacts
) -> Iterator[Symptom]:
    for name in wanted:
        if name != "apply-objects" and all(command.name != name for command in commands):
            what = "did not run on the node, so nobody knows how the cluster was made"
            yield Symptom("CLUSTER-02", cluster.name, f"Run Command {name}", what, "deploy it")
    for command in commands:
        if not is_ready(command):
            what = f"is {command.state}: what it was to do on the node may be half done"
            remedy = "read what the script said in the instance view of the Run Command, repair, deploy again"
            yield Symptom("CLUSTER-02", cluster.name, f"Run Command {command.name}", what, remedy)
            continue
        for what in find_false_claims(command, facts):
            remedy = f"nodes/{command.name}.sh ends with success before it has done its work: correct it"
            yield Symptom("CLUSTER-02", cluster.name, f"Run Command {command.name}", what, remedy)


def _report_custom_locations(cluster: Entry, object_id: str, *, is_enabled: bool) -> Symptom:
    given = f"is {object_id}, the id of an application" if object_id else "is empty"
    why = f"the object id of Custom Locations {given}" if is_enabled else "the feature custom-locations is not enabled"
    what = (
        f"UnauthorizedNamespaceError: {why}, so Azure may not create a namespace on the cluster and nothing reaches it"
    )
    remedy = (
        "az connectedk8s enable-features --features custom-locations with the object id that `az ad sp show --id"
        f" {entra.CUSTOM_LOCATIONS_APPLICATION.value} --query id` tells somebody who may read the directory"
    )
    return Symptom("CLUSTER-03", cluster.name, "Run Command connect-arc", what, remedy)
