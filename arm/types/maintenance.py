"""Microsoft.Maintenance: the window in which Azure patches machines, and who is patched in it."""

from __future__ import annotations

from arm.types.resource_type import GROUP, Estimate, ResourceType

_VERSIONS = ("2023-10-01-preview",)

MAINTENANCE_CONFIGURATION = ResourceType(
    "maintenance",
    "MaintenanceConfiguration",
    _VERSIONS,
    "Microsoft.Maintenance/maintenanceConfigurations/{resourceName}",
    Estimate("nodes", 10),
    lifted="maintenanceWindow",
    computed={},
    carries=(),
)
CONFIGURATION_ASSIGNMENT = ResourceType(
    "maintenance",
    "ConfigurationAssignment",
    _VERSIONS,
    f"{GROUP}/providers/{{providerName}}/{{resourceType}}/{{resourceName}}"
    "/providers/Microsoft.Maintenance/configurationAssignments/{configurationAssignmentName}",
    Estimate("nodes", 10),
    computed={},
    carries=(),
)
