"""What the settings ask for is there at all: without this, a rule that finds nothing to judge would pass."""

from __future__ import annotations

from collections.abc import Iterable

from arm import ids
from arm.hosting import JOIN
from arm.shapes import shape_of
from arm.types import ResourceType
from arm.types.resources import RESOURCE_GROUP
from graph.graph import Resource
from rules.edges import extensions
from rules.expected import JUDGED_EACH
from rules.facts import entra
from rules.lookup import Hits, View

_TENANT = {
    "SUBSCRIPTION_ID": "subscription_id",
    "TENANT_ID": "tenant_id",
    "CUSTOM_LOCATIONS_OBJECT_ID": "custom_locations_object_id",
}
_APPLICATIONS = (entra.CUSTOM_LOCATIONS_APPLICATION.value, entra.K8_BRIDGE_APPLICATION.value)


def complete(view: View) -> Hits:
    """Each cluster has what its settings lead to, each link its listener and endpoint."""
    for cluster, expected in view.expected.items():
        counts = {
            one.arm_type: (len(view.all(one, cluster=cluster)), required)
            for one, required in expected.resources.items()
        }
        counts |= {f"extension {kind}": (len(extensions(view, cluster, kind)), 1) for kind in expected.extensions}
        counts |= {f"Run Command {script}": (len(view.commands(cluster, script)), 1) for script in expected.scripts}
        counts[f"Run Command {JOIN}"] = (len(view.commands(cluster, JOIN)), expected.joins)
        for what, (count, required) in counts.items():
            if count != required:
                number = "one" if required == 1 else required
                text = f"cluster {cluster} of the settings has {count} times {what}; expected {number}."
                yield cluster, f"{text} See components/cluster_stamp/__init__.py and rules/expected.py"
    for parts in view.links:
        link = parts.link
        if parts.listener is None:
            yield link.broker, f"cluster {link.broker} has no LoadBalancer listener, but link {link.name} ends there"
        if parts.endpoint is None:
            yield link.client, f"cluster {link.client} has no endpoint {link.endpoint_name!r} for link {link.name}"


def types_asked_for(view: View) -> frozenset[ResourceType]:
    """Return the types of which the settings ask for some."""
    return JUDGED_EACH.union(*(expected.resources for expected in view.expected.values()))


def nothing_else(view: View) -> Hits:
    """No resource is there that the settings do not ask for; no group is left over."""
    asked = types_asked_for(view)
    for resource in view.arm:
        if shape_of(resource.type).type not in asked:
            yield resource.name, f"nothing asks for {resource.arm_type}: remove it, or add it to rules/expected.py"
    for group in view.all(RESOURCE_GROUP, cluster=""):
        yield group.name, f"resource group {view.group(group)} belongs to no cluster of the settings. Remove it"


def _region(view: View, resource: Resource) -> Hits:
    cluster = view.clusters[view.cluster(resource)]
    there = view.existing_machines.get(cluster.name, ())
    machine = next((one for one in there if ids.is_below(view.path(resource), one["id"])), None)
    what, expected = ("its machine", machine["location"]) if machine else (f"cluster {cluster.name}", cluster.location)
    given = view.inputs(resource).get("location")
    if given != expected:
        yield resource.name, f"location: {given or 'missing'}; {what} is in {expected}"


def place(view: View) -> Hits:
    """Everything of a cluster is in the cluster's region, and Arc is told the tenant of the settings."""
    for resource in view.arm:
        if view.cluster(resource) in view.clusters and shape_of(resource.type).is_input(["location"]):
            yield from _region(view, resource)
    for command in view.connected_clusters.values():
        if view.clusters[view.cluster(command)].existing:
            yield from _tenant(view, command, ("SUBSCRIPTION_ID", "CUSTOM_LOCATIONS_OBJECT_ID"))
            continue  # where it is, is not ours to say
        yield from _tenant(view, command, _TENANT)
        if view.parameters(command).get("CUSTOM_LOCATIONS_OBJECT_ID") in _APPLICATIONS:
            message = "the id of an application; expected its object id in the tenant"
            yield command.name, f"parameter CUSTOM_LOCATIONS_OBJECT_ID: {message}"
        location = view.clusters[view.cluster(command)].location
        if view.parameters(command).get("LOCATION") != location:
            message = f"parameter LOCATION: {view.parameters(command).get('LOCATION')!r}; expected {location!r}"
            yield command.name, message


def _tenant(view: View, command: Resource, names: Iterable[str]) -> Hits:
    for name in names:
        given, expected = view.parameters(command).get(name), getattr(view.settings.tenant, _TENANT[name])
        if given != expected:
            yield command.name, f"parameter {name}: {given!r}; the settings have {expected!r}"
