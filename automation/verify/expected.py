"""What the settings lead one to expect in Azure: every resource of the recorded graph, by cluster and by link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from arm import ids
from arm.hosting import BY_NODE_TYPE, BY_SCRIPT_TYPE, EXISTING
from arm.shapes import shape_of
from arm.types import BY_ARM_TYPE, ResourceType
from arm.types.authorization import ROLE_ASSIGNMENT
from arm.types.iotoperations import (
    BROKER,
    BROKER_AUTHENTICATION,
    BROKER_AUTHORIZATION,
    BROKER_LISTENER,
    DATAFLOW,
    DATAFLOW_ENDPOINT,
    DATAFLOW_PROFILE,
    INSTANCE,
)
from arm.types.kubernetes import CONNECTED_CLUSTER
from arm.types.kubernetesconfiguration import EXTENSION
from arm.types.managedidentity import FEDERATED_IDENTITY_CREDENTIAL, USER_ASSIGNED_IDENTITY
from arm.types.network import VIRTUAL_NETWORK, VIRTUAL_NETWORK_PEERING
from arm.types.resources import RESOURCE_GROUP
from automation.verify.azure import Body
from graph.graph import Resource
from rules.facts.releases import CONNECTED_CLUSTER_API
from rules.identities import Need, issuer_of, needs
from rules.lookup import View

_RANDOM_STRING = "random:index/randomString:RandomString"
_CLOSED: Mapping[ResourceType, tuple[ResourceType, ...]] = {
    RESOURCE_GROUP: (ROLE_ASSIGNMENT,),
    VIRTUAL_NETWORK: (VIRTUAL_NETWORK_PEERING,),
    USER_ASSIGNED_IDENTITY: (FEDERATED_IDENTITY_CREDENTIAL,),
    CONNECTED_CLUSTER: (EXTENSION,),
    INSTANCE: (DATAFLOW_ENDPOINT,),
    BROKER: (BROKER_LISTENER, BROKER_AUTHENTICATION, BROKER_AUTHORIZATION),
    DATAFLOW_PROFILE: (DATAFLOW,),
}
"""Parents -> the children of which none may be there that nobody asked for. A group's list has none of them."""


_UNKNOWN: Mapping[ResourceType, tuple[str, ...]] = {
    row: ("location",) for row, kind in BY_SCRIPT_TYPE.items() if kind.node_type in EXISTING
}
"""Inputs that follow a machine which is there before the stack: where that is, the settings do not say."""


@dataclass(frozen=True)
class Subject:
    """One resource that is to be there."""

    id: str
    """As the recorded graph has it: where the program draws a part of a name, with another one than in Azure."""
    row: ResourceType
    api_version: str
    label: str
    """Its logical name in the program."""
    cluster: str
    link: str
    """The link that it makes and that nothing else needs; else empty."""
    body: Body = field(repr=False)
    """What was sent, with stand-ins for what Azure computes and for what is drawn."""
    resource: Resource | None = field(repr=False, default=None)
    """None: the program does not make it."""


@dataclass(frozen=True)
class Collection:
    """A list of children in Azure."""

    path: str
    row: ResourceType
    api_version: str
    cluster: str
    parent: str
    """Its logical name."""


@dataclass(frozen=True)
class Drawn:
    """A resource whose name the program has drawn a part of: `before`, the part, `after`."""

    name: str
    """As the recorded graph has it."""
    group: str
    row: ResourceType
    before: str
    after: str
    length: int


@dataclass(frozen=True)
class Expectation:
    """All of a stack."""

    view: View
    subjects: Sequence[Subject]
    collections: Sequence[Collection]
    drawn: Sequence[Drawn]
    computed: Mapping[str, tuple[Subject, str]]
    """A stand-in for what Azure computes -> whose it is, and where its answer has it."""

    def of(self, scope: str, name: str) -> Sequence[Subject]:
        """Return what belongs to a cluster, without its links, or to a link."""
        return self._by_place.get((scope, name), ())

    def of_cluster(self, cluster: str) -> Sequence[Subject]:
        """Return all that lies in a cluster's resource group."""
        return self._by_cluster.get(cluster, ())

    def needs_of(self, cluster: str) -> Sequence[Need]:
        """Return every role that is needed in a cluster's resource group."""
        return self._needs.get(self.view.settings.clusters[cluster].names.resource_group.lower(), ())

    @cached_property
    def nodes(self) -> Mapping[str, Subject]:
        """Cluster -> the machine of its first node, which answers for the cluster."""
        machines = [one for one in self.subjects if one.row in BY_NODE_TYPE]
        return {one.cluster: one for one in reversed(machines) if not one.label.rpartition(".")[1]}

    @cached_property
    def asked(self) -> Mapping[str, Subject]:
        """Cluster -> what its questions are put to: its machine or, where Azure knows none, the connected cluster."""
        there = (one for one in self.subjects if one.row is CONNECTED_CLUSTER and _is_others(self.view, one))
        return {**{one.cluster: one for one in there}, **self.nodes}

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, str], Sequence[Subject]]:
        found: dict[tuple[str, str], list[Subject]] = {}
        for one in self.subjects:
            found.setdefault(("link", one.link) if one.link else ("cluster", one.cluster), []).append(one)
        return found

    @cached_property
    def _by_cluster(self) -> Mapping[str, Sequence[Subject]]:
        found: dict[str, list[Subject]] = {}
        for one in self.subjects:
            found.setdefault(one.cluster, []).append(one)
        return found

    @cached_property
    def _needs(self) -> Mapping[str, Sequence[Need]]:
        found: dict[str, list[Need]] = {}
        for need in needs(self.view):
            found.setdefault(ids.name_of(ids.group_of(need.scope)).lower(), []).append(need)
        return found


