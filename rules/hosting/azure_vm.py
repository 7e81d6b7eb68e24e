"""An Azure VM as a host: what its machine and its Run Commands are sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from arm.types import ResourceType
from arm.types.compute import RUN_COMMAND, VIRTUAL_MACHINE
from arm.types.managedidentity import USER_ASSIGNED_IDENTITY
from arm.types.network import NETWORK_INTERFACE
from rules.facts.node import IMAGE
from rules.tables import Fixed, Requested, zones
from settings.model import Cluster, Settings

_LEARN = "learn.microsoft.com/azure"
_ABSENT = None
_ARM = "Azure/azure-resource-manager-schemas: what the property says of itself"
_TRUSTED_LAUNCH = f"{_LEARN}/virtual-machines/trusted-launch"
_VM = f"{_LEARN}/virtual-machines/linux/run-command-managed"
_LINUX = f"{_LEARN}/virtual-machines/security-recommendations"
_PATCHES = f"{_LEARN}/virtual-machines/automatic-vm-guest-patching"
_DELETE = f"{_LEARN}/virtual-machines/delete"


def _node(field: str) -> Callable[[Settings, Cluster], Any]:
    return lambda _, cluster: getattr(cluster.node, field, None)


def _administrator(settings: Settings, cluster: Cluster) -> str:
    return f"{settings.prefix}{cluster.code}"


def _ssh_keys(settings: Settings, cluster: Cluster) -> list[dict[str, str]]:
    path = f"/home/{_administrator(settings, cluster)}/.ssh/authorized_keys"
    return [{"path": path, "keyData": settings.tenant.ssh_public_key}]


def _image(_: Settings, cluster: Cluster) -> dict[str, str]:
    """Return somebody's own; else what AIO is validated on, of generation 2, as TrustedLaunch needs it."""
    return {"id": cluster.image} if cluster.image else dict(IMAGE.value)


def _on_schedule(_: Settings, cluster: Cluster) -> bool | None:
    """Return None where nobody patches by a schedule: with true and without one, nobody would patch at all."""
    return True if cluster.maintenance else None


def _encryption(_: Settings, cluster: Cluster) -> bool | None:
    """Return None where it is not asked for: false is refused as true is, in a subscription without the feature."""
    return True if cluster.node and cluster.node.encryption_at_host else None


FIXED: tuple[Fixed, ...] = (
    Fixed(VIRTUAL_MACHINE, "securityProfile.securityType", ("TrustedLaunch",), "a boot kit would go unseen",
          _TRUSTED_LAUNCH),
    Fixed(VIRTUAL_MACHINE, "securityProfile.uefiSettings.secureBootEnabled", (True,), "a boot kit would go unseen",
          _TRUSTED_LAUNCH),
    Fixed(VIRTUAL_MACHINE, "securityProfile.uefiSettings.vTpmEnabled", (True,), "a boot could not be attested",
          _TRUSTED_LAUNCH),
    Fixed(VIRTUAL_MACHINE, "osProfile.linuxConfiguration.disablePasswordAuthentication", (True,),
          "passwords can be guessed", _LINUX),
    Fixed(VIRTUAL_MACHINE, "osProfile.adminPassword", (_ABSENT,), "passwords can be guessed", _LINUX),
    Fixed(VIRTUAL_MACHINE, "osProfile.linuxConfiguration.provisionVMAgent", (True, _ABSENT),
          "the agent runs Run Commands", _VM),
    Fixed(VIRTUAL_MACHINE, "osProfile.allowExtensionOperations", (True, _ABSENT), "Run Command is one", _VM),
    Fixed(VIRTUAL_MACHINE, "osProfile.linuxConfiguration.patchSettings.patchMode", ("AutomaticByPlatform",),
          "nobody else patches the node", _PATCHES),
    Fixed(VIRTUAL_MACHINE,
          "osProfile.linuxConfiguration.patchSettings.automaticByPlatformSettings.rebootSetting", ("Never",),
          "a reboot takes the broker down", _PATCHES),
    Fixed(VIRTUAL_MACHINE, "storageProfile.osDisk.createOption", ("FromImage",), "the node starts from the image",
          "learn.microsoft.com/azure/iot-operations/deploy-iot-ops/overview-deploy, supported environments"),
    Fixed(VIRTUAL_MACHINE, "storageProfile.osDisk.caching", ("ReadWrite", _ABSENT), "Azure's default for a system disk",
          f"{_LEARN}/virtual-machines/premium-storage-performance"),
    Fixed(VIRTUAL_MACHINE, "osProfile.linuxConfiguration.patchSettings.assessmentMode", ("AutomaticByPlatform",),
          "nobody else looks which patches are missing", _PATCHES),
    Fixed(VIRTUAL_MACHINE, "storageProfile.osDisk.deleteOption", ("Delete",), "keys would stay on an orphaned disk",
          _DELETE),
    Fixed(VIRTUAL_MACHINE, "storageProfile.osDisk.diffDiskSettings.option", (_ABSENT,),
          "a redeployed node would be empty", _DELETE),
    Fixed(VIRTUAL_MACHINE, "networkProfile.networkInterfaces.*.deleteOption", ("Detach", _ABSENT),
          "the interface is a resource of the stack", _DELETE),
    Fixed(VIRTUAL_MACHINE, "networkProfile.networkInterfaces.*.primary", (True, _ABSENT), "it has one interface",
          f"{_LEARN}/virtual-network/virtual-network-network-interface-vm"),
    Fixed(VIRTUAL_MACHINE, "priority", (_ABSENT, "Regular"), "Azure evicts Spot machines",
          f"{_LEARN}/virtual-machines/spot-vms"),
    Fixed(VIRTUAL_MACHINE, "identity.type", ("UserAssigned", _ABSENT),  # who has one: NODE-01
          "the node signs in to connect itself", f"{_LEARN}/azure-arc/kubernetes/quickstart-connect-cluster"),
    Fixed(RUN_COMMAND, "asyncExecution", (False, _ABSENT), "the deployment would go on before the script ends", _ARM),
    Fixed(RUN_COMMAND, "runAsUser", (_ABSENT,), "the scripts are root's", _VM),
)  # fmt: skip

