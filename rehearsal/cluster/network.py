"""Find what keeps a link's packets from the broker's node: peerings, security groups, NetworkPolicies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from arm import ids
from arm.types.network import NETWORK_INTERFACE, VIRTUAL_NETWORK_PEERING
from rehearsal.azure.entries import Entry
from rehearsal.azure.refusals.network import remote_of
from rehearsal.cluster import pod_network
from rehearsal.cluster.inventory import Inventory
from rehearsal.cluster.links import DeployedLink, find_links
from rehearsal.cluster.model import ClusterView, Symptom

_ANYTHING = ("*", "0.0.0.0/0")
_TCP = ("*", "tcp")


def find_unreachable_links(inventory: Inventory, clusters: Sequence[ClusterView]) -> dict[str, list[Symptom]]:
    """Return site -> why its links do not reach their brokers."""
    found: dict[str, list[Symptom]] = {}
    for link in find_links(clusters):
        for what, remedy in find_obstacles(inventory, link):
            problem = Symptom("CLUSTER-29", link.site.name, f"DataflowEndpoint {link.endpoint}", what, remedy)
            found.setdefault(link.site.name, []).append(problem)
    return found


def find_obstacles(inventory: Inventory, link: DeployedLink) -> Iterator[tuple[str, str]]:
    """Yield what is in the way, and what to do; nothing if an end is not known, which other rules report."""
    if link.broker is None or not (link.site.addresses and link.broker.addresses):
        return
    here, there = (_find_interface(inventory, end.addresses) for end in (link.site, link.broker))
    source, destination = link.site.addresses[0], link.broker.addresses[0]
    # Where one of them is in a plant, or the link is routed, what leads there is not the stack's.
    if here and there and (source, destination) not in inventory.routes:
        yield from _check_peering(inventory, _network(here), _network(there))
    for direction, nic in (("Outbound", here), ("Inbound", there)):
        for group in _find_groups(inventory, nic) if nic else ():
            rule = _find_denying_rule(group, direction, source, destination, link.port)
            if rule:
                ends = f"{source} from {destination}:{link.port}"
                yield f"{rule} of security group {group.name} keeps {ends}", f"allow TCP to port {link.port} there"
    yield from pod_network.find_obstacles(link, source, destination)


def _check_peering(inventory: Inventory, here: str, there: str) -> Iterator[tuple[str, str]]:
    """Yield what of the peering, which has two halves, does not let packets through."""
    if ids.key(here) == ids.key(there):
        return
    for near, far in ((here, there), (there, here)):
        halves = [
            half for half in inventory.below(VIRTUAL_NETWORK_PEERING, near) if remote_of(half.inputs) == ids.key(far)
        ]
        names = f"{ids.name_of(near)} to {ids.name_of(far)}"
        if not halves:
            yield f"there is no peering of {names}", "add the link to the settings, which makes both halves"
        elif halves[0].outputs.get("peeringState") != "Connected":
            state = halves[0].outputs.get("peeringState")
            yield f"the peering of {names} is {state}", "delete this half and deploy again: it is made anew"
        elif halves[0].inputs.get("allowVirtualNetworkAccess") is False:
            yield f"the peering of {names} lets nobody in", "set allowVirtualNetworkAccess"


def _find_denying_rule(group: Entry, direction: str, source: str, destination: str, port: int) -> str:
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


def _find_interface(inventory: Inventory, addresses: Sequence[str]) -> Entry | None:
    return next((nic for nic in inventory.of_type(NETWORK_INTERFACE) if address_of(nic) in addresses), None)


def address_of(nic: Entry) -> str:
    """Return the private address of a network interface."""
    return str(nic.inputs["ipConfigurations"][0].get("privateIPAddress", ""))


def _subnet(nic: Entry) -> str:
    return str(nic.inputs["ipConfigurations"][0]["subnet"]["id"])


def _network(nic: Entry) -> str:
    return ids.parent_of(_subnet(nic))


def _find_groups(inventory: Inventory, nic: Entry) -> list[Entry]:
    """Return the security groups of the interface and of its subnet."""
    subnet = inventory.find(_subnet(nic))
    holders = [nic.inputs, subnet.inputs if subnet else {}]
    group_ids = [ids.at(holder, "networkSecurityGroup.id") for holder in holders]
    return [group for group in map(inventory.find, filter(None, group_ids)) if group]
