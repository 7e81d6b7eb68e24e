"""What lives on a cluster is on its own: by its custom location, and by the namespace that this is for."""

from __future__ import annotations

from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.kubernetesconfiguration import EXTENSION
from graph.inputs import shorten, text_at
from rules.facts.extensions import AIO
from rules.lookup import Hits, View


def on_own_cluster(view: View) -> Hits:
    """Require that all of AIO and secret sync names its cluster's custom location, and this its connected cluster."""
    for resource in view.arm:
        if resource.type.split(":")[1] in ("iotoperations", "secretsynccontroller"):
            location = view.one(CUSTOM_LOCATION, view.cluster(resource))
            given = text_at(view.inputs(resource), "extendedLocation.name")
            expected = view.path(location) if location else ""
            if location and given != expected:
                yield (
                    resource.name,
                    f"extendedLocation.name: {shorten(given) or 'missing'}; expected {shorten(expected)}",
                )
    own = {view.cluster(command): arm_id for arm_id, command in view.connected_clusters.items()}
    for location in view.all(CUSTOM_LOCATION):
        given, expected = text_at(view.inputs(location), "hostResourceId"), own.get(view.cluster(location), "")
        if given != expected and (not given or given in view.by_path or given in own.values()):  # else REF-01
            yield location.name, f"hostResourceId: {shorten(given) or 'missing'}; expected {shorten(expected)}"
    for extension in view.all(EXTENSION):
        inputs, required = view.inputs(extension), view.namespace(view.cluster(extension))
        given = text_at(inputs, "scope.cluster.releaseNamespace")
        if text_at(inputs, "extensionType").lower() == AIO.type and given != required:
            where = "scope.cluster.releaseNamespace"
            yield extension.name, f"{where}: {given!r}; the custom location is for {required!r}: expected that"
