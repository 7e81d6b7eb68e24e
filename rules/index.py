"""The indices of one recorded graph: resources by kind, by cluster and by ARM id, and who waits for whom."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from arm import ids
from arm.hosting import BY_SCRIPT_TYPE, EXISTING, FAILURE_FLAGS, KINDS, HostKind
from arm.shapes import shape_of
from arm.types import ResourceType
from graph.graph import Graph, Resource
from graph.grouping import find_stamp
from graph.inputs import parameters, text_at
from graph.local_commands import COMMANDS, LOCAL_COMMAND, REMOTE_COMMAND, as_run_command
from rules.expected import ExpectedCluster, expected_of
from rules.facts.releases import RELEASES, Release
from settings.hosts import FurtherNode
from settings.machines import Machine
from settings.model import Cluster, Settings


class Index:
    """Every index is built once, when it is first asked for."""

    def __init__(self, graph: Graph, settings: Settings, written: Mapping[str, Any] | None = None) -> None:
        self.graph, self.settings = graph, settings
        self.written = written or {}
        """The settings as the stack file has them; empty where there is no file."""

    @property
    def release(self) -> Release | None:
        """Return the facts of the release that the settings name; REL-01 reports one that the facts do not know."""
        return RELEASES.get(self.settings.release.name)

    # Resources

    @cached_property
    def resources(self) -> list[Resource]:
        return [self.graph.resources[urn] for urn in sorted(self.graph.resources)]

    @cached_property
    def arm(self) -> list[Resource]:
        """Return the resources whose ARM type has a row; SHAPE-01 reports the others."""
        return [resource for resource in self.resources if resource.is_arm]

    def all(self, *types: ResourceType, cluster: str | None = None) -> list[Resource]:
        """Return the resources of these types, of one cluster or of all."""
        return [resource for type_ in types for resource in self._by_type.get((type_.arm_type, cluster), ())]

    def one(self, type_: ResourceType, cluster: str) -> Resource | None:
        """Return the cluster's resource of a type of which it has one."""
        return next(iter(self.all(type_, cluster=cluster)), None)

    @cached_property
    def _by_type(self) -> dict[tuple[str, str | None], list[Resource]]:
        index: dict[tuple[str, str | None], list[Resource]] = {}
        for resource in self.arm:
            index.setdefault((resource.arm_type, None), []).append(resource)
            index.setdefault((resource.arm_type, self.cluster(resource)), []).append(resource)
        return index

    @cached_property
    def _inputs(self) -> dict[str, dict[str, Any]]:
        return {resource.urn: _read_inputs(resource) for resource in self.resources}

    @cached_property
    def _outputs(self) -> dict[str, dict[str, Any]]:
        return {resource.urn: resource.plain_outputs for resource in self.resources}

    def inputs(self, resource: Resource) -> dict[str, Any]:
        return self._inputs[resource.urn]

    def outputs(self, resource: Resource) -> dict[str, Any]:
        return self._outputs[resource.urn]

    # Places

    @cached_property
    def _paths(self) -> dict[str, str]:
        return {
            resource.urn: shape_of(resource.type).path(self.inputs(resource), self.graph.subscription_id)
            for resource in self.arm
        }

    def path(self, resource: Resource) -> str:
        """Return the ARM id; empty for what is not in ARM."""
        return self._paths.get(resource.urn, "")

    @cached_property
    def by_path(self) -> dict[str, Resource]:
        """Return every resource in ARM by its id; what has no row by the id that it was given."""
        without_row = {resource.id: resource for resource in self.resources if not resource.has_row}
        return without_row | {self.path(resource): resource for resource in self.arm}

    def group(self, resource: Resource) -> str:
        """Return the name of the resource group that the resource lies in, by its ARM id."""
        found = re.match(r"/subscriptions/[^/]+/resourceGroups/([^/]+)", self.path(resource), re.IGNORECASE)
        return found[1] if found else ""

    def cluster(self, resource: Resource) -> str:
        """Return the cluster that owns the resource; empty for what clusters share.

        It is the cluster whose resource group it lies in, or whose connected cluster it is on; a script on a machine
        elsewhere belongs to the cluster whose stamp runs scripts on that machine.
        """
        if resource.type == REMOTE_COMMAND:
            return find_stamp(self.graph, resource)
        if resource.type == LOCAL_COMMAND:
            return self._existing_cluster(ids.connected_by(parameters(self.inputs(resource))))
        if on := self._existing_cluster(self.path(resource)):
            return on
        if on := self._cluster_of_plant(self.path(resource), resource):
            return on
        of_group = self._cluster_of_group.get(self.group(resource), "")
        if of_group or not self.is_script(resource):
            return of_group
        return self._cluster_of_machine.get(self._machine(resource), "")

    def _cluster_of_plant(self, path: str, resource: Resource) -> str:
        """Return the cluster on whose own machine something is that is no script; empty for other paths."""
        if self.is_script(resource):
            return ""
        there = (
            (name, machine.resource_id)
            for name, cluster in self.clusters.items()
            for machine in (cluster.machine, *(one.machine for one in cluster.nodes))
            if machine
        )
        return next((name for name, arm_id in there if ids.is_below(path, arm_id)), "")

    def _existing_cluster(self, path: str) -> str:
        """Return the cluster that is there before the stack, and that the path leads into; empty for other paths."""
        there = ((name, one.existing.resource_id) for name, one in self.clusters.items() if one.existing)
        return next((name for name, arm_id in there if path == arm_id or path.startswith(f"{arm_id}/")), "")

    def ends(self, peering: Resource) -> tuple[str, str]:
        """Return the paths of a peering's own VNet and of the remote one."""
        return ids.parent_of(self.path(peering)), text_at(self.inputs(peering), "remoteVirtualNetwork.id")

    def _machine(self, script: Resource) -> str:
        return ids.parent_of(self.path(script))

    @cached_property
    def _cluster_of_machine(self) -> dict[str, str]:
        stamps = ((script, find_stamp(self.graph, script)) for script in self.arm if self.is_script(script))
        return {self._machine(script): stamp for script, stamp in stamps if stamp in self.clusters}

    @cached_property
    def _cluster_of_group(self) -> dict[str, str]:
        return {cluster.names.resource_group: name for name, cluster in self.settings.clusters.items()}

    def host(self, cluster: str) -> HostKind:
        """Return what the cluster's kind of host is in ARM."""
        return KINDS[self.clusters[cluster].hosting]

    def nodes(self, cluster: str) -> list[Resource]:
        """Return the machines that the stack makes for the cluster, the first node in front."""
        node_type = self.host(cluster).node_type if cluster in self.clusters else None
        found = self.all(node_type, cluster=cluster) if node_type else []
        return sorted(found, key=lambda one: self.further(one) is not None)

    def node(self, cluster: str) -> Resource | None:
        """Return the machine of its first node; None if the stack makes none."""
        return next(iter(self.nodes(cluster)), None)

    def machine(self, script: Resource) -> Resource | None:
        """Return the machine on which a script runs, where the stack makes it."""
        return self.by_path.get(self._machine(script))

    def further(self, resource: Resource) -> FurtherNode | None:
        """Return the further node that a machine, its interface or a script on it is of, by the name in its path."""
        name = ids.name_of(self._machine(resource) if self.is_script(resource) else self.path(resource))
        cluster = self.clusters.get(self.cluster(resource))
        for one in cluster.nodes if cluster else ():
            if name in (one.names.virtual_machine, one.names.network_interface, one.machine and one.machine.name):
                return one
        return None

    def as_node(self, resource: Resource) -> Cluster:
        """Return the settings of a resource's cluster, with those of the resource's own node in place of the first."""
        cluster, one = self.clusters[self.cluster(resource)], self.further(resource)
        if one is None:
            return cluster
        return replace(cluster, node=one.node, address=one.address, names=replace(cluster.names, **asdict(one.names)))

    @cached_property
    def existing(self) -> dict[str, dict[str, Any]]:
        """Return cluster -> what Azure says of its first machine, where that is there before the stack."""
        return {name: found[0] for name, found in self.existing_machines.items()}

    @cached_property
    def existing_machines(self) -> dict[str, list[dict[str, Any]]]:
        """Return cluster -> what Azure says of its machines, where they are there before the stack."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name, cluster in self.clusters.items():
            if self.host(name).node_type in EXISTING:
                machines = (cluster.machine, *(one.machine for one in cluster.nodes))
                found[name] = [self._describe(name, machine) for machine in machines if machine]
        return {name: machines for name, machines in found.items() if machines}

    def _describe(self, cluster: str, machine: Machine) -> dict[str, Any]:
        node_type = self.host(cluster).node_type
        assert node_type, "machines are of a type"
        names = {"resourceGroupName": machine.resource_group, "machineName": machine.name}
        shape = shape_of(node_type.token(node_type.versions[0]))
        arm_id, outputs = shape.outputs(names, preview=False, subscription_id=self.graph.subscription_id)
        return {**outputs, "id": arm_id}

    def exists(self, arm_id: str) -> bool:
        """Return whether it is a machine, a cluster or an image that is there before the stack, or the group of one."""
        there = [machine["id"] for machines in self.existing_machines.values() for machine in machines]
        there += [image for image, _ in self.settings.outside.images]
        there += [one.existing.resource_id for one in self.clusters.values() if one.existing]
        return any(arm_id in (one, ids.group_of(one)) for one in there)

    def is_script(self, resource: Resource) -> bool:
        """Return whether the resource runs a script on a host."""
        return resource.arm_type in FAILURE_FLAGS or resource.type == LOCAL_COMMAND

    def scripts(self, cluster: str | None = None) -> list[Resource]:
        """Return what runs scripts, of one cluster or of all; their inputs read like those of Run Commands."""
        return [
            one
            for one in (*self.all(*BY_SCRIPT_TYPE), *self.graph.of_type(LOCAL_COMMAND))
            if cluster in (None, self.cluster(one))
        ]

    @cached_property
    def expected(self) -> Mapping[str, ExpectedCluster]:
        """Return what each cluster is to contain."""
        return expected_of(self.settings)

    @property
    def clusters(self) -> Mapping[str, Cluster]:
        return self.settings.clusters

    # Order

    @cached_property
    def _reach(self) -> dict[str, frozenset[str]]:
        direct = {
            resource.urn: {urn for urn in resource.dependencies if urn in self.graph.resources}
            for resource in self.resources
        }
        reach: dict[str, frozenset[str]] = {}
        for urn in TopologicalSorter(direct).static_order():
            reach[urn] = frozenset(direct[urn]).union(*(reach[other] for other in direct[urn]))
        return reach

    def ancestors(self, resource: Resource) -> frozenset[str]:
        """URNs of everything that the resource waits for, directly or through others."""
        return self._reach[resource.urn]

    def waits(self, resource: Resource, other: Resource) -> bool:
        return other.urn in self._reach[resource.urn]


def _read_inputs(resource: Resource) -> dict[str, Any]:
    return as_run_command(resource.plain_inputs) if resource.type in COMMANDS else resource.plain_inputs
