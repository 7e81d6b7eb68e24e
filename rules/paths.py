"""The path rule, and what a replaced node takes with it."""

from __future__ import annotations

from arm.shapes import shape_of
from graph.graph import Resource
from graph.inputs import shorten, text_at
from rules.lookup import Hits, View
from rules.references import path_parameter

_CONNECTED = "/Microsoft.Kubernetes/connectedClusters/"


def parents_are_outputs(view: View) -> Hits:
    """Every part of an ARM path that the stack owns is that resource's output.

    A text in its place leaves the child behind when the parent is replaced, and creates it before the parent. The
    connected cluster is the one exemption: a script makes it.
    """
    for resource in view.arm:
        for owner in _owners(view, view.path(resource)):
            parameter = path_parameter(resource, view.path(owner))
            value = text_at(view.inputs(resource), parameter)
            if not _is_output(view, resource, parameter, value, owner):
                message = (
                    f"{parameter}: {shorten(value)!r} is a text, no output of {owner.name}, so a replaced {owner.name}"
                    f" would leave this behind. Give the name or id that {owner.name} puts out"
                )
                yield resource.name, message


def _owners(view: View, path: str) -> list[Resource]:
    """Return the stack's resources whose ARM ids begin this one."""
    parts = path.split("/")
    prefixes = ("/".join(parts[:end]) for end in range(5, len(parts), 2))
    return [view.by_path[prefix] for prefix in prefixes if prefix in view.by_path]


def _is_output(view: View, resource: Resource, parameter: str, value: str, owner: Resource) -> bool:
    """Of the owner; where the value is a whole id (`scope=vault.id`), of something below the owner."""
    given = resource.property_dependencies.get(parameter, ())
    below = f"{view.path(owner)}/"
    sources = [view.path(view.graph.resources[urn]) for urn in given if urn in view.graph.resources]
    return owner.urn in given or ("/" in value and any(source.startswith(below) for source in sources))


def deleted_is_replaced(view: View) -> Hits:
    """Require that what is deleted with a resource is also replaced with it; else nobody would create it again."""
    for resource in view.resources:
        owner = resource.options.deleted_with
        if owner and owner not in resource.options.replace_with:
            name = owner.rsplit("::", 1)[1]
            message = (
                f"deleted_with is {name}, but replace_with is not: a replaced {name} would take this along and nobody"
                f" would create it again. Add {name} to replace_with"
            )
            yield resource.name, message


def replaced_with_node(view: View) -> Hits:
    """Require that what lives on the cluster is replaced with its node: a new node is an empty cluster.

    Through its path, which is unknown while the node is being replaced: the engine then deletes in reverse order of
    dependency. What `replace_with` adds it deletes first and in no order (pulumi/pulumi, step_generator.go,
    findDependentCascadeReplacements), so only Run Commands, which are not deleted by themselves, may have it.
    """
    for resource in view.arm:
        node = view.node(view.cluster(resource))
        if node is None or not _on_cluster(view, resource):
            continue
        path = shorten(view.path(resource))
        if not _bound(view, resource, node.urn):
            message = (
                f"path: it lives on the cluster of {node.name}, whose replacement would empty it while Azure still"
                f" shows {path}. Derive a part of its name from {node.name} or from what lives there too"
            )
            yield resource.name, message
        if node.urn in resource.options.replace_with and not resource.options.deleted_with:
            message = f"replace_with: {path} would be deleted out of order. Bind its name to {node.name} instead"
            yield resource.name, message


def _bound(view: View, resource: Resource, node: str) -> bool:
    """Whether replacing the node makes a part of the path unknown, directly or through other parts."""
    waiting, seen = [resource], {resource.urn}
    while waiting:
        one = waiting.pop()
        for parameter in shape_of(one.type).type.path_parameters:
            for urn in one.property_dependencies.get(parameter, ()):
                if urn == node:
                    return True
                owner = view.graph.resources.get(urn)
                if owner and owner.is_arm and urn not in seen:
                    seen.add(urn)
                    waiting.append(owner)
    return False


def _on_cluster(view: View, resource: Resource) -> bool:
    inputs = view.inputs(resource)
    return (
        text_at(inputs, "extendedLocation.type") == "CustomLocation"
        or _CONNECTED in view.path(resource)
        or _CONNECTED in text_at(inputs, "hostResourceId")
        or view.is_script(resource)
    )
