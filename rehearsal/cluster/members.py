"""Further nodes of a cluster: machines whose K3s has joined the server of its first node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arm import ids
from arm.hosting import BY_NODE_TYPE, JOIN, NODE_ID
from graph.inputs import map_at, parameters, text_at
from rehearsal.azure.entries import Entry
from rehearsal.cluster.addresses import read_addresses
from rehearsal.cluster.inventory import Inventory
from rehearsal.cluster.model import Symptom
from rehearsal.cluster.node_facts import NodeFacts
from rehearsal.cluster.security_groups import find_denying_rule_between

_SERVER_PORT = 6443
"""docs.k3s.io/installation/requirements, Inbound Rules for K3s Nodes."""


KNOWN = "nodes"
"""Fact of a machine with a K3s server: name of a node that has joined -> what its machine calls itself."""


def list_known(server: Entry) -> Mapping[str, str]:
    """Return the nodes that a server knows, whether they are there or not."""
    return map_at(server.facts, KNOWN)


def runs(machine: Entry) -> bool:
    """Return whether K3s runs on a machine."""
    return map_at(NodeFacts.of(machine).facts, "k3s").get("running") is True and not machine.facts.get("stopped")


def find_server(inventory: Inventory, own: Sequence[str], address: str) -> Entry | None:
    """Return the machine at an address that runs a K3s server, where packets from these addresses get there."""
    for machine in _list_machines(inventory):
        if address in read_addresses(inventory, machine):
            is_server = NodeFacts.of(machine).runs_server and runs(machine)
            is_reached = any(not find_denying_rule_between(inventory, one, address, _SERVER_PORT) for one in own)
            return machine if is_server and is_reached else None
    return None


def list_joined(inventory: Inventory, server: Entry) -> list[Entry]:
    """Return the machines that have joined the cluster of a server."""
    node = server.outputs.get(NODE_ID)
    return [one for one in _list_machines(inventory) if text_at(NodeFacts.of(one).facts, "k3s.joined") == node]


def find_told(inventory: Inventory, server: Entry) -> Iterator[tuple[Entry, Sequence[Entry]]]:
    """Yield each machine that a script was to join to the server, with the scripts that were run there."""
    addresses = read_addresses(inventory, server)
    urls = {f"https://{address}:{_SERVER_PORT}" for address in addresses}
    for kind in BY_NODE_TYPE.values():
        for command in inventory.named(kind.script_type, JOIN) if kind.script_type else ():
            machine = inventory.find(ids.parent_of(command.id))
            if machine and parameters(command.inputs).get("SERVER_URL") in urls:
                yield machine, inventory.below(command.row, machine.id)


def find_gone(inventory: Inventory, cluster: Entry, server: Entry) -> Iterator[Symptom]:
    """Yield the nodes that the cluster knows, and whose machine is gone."""
    for name, node in list_known(server).items():
        if inventory.find_node(node) is None:
            what = f"node {name} is NotReady for good, as its machine is gone"
            yield Symptom("CLUSTER-45", cluster.name, f"node {name}", what, "let setup-k3s delete it: deploy again")


def check_joined(inventory: Inventory, cluster: Entry, server: Entry, machine: Entry) -> Iterator[Symptom]:
    """Yield why a machine is no node of the cluster."""
    if machine.facts.get("stopped"):
        what, remedy = "is stopped, so what runs there is gone or waits elsewhere", f"start {machine.name}"
    elif machine not in list_joined(inventory, server):
        what, remedy = "is in no cluster, or in one that is gone", "read what join-k3s said, and deploy again"
    elif not runs(machine):
        what, remedy = "has joined, and K3s does not run there", "read what join-k3s said, and deploy again"
    else:
        return
    yield Symptom("CLUSTER-45", cluster.name, f"node {machine.name}", what, remedy)


def _list_machines(inventory: Inventory) -> list[Entry]:
    return [machine for node_type in BY_NODE_TYPE for machine in inventory.of_type(node_type)]
