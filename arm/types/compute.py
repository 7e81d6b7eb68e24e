"""Microsoft.Compute: virtual machines and the scripts that run on them."""

from __future__ import annotations

from arm.types.resource_type import STATE, Estimate, Quota, Refusal, ResourceType

_VERSIONS = ("2024-11-01",)
_VM = "Microsoft.Compute/virtualMachines/{vmName}"
_OS = "properties.osProfile"
IMAGE_ID = "storageProfile.imageReference.id"
"""Input of a VM that starts from an image of somebody's own."""

VIRTUAL_MACHINE = ResourceType(
    "compute",
    "VirtualMachine",
    _VERSIONS,
    _VM,
    Estimate("nodes", 60),
    name_rule={"pattern": r"^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9_])?$", "maxLength": 64},
    immutable=(
        "zones",  # [terraform]
        "placement",  # [schema], as the next four
        "properties.availabilitySet",
        f"{_OS}.adminUsername",
        f"{_OS}.computerName",
        f"{_OS}.customData",
        f"{_OS}.linuxConfiguration.disablePasswordAuthentication",  # [arm] PropertyChangeNotAllowed
        f"{_OS}.linuxConfiguration.ssh",  # [arm] as above, as the next
        "properties.storageProfile.imageReference",
    ),
    computed={**STATE, "vmId": lambda created: created.guid("vm")},
    restarted_by=("hardwareProfile.vmSize",),  # https://learn.microsoft.com/azure/virtual-machines/sizes/resize-vm
    write_only=("osProfile.adminPassword", "osProfile.customData", "userData"),
    holds_data=True,
)
RUN_COMMAND = ResourceType(
    "compute",
    "VirtualMachineRunCommandByVirtualMachine",
    _VERSIONS,
    f"{_VM}/runCommands/{{runCommandName}}",
    Estimate("nodes", 60),
    refined_by="runCommandName",
    refined={
        "setup-k3s": Estimate("nodes", 300),
        "join-k3s": Estimate("nodes", 300),
        "connect-arc": Estimate("nodes", 300),
        "apply-objects": Estimate("nodes", 60),
        "await-secrets": Estimate("nodes", 120, "bound"),
        "probe-links": Estimate("nodes", 60, "bound"),
        "prove-": Estimate("nodes", 60, "bound"),
        "settle-": Estimate("nodes", 120, "bound"),
    },
    prepared={"setup-k3s": Estimate("nodes", 60, "bound")},
    write_only=("protectedParameters", "runAsPassword"),
    quota=Quota(
        "WORLD-24",
        "Run Commands",
        "parent",
        "VM",
        25,
        Refusal(400, "BadRequest", "The maximum number of Run Commands ({limit}) of {parent} is reached."),
        "https://learn.microsoft.com/azure/virtual-machines/linux/run-command-managed",
    ),
)
