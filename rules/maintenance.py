"""Maintenance windows: every node of a cluster is patched in its own cluster's."""

from __future__ import annotations

from arm import ids
from arm.types.maintenance import CONFIGURATION_ASSIGNMENT, MAINTENANCE_CONFIGURATION
from graph.graph import Resource
from graph.inputs import text_at
from rules.lookup import Hits, View


def nodes_are_assigned(view: View) -> Hits:
    """Require that each node of a cluster with a window is in it, by an assignment that says the same throughout."""
    for name, cluster in view.clusters.items():
        configuration = view.one(MAINTENANCE_CONFIGURATION, name)
        if not cluster.maintenance or not configuration:  # ASK-01
            continue
        machines = [view.path(one) for one in view.nodes(name)]
        machines += [text_at(one, "id") for one in view.existing_machines.get(name, ())]
        assignments = {ids.parent_of(view.path(one)): one for one in view.all(CONFIGURATION_ASSIGNMENT, cluster=name)}
        for machine in machines:
            if assignment := assignments.get(machine):
                yield from _says(view, assignment, configuration, machine)
            else:
                message = f"no assignment for {ids.name_of(machine)}, so nobody patches it. Make one below it"
                yield configuration.name, message


def _says(view: View, assignment: Resource, configuration: Resource, machine: str) -> Hits:
    inputs = view.inputs(assignment)
    expected = {
        "configurationAssignmentName": ids.name_of(view.path(configuration)),
        "maintenanceConfigurationId": view.path(configuration),
        "resourceId": machine,
    }
    for key, value in expected.items():
        if (given := text_at(inputs, key)) != value:
            yield assignment.name, f"{key}: {given!r}; expected {value!r}, by the machine and its window"