REQUESTED: tuple[Requested, ...] = (
    Requested(VIRTUAL_MACHINE, "hardwareProfile.vmSize", "node.vm_size", _node("vm_size")),
    Requested(VIRTUAL_MACHINE, "storageProfile.osDisk.diskSizeGB", "node.os_disk_gib", _node("os_disk_gib")),
    Requested(VIRTUAL_MACHINE, "storageProfile.osDisk.managedDisk.storageAccountType", "node.os_disk_sku",
              _node("os_disk_sku")),
    Requested(VIRTUAL_MACHINE, "securityProfile.encryptionAtHost", "node.encryption_at_host", _encryption),
    Requested(VIRTUAL_MACHINE, "storageProfile.imageReference", "node.image", _image),
    Requested(VIRTUAL_MACHINE, "zones", "node.zone", zones),
    Requested(VIRTUAL_MACHINE,
              "osProfile.linuxConfiguration.patchSettings.automaticByPlatformSettings"
              ".bypassPlatformSafetyChecksOnUserSchedule", "node.maintenance.start", _on_schedule),
    Requested(VIRTUAL_MACHINE, "osProfile.adminUsername", "prefix and code", _administrator),
    Requested(VIRTUAL_MACHINE, "osProfile.linuxConfiguration.ssh.publicKeys", "ssh_public_key", _ssh_keys),
)  # fmt: skip

NAMES: Mapping[ResourceType, tuple[str, ...]] = {VIRTUAL_MACHINE: ("virtual_machine",)}
INNER_NAMES: tuple[tuple[ResourceType, str, str], ...] = (
    (VIRTUAL_MACHINE, "storageProfile.osDisk.name", "os_disk"),
    (VIRTUAL_MACHINE, "osProfile.computerName", "virtual_machine"),
)

IGNORED: Mapping[ResourceType, tuple[str, ...]] = {
    # A change replaces the machine, and with it the cluster; `pulumi up --replace` asks for it. Patch settings do not.
    VIRTUAL_MACHINE: (
        "osProfile.adminUsername",
        "osProfile.computerName",
        "osProfile.linuxConfiguration.ssh",
        "storageProfile.imageReference",
    ),
}

KINDS: Mapping[tuple[ResourceType, str], ResourceType] = {
    (VIRTUAL_MACHINE, "identity.userAssignedIdentities.*"): USER_ASSIGNED_IDENTITY,
    (VIRTUAL_MACHINE, "networkProfile.networkInterfaces.*.id"): NETWORK_INTERFACE,
}
