"""What security groups of a machine's interface and subnet let through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from arm import ids
from arm.types.network import NETWORK_INTERFACE
from rehearsal.azure.entries import Entry
from rehearsal.cluster.inventory import Inventory

_ANYTHING = ("*", "0.0.0.0/0")
_TCP = ("*", "tcp")


def find_denying_rule_between(inventory: Inventory, source: str, destination: str, port: int) -> str:
    """Return the rule of the source's or the destination's security groups that denies packets; empty if none does."""
    ends = (("Outbound", source), ("Inbound", destination))
    groups = (
        (direction, group)
        for direction, end in ends
        if (nic := find_interface(inventory, [end]))
        for group in find_groups(inventory, nic)
    )
    found = (find_denying_rule(group, direction, source, destination, port) for direction, group in groups)
    return next(filter(None, found), "")


def find_denying_rule(group: Entry, direction: str, source: str, destination: str, port: int) -> str:
    """Return the rule that denies it; empty if another one allows it first.

    Azure's own rules come last: they allow everything between networks that are peered.
    """
    rules = [rule for rule in group.inputs.get("securityRules") or [] if rule.get("direction") == direction]
    for rule in sorted(rules, key=lambda rule: rule["priority"]):
        if _fits(rule, source, destination, port):
            return "" if rule["access"] == "Allow" else f"rule {rule.get('name')}"
    return ""


def _fits(rule: Mapping[str, Any], source: str, destination: str, port: int) -> bool:
    ends = ((source, "sourceAddressPrefix"), (destination, "destinationAddressPrefix"))
    return (
        str(rule.get("protocol", "*")).lower() in _TCP
        and all(any(_contains(prefix, address) for prefix in _read_values(rule, name)) for address, name in ends)
        and any(_in_range(ports, port) for ports in _read_values(rule, "destinationPortRange"))
    )


def _read_values(rule: Mapping[str, Any], name: str) -> list[str]:
    """Return the value, or the several values under the plural name."""
    several = f"{name}es" if name.endswith("x") else f"{name}s"
    return [*([rule[name]] if rule.get(name) else []), *(rule.get(several) or [])]


def _contains(prefix: str, address: str) -> bool:
    """`VirtualNetwork` holds peered networks too; other service tags, such as Internet, hold none of ours."""
    if prefix in _ANYTHING or prefix == "VirtualNetwork":
        return True
    return prefix[:1].isdigit() and ip_address(address) in ip_network(prefix, strict=False)


def _in_range(ports: str, port: int) -> bool:
    first, _, last = ports.partition("-")
    return ports == "*" or int(first) <= port <= int(last or first)


def find_interface(inventory: Inventory, addresses: Sequence[str]) -> Entry | None:
    """Return the interface that has one of the addresses."""
    return next((nic for nic in inventory.of_type(NETWORK_INTERFACE) if address_of(nic) in addresses), None)


def address_of(nic: Entry) -> str:
    """Return the private address of a network interface."""
    return str(nic.inputs["ipConfigurations"][0].get("privateIPAddress", ""))


def _subnet(nic: Entry) -> str:
    return str(nic.inputs["ipConfigurations"][0]["subnet"]["id"])


def network_of(nic: Entry) -> str:
    """Return the id of the virtual network that an interface is in."""
    return ids.parent_of(_subnet(nic))


def find_groups(inventory: Inventory, nic: Entry) -> list[Entry]:
    """Return the security groups of the interface and of its subnet."""
    subnet = inventory.find(_subnet(nic))
    holders = [nic.inputs, subnet.inputs if subnet else {}]
    group_ids = [ids.at(holder, "networkSecurityGroup.id") for holder in holders]
    return [group for group in map(inventory.find, filter(None, group_ids)) if group]
