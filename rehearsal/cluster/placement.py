"""Find which resources of Azure are on a cluster: those that a working custom location of it brings there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from arm import ids
from arm.types import ResourceType
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.iotoperations import INSTANCE
from arm.types.kubernetesconfiguration import EXTENSION
from graph.inputs import text_at, texts_at
from rehearsal.azure.entries import Entry
from rehearsal.azure.refusals.clusters import SERVED_BY
from rehearsal.cluster.inventory import Inventory, find_location, is_ready
from rehearsal.cluster.model import Symptom
from rehearsal.cluster.node_state import NodeState
from rules.facts.extensions import CERT_MANAGER


@dataclass(frozen=True)
class Placement:
    """What is on the cluster in the namespace of AIO."""

    namespace: str
    """Empty while no custom location works."""
    extensions: dict[str, Entry]
    """Extension type, in lower case -> the installed extension; also those that no custom location lists."""
    children: Sequence[Entry]
    problems: Sequence[Symptom] = ()

    def of_type(self, row: ResourceType) -> list[Entry]:
        return [child for child in self.children if child.row is row]

    @property
    def has_trust_manager(self) -> bool:
        return CERT_MANAGER.type in self.extensions


def find_placement(inventory: Inventory, cluster: Entry, node: NodeState) -> Placement:
    """Return what custom locations have brought to the cluster, and why the rest is not there."""
    installed = inventory.below(EXTENSION, cluster.id)
    extensions = {_read_type(extension): extension for extension in installed if is_ready(extension)}
    working = [location for location in _find_locations(inventory, cluster) if is_ready(location)]
    if not node.custom_locations:  # CLUSTER-02 or CLUSTER-03 says why
        return Placement("", extensions, [])
    here, problems = [], list(_check_ready(cluster, [*_find_locations(inventory, cluster), *installed]))
    home = _find_home(inventory, working)
    for location in working:
        served = {provider for provider, kind in SERVED_BY.items() if kind in _find_listed_types(inventory, location)}
        inside = inventory.placed_in(location.id)
        problems += _check_served(cluster, location, inside, served)
        problems += _check_ready(cluster, [entry for entry in inside if _read_provider(entry) in served])
        if location is home:
            served_here = [entry for entry in inside if _read_provider(entry) in served and is_ready(entry)]
            here = [entry for entry in served_here if _is_beside_its_instance(entry, inside)]
    problems += _check_location(inventory, cluster, working)
    return Placement(text_at(home.inputs, "namespace") if home else "", extensions, here, problems)


def _read_type(extension: Entry) -> str:
    return text_at(extension.inputs, "extensionType").lower()


def _find_locations(inventory: Inventory, cluster: Entry) -> list[Entry]:
    found = inventory.of_type(CUSTOM_LOCATION)
    return [one for one in found if ids.key(text_at(one.inputs, "hostResourceId")) == ids.key(cluster.id)]


def _find_home(inventory: Inventory, locations: Sequence[Entry]) -> Entry | None:
    """Return the custom location in whose namespace AIO lives."""
    used = {ids.key(find_location(instance)) for instance in inventory.of_type(INSTANCE)}
    with_instance = [location for location in locations if ids.key(location.id) in used]
    return next(iter([*with_instance, *locations]), None)


def _find_listed_types(inventory: Inventory, location: Entry) -> set[str]:
    """Return the types of the extensions that the custom location lists, and that are installed."""
    found = (inventory.find_ready(extension) for extension in texts_at(location.inputs, "clusterExtensionIds"))
    host = text_at(location.inputs, "hostResourceId")
    return {_read_type(extension) for extension in found if extension and ids.is_below(extension.id, host)}


def _read_provider(entry: Entry) -> str:
    return entry.type.partition("/")[0]


def _is_beside_its_instance(entry: Entry, inside: Sequence[Entry]) -> bool:
    """Return whether it is no part of an AIO instance, or of one in the same custom location."""
    if entry.row.module != INSTANCE.module:
        return True
    return any(ids.is_below(entry.id, one.id) for one in inside if one.row is INSTANCE)


def _check_served(cluster: Entry, location: Entry, inside: Sequence[Entry], served: set[str]) -> Iterator[Symptom]:
    for provider in sorted({_read_provider(entry) for entry in inside} & {*SERVED_BY} - served):
        count = sum(_read_provider(entry) == provider for entry in inside)
        what = (
            f"MissingResourceVersionOnHost: extension {SERVED_BY[provider]} is not installed or not among its"
            f" clusterExtensionIds, so {count} resources of {provider} do not reach the cluster"
        )
        remedy = "install the extension until it is Succeeded, and list it in clusterExtensionIds"
        yield Symptom("CLUSTER-04", cluster.name, describe(location), what, remedy)


def _check_ready(cluster: Entry, entries: Sequence[Entry]) -> Iterator[Symptom]:
    for entry in entries:
        if not is_ready(entry):
            what = f"is {entry.state} for ARM, so it is taken not to be on the cluster"
            yield Symptom("CLUSTER-05", cluster.name, describe(entry), what, "deploy again until it is Succeeded")


def _check_location(inventory: Inventory, cluster: Entry, locations: Sequence[Entry]) -> Iterator[Symptom]:
    """Yield what this cluster lacks because it was put elsewhere: into no location, or not beside its instance."""
    here = {ids.key(location.id) for location in locations}
    instances = [one.id for one in inventory.of_type(INSTANCE) if ids.key(find_location(one)) in here]
    group = ids.group_of(cluster.id).lower()
    nowhere = [entry for entry in inventory.placed_nowhere() if ids.group_of(entry.id).lower() == group]
    below = [entry for instance in instances for entry in inventory.placed_below(instance)]
    apart = [entry for entry in below if ids.key(find_location(entry)) not in here and entry not in nowhere]
    for entry in [*nowhere, *apart]:
        what = f"is put into {find_location(entry)}, which is no custom location of this cluster"
        expected = locations[0].id if locations else "a custom location of this cluster"
        yield Symptom("CLUSTER-04", cluster.name, describe(entry), what, f"put it into {expected}")


def describe(entry: Entry) -> str:
    """Return what people call it, e.g. `BrokerListener default`."""
    return f"{entry.row.name} {entry.name}"
