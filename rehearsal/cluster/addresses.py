"""The addresses of a machine, as Azure tells them."""

from __future__ import annotations

import re

from arm.hosting import BY_NODE_TYPE
from arm.values import leaves
from graph.inputs import list_at, text_at
from rehearsal.azure.entries import Entry
from rehearsal.cluster.inventory import Inventory


def read_addresses(inventory: Inventory, node: Entry) -> list[str]:
    """Return the addresses of a machine."""
    kind = BY_NODE_TYPE[node.row]
    interfaces = (text_at(one, "id") for one in list_at(node.inputs, kind.node_interfaces))
    found = [inventory.find(interface) for interface in interfaces]
    configurations = [one for entry in found if entry for one in list_at(entry.outputs, "ipConfigurations")]
    own = [str(value) for path, value, _ in leaves(node.outputs) if re.sub(r"\d+", "", path) == kind.node_addresses]
    return own + [text_at(one, "privateIPAddress") for one in configurations if text_at(one, "privateIPAddress")]
