"""Which resources of Azure are on a cluster: those that a working custom location of the cluster brings there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from arm import ids
from arm.types import ResourceType
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.iotoperations import INSTANCE
from arm.types.kubernetesconfiguration import EXTENSION
from graph.inputs import text, texts
from rehearsal.azure.refusals.clusters import SERVED_BY
from rehearsal.azure.state import Entry
from rehearsal.cluster.deployed import Deployed, is_ready, location_of
from rehearsal.cluster.model import Problem
from rehearsal.cluster.node_state import Facts

_CERT_MANAGER = "microsoft.certmanagement"


@dataclass(frozen=True)
class Reached:
    """What is on the cluster in the namespace of AIO."""

    namespace: str
    """Empty while no custom location works."""
    extensions: dict[str, Entry]
    """Extension type, in lower case -> the installed extension; also those that no custom location lists."""
    children: Sequence[Entry]
    problems: Sequence[Problem] = ()

    def of_type(self, row: ResourceType) -> list[Entry]:
        return [child for child in self.children if child.row is row]

    @property
    def has_trust_manager(self) -> bool:
        return _CERT_MANAGER in self.extensions


def reached(deployed: Deployed, cluster: Entry, facts: Facts) -> Reached:
    """What custom locations have brought to the cluster, and why the rest is not there."""
    installed = list(_installed(deployed, cluster))
    extensions = {_kind(extension): extension for extension in installed if is_ready(extension)}
    working = [location for location in _locations(deployed, cluster) if is_ready(location)]
    if not facts.custom_locations:  # CLUSTER-02 or CLUSTER-03 says why
        return Reached("", extensions, [])
    here, problems = [], list(_not_ready(cluster, [*_locations(deployed, cluster), *installed]))
    home = _home(deployed, working)
    for location in working:
        served = {provider for provider, kind in SERVED_BY.items() if kind in _listed(deployed, location)}
        inside = [entry for entry in deployed.placed if ids.key(location_of(entry)) == ids.key(location.id)]
        problems += _not_served(cluster, location, inside, served)
        problems += _not_ready(cluster, [entry for entry in inside if _provider(entry) in served])
        if location is home:
            served_here = [entry for entry in inside if _provider(entry) in served and is_ready(entry)]
            here = [entry for entry in served_here if _is_beside_its_instance(entry, inside)]
    problems += _astray(deployed, cluster, working)
    return Reached(text(home.inputs, "namespace") if home else "", extensions, here, problems)


def _installed(deployed: Deployed, cluster: Entry) -> Iterator[Entry]:
    return deployed.below(EXTENSION, cluster.id)


def _kind(extension: Entry) -> str:
    return text(extension.inputs, "extensionType").lower()


def _locations(deployed: Deployed, cluster: Entry) -> list[Entry]:
    found = deployed.of_type(CUSTOM_LOCATION)
    return [one for one in found if ids.key(text(one.inputs, "hostResourceId")) == ids.key(cluster.id)]


def _home(deployed: Deployed, locations: Sequence[Entry]) -> Entry | None:
    """The custom location in whose namespace AIO lives."""
    used = {ids.key(location_of(instance)) for instance in deployed.of_type(INSTANCE)}
    with_instance = [location for location in locations if ids.key(location.id) in used]
    return next(iter([*with_instance, *locations]), None)


def _listed(deployed: Deployed, location: Entry) -> set[str]:
    """Types of the extensions that the custom location lists, and that are installed."""
    found = (deployed.ready(extension) for extension in texts(location.inputs, "clusterExtensionIds"))
    host = text(location.inputs, "hostResourceId")
    return {_kind(extension) for extension in found if extension and ids.is_below(extension.id, host)}


def _provider(entry: Entry) -> str:
    return entry.type.partition("/")[0]


def _is_beside_its_instance(entry: Entry, inside: Sequence[Entry]) -> bool:
    """Whether it is no part of an AIO instance, or of one in the same custom location."""
    if entry.row.module != INSTANCE.module:
        return True
    return any(ids.is_below(entry.id, one.id) for one in inside if one.row is INSTANCE)


def _not_served(cluster: Entry, location: Entry, inside: Sequence[Entry], served: set[str]) -> Iterator[Problem]:
    for provider in sorted({_provider(entry) for entry in inside} & {*SERVED_BY} - served):
        count = sum(_provider(entry) == provider for entry in inside)
        what = (
            f"MissingResourceVersionOnHost: extension {SERVED_BY[provider]} is not installed or not among its"
            f" clusterExtensionIds, so {count} resources of {provider} do not reach the cluster"
        )
        remedy = "install the extension until it is Succeeded, and list it in clusterExtensionIds"
        yield Problem("CLUSTER-04", cluster.name, kind_and_name(location), what, remedy)


def _not_ready(cluster: Entry, entries: Sequence[Entry]) -> Iterator[Problem]:
    for entry in entries:
        if not is_ready(entry):
            what = f"is {entry.state} for ARM, so it is taken not to be on the cluster"
            yield Problem("CLUSTER-05", cluster.name, kind_and_name(entry), what, "deploy again until it is Succeeded")


def _astray(deployed: Deployed, cluster: Entry, locations: Sequence[Entry]) -> Iterator[Problem]:
    """What this cluster lacks because it was put elsewhere: into no location, or not beside its instance."""
    here = {ids.key(location.id) for location in locations}
    instances = [one.id for one in deployed.of_type(INSTANCE) if ids.key(location_of(one)) in here]
    for entry in deployed.placed:
        location = deployed.find(location_of(entry))
        is_nowhere = location is None and ids.group_of(entry.id).lower() == ids.group_of(cluster.id).lower()
        is_apart = any(ids.is_below(entry.id, instance) for instance in instances)
        if is_nowhere or (is_apart and ids.key(location_of(entry)) not in here):
            what = f"is put into {location_of(entry)}, which is no custom location of this cluster"
            expected = locations[0].id if locations else "a custom location of this cluster"
            yield Problem("CLUSTER-04", cluster.name, kind_and_name(entry), what, f"put it into {expected}")


def kind_and_name(entry: Entry) -> str:
    """Return what people call it, e.g. `BrokerListener default`."""
    return f"{entry.row.name} {entry.name}"
