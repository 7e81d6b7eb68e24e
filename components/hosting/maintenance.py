"""When Azure patches a cluster's nodes: one window for all of them, in which they reboot where that needs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import maintenance

from components.context import StampContext


@dataclass(frozen=True)
class PatchedMachine:
    """A machine that K3s runs on, by the parts of its id."""

    node: str
    """Name of a further node; empty for the first."""
    provider: str
    type: str
    resource_group: pulumi.Input[str]
    name: pulumi.Input[str]
    id: pulumi.Input[str]
    location: pulumi.Input[str]


def schedule_patches(context: StampContext, machines: Iterable[PatchedMachine]) -> None:
    """Let Azure patch the machines in the window of the settings; where there is none, nothing is made."""
    window = context.cluster.maintenance
    if window is None:
        return
    configuration = maintenance.MaintenanceConfiguration(
        context.logical_name("maintenance"),
        resource_group_name=context.group.name,
        resource_name_=context.names.maintenance,
        location=context.cluster.location,
        tags=context.tags,
        maintenance_scope="InGuestPatch",
        # Azure asks for it with that scope (https://github.com/Azure/bicep/issues/8959).
        extension_properties={"InGuestPatchMode": "User"},
        start_date_time=window.start,
        duration=window.duration,
        time_zone=window.time_zone,
        recur_every=window.every,
        install_patches=maintenance.InputPatchConfigurationArgs(
            # A kernel that is patched does not run before a reboot.
            reboot_setting="IfRequired",
            linux_parameters=maintenance.InputLinuxParametersArgs(classifications_to_include=["Critical", "Security"]),
        ),
        opts=context.options(),
    )
    for machine in machines:
        maintenance.ConfigurationAssignment(
            context.node_name("maintenance-assignment", machine.node),
            resource_group_name=machine.resource_group,
            provider_name=machine.provider,
            resource_type=machine.type,
            resource_name_=machine.name,
            configuration_assignment_name=configuration.name,
            location=machine.location,
            maintenance_configuration_id=configuration.id,
            resource_id=machine.id,
            opts=context.options(),
        )