def expect(view: View) -> Expectation:
    """Read it off the recorded graph."""
    subjects = [*_subjects(view)]
    return Expectation(
        view,
        subjects,
        [one for subject in subjects if not _is_others(view, subject) for one in _collections(subject)],
        [*_drawn(view, subjects)],
        dict(_computed(view, subjects)),
    )


def _subjects(view: View) -> Iterator[Subject]:
    link_of = {one.urn: parts.link.name for parts in view.links for one in (parts.endpoint, *parts.dataflows) if one}
    for arm_id, command in view.connected_clusters.items():
        cluster = view.cluster(command)
        is_ours = view.clusters[cluster].existing is None
        yield Subject(
            arm_id, CONNECTED_CLUSTER, CONNECTED_CLUSTER_API.value, f"{cluster}-connected-cluster", cluster, "",
            {"location": view.clusters[cluster].location} if is_ours else {},
        )  # fmt: skip
    for cluster, machines in view.existing_machines.items():
        names = ["", *(f".{one.name}" for one in view.clusters[cluster].nodes)]
        for name, machine in zip(names, machines, strict=True):
            row = BY_ARM_TYPE[machine["type"]]
            yield Subject(machine["id"], row, row.versions[-1], f"{cluster}-machine{name}", cluster, "", {})
    for resource in view.arm:
        shape, link = shape_of(resource.type), link_of.get(resource.urn, "")
        left_out = {*shape.type.write_only, *_UNKNOWN.get(shape.type, ())}
        inputs = {name: value for name, value in view.inputs(resource).items() if name not in left_out}
        yield Subject(
            view.path(resource), shape.type, shape.api_version, resource.name, view.cluster(resource), link,
            shape.body(inputs), resource,
        )  # fmt: skip


def _is_others(view: View, subject: Subject) -> bool:
    """Return whether it was there before the stack: others may have put more there."""
    cluster = view.clusters.get(subject.cluster)
    return bool(cluster and cluster.existing and cluster.existing.resource_id == subject.id)


def _collections(subject: Subject) -> Iterator[Collection]:
    for row in _CLOSED.get(subject.row, ()):
        own = row.arm_type.removeprefix(f"{subject.row.arm_type}/")
        path = f"{subject.id}/{own if own != row.arm_type else f'providers/{own}'}"
        version = subject.api_version if subject.api_version in row.versions else row.versions[-1]
        yield Collection(path, row, version, subject.cluster, subject.label)


def _drawn(view: View, subjects: Sequence[Subject]) -> Iterator[Drawn]:
    texts = [str(view.outputs(one)["result"]) for one in view.resources if one.type == _RANDOM_STRING]
    for subject in subjects:
        name = ids.name_of(subject.id)
        if found := next((text for text in texts if text in name), ""):
            before, _, after = name.partition(found)
            group = ids.name_of(ids.group_of(subject.id))
            yield Drawn(name, group, subject.row, before, after, len(found))


_OUTPUTS: Mapping[str, str] = {
    "principalId": "properties.principalId",
    "clientId": "properties.clientId",
    "identity.principalId": "identity.principalId",
}
"""Outputs that other resources are told -> where ARM's answer has them."""


def _describe_machine(view: View, subject: Subject) -> Body:
    return next(one for one in view.existing_machines[subject.cluster] if one["id"] == subject.id)


def _computed(view: View, subjects: Sequence[Subject]) -> Iterator[tuple[str, tuple[Subject, str]]]:
    for subject in subjects:
        if subject.row is CONNECTED_CLUSTER:
            yield issuer_of(view, subject.cluster), (subject, "properties.oidcIssuerProfile.issuerUrl")
            continue
        outputs = view.outputs(subject.resource) if subject.resource else _describe_machine(view, subject)
        inputs = view.inputs(subject.resource) if subject.resource else {}
        for path, place in _OUTPUTS.items():
            value = ids.at(outputs, path)
            if isinstance(value, str) and ids.at(inputs, path) is None:
                yield value, (subject, place)
