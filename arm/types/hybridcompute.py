"""Microsoft.HybridCompute: machines that are Arc-enabled, and the scripts that run on them."""

from __future__ import annotations

from arm.types.compute import RUN_COMMAND
from arm.types.resource_type import STATE, Estimate, ResourceType

_MACHINE = "Microsoft.HybridCompute/machines/{machineName}"

MACHINE = ResourceType(
    "hybridcompute",
    "Machine",
    ("2024-07-10",),
    _MACHINE,
    Estimate("nodes", 60),
    computed={
        **STATE,
        "vmId": lambda created: created.guid("vm"),
        "status": lambda _: "Connected",
        "agentVersion": lambda _: "1.52.03009.1276",
        "osType": lambda _: "linux",
        "osSku": lambda _: "Ubuntu 24.04.2 LTS",
        "location": lambda _: "westeurope",  # somebody chose it when the machine was connected
        "identity.principalId": lambda created: created.guid("principal"),
        "identity.tenantId": lambda created: created.tenant_id,
    },
    holds_data=True,
)
MACHINE_RUN_COMMAND = ResourceType(
    "hybridcompute",
    "MachineRunCommand",
    ("2024-07-31-preview",),
    f"{_MACHINE}/runCommands/{{runCommandName}}",
    RUN_COMMAND.estimate,
    refined_by=RUN_COMMAND.refined_by,
    refined=RUN_COMMAND.refined,
    write_only=RUN_COMMAND.write_only,
)
"""It has no flag by which a failed script would fail the deployment: its instance view tells, which every GET has
(Azure/azure-rest-api-specs, HybridCompute 2024-07-31-preview, RunCommands_Get.json)."""
