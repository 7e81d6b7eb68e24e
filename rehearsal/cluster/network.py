"""Find what keeps a link's packets from the broker's node: peerings, security groups, NetworkPolicies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arm import ids
from arm.types.network import VIRTUAL_NETWORK_PEERING
from rehearsal.azure.refusals.network import remote_of
from rehearsal.cluster import pod_network
from rehearsal.cluster.inventory import Inventory
from rehearsal.cluster.links import DeployedLink, find_links
from rehearsal.cluster.model import ClusterView, Symptom
from rehearsal.cluster.security_groups import find_denying_rule, find_groups, find_interface, network_of


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
    here, there = (find_interface(inventory, end.addresses) for end in (link.site, link.broker))
    source, destination = link.site.addresses[0], link.broker.addresses[0]
    # Where one of them is in a plant, or the link is routed, what leads there is not the stack's.
    if here and there and (source, destination) not in inventory.routes:
        yield from _check_peering(inventory, network_of(here), network_of(there))
    for direction, nic in (("Outbound", here), ("Inbound", there)):
        for group in find_groups(inventory, nic) if nic else ():
            rule = find_denying_rule(group, direction, source, destination, link.port)
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
