"""What a link's messages pass through, by the references of what is deployed."""

from __future__ import annotations

from arm import ids
from arm.shapes import shape_of
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.iotoperations import BROKER_LISTENER, DATAFLOW_ENDPOINT
from arm.types.network import VIRTUAL_NETWORK, VIRTUAL_NETWORK_PEERING
from graph.graph import Resource
from rules.lookup import LinkParts, View


def find_carriers(view: View, parts: LinkParts) -> set[str]:
    """Return the URNs of all without which a link's messages stand still, from its dataflows down to the networks."""
    waiting, found = [*_list_own(view, parts), *_list_peerings(view, parts)], set[str]()
    while waiting:
        one = waiting.pop()
        if one.urn not in found and one.is_arm and shape_of(one.type).type.carries_messages(view.inputs(one)):
            found.add(one.urn)
            below = [ids.parent_of(view.path(one)), *ids.references_in(view.inputs(one))]
            waiting += [view.by_path[path] for path in below if path in view.by_path]
    return found


def _list_own(view: View, parts: LinkParts) -> list[Resource]:
    """Return what makes the link and what its clusters run on; a cluster's machine is no reference of anything."""
    client, broker = parts.link.client, parts.link.broker
    both = [parts.endpoint, parts.listener, parts.authentication, parts.authorization, *parts.dataflows]
    below = [found for end in (client, broker) for found in (view.node(end), view.one(CUSTOM_LOCATION, end))]
    inside = [one for one in view.all(DATAFLOW_ENDPOINT, cluster=client) if view.is_local(one)]
    return [one for one in (*both, *below, *inside, *view.all(BROKER_LISTENER, cluster=client)) if one]


def _list_peerings(view: View, parts: LinkParts) -> list[Resource]:
    ends = {
        view.path(one)
        for end in (parts.link.client, parts.link.broker)
        for one in view.all(VIRTUAL_NETWORK, cluster=end)
    }
    return [one for one in view.all(VIRTUAL_NETWORK_PEERING) if {*view.ends(one)} <= ends]
