"""The nodes: Ubuntu VMs, reachable by nobody but the linked clusters and Azure's own agent."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import compute, managedidentity, network

from components.context import StampContext
from settings.cluster_names import ClusterNames, NodeNames
from settings.hosts import FurtherNode
from settings.schema import NodeSection

_UBUNTU = compute.ImageReferenceArgs(
    publisher="Canonical", offer="ubuntu-24_04-lts", sku="server", version="latest"
)  # fmt: skip

_FOR_GOOD = (
    "osProfile.adminUsername",
    "osProfile.computerName",
    "osProfile.linuxConfiguration.ssh",
    "storageProfile.imageReference",
)


def create_node(
    context: StampContext,
    node: NodeSection,
    network_interface: network.NetworkInterface,
    arc_identity: managedidentity.UserAssignedIdentity,
) -> compute.VirtualMachine:
    """Create the first VM; nothing is installed on it yet."""
    identity = compute.VirtualMachineIdentityArgs(
        type=compute.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[arc_identity.id]
    )
    return _create_vm(context, "", context.names, context.names.virtual_machine, node, network_interface, identity)


def create_further_node(
    context: StampContext,
    node: FurtherNode,
    network_interface: network.NetworkInterface,
    first: compute.VirtualMachine,
) -> compute.VirtualMachine:
    """Create another VM: replaced with the first, with whose successor a new cluster begins."""
    vm_name = context.bind(node.names.virtual_machine, first.id)
    return _create_vm(context, node.name, node.names, vm_name, node.node, network_interface, None)


def _create_vm(
    context: StampContext,
    name: str,
    names: ClusterNames | NodeNames,
    vm_name: pulumi.Input[str],
    node: NodeSection,
    network_interface: network.NetworkInterface,
    identity: compute.VirtualMachineIdentityArgs | None,
) -> compute.VirtualMachine:
    return compute.VirtualMachine(
        context.node_name("node", name),
        resource_group_name=context.group.name,
        vm_name=vm_name,
        location=context.cluster.location,
        tags=context.tags,
        zones=[node.zone] if node.zone else None,
        hardware_profile=compute.HardwareProfileArgs(vm_size=node.vm_size),
        identity=identity,
        network_profile=compute.NetworkProfileArgs(
            network_interfaces=[
                compute.NetworkInterfaceReferenceArgs(id=network_interface.id, primary=True, delete_option="Detach")
            ]
        ),
        security_profile=compute.SecurityProfileArgs(
            security_type="TrustedLaunch",
            # False too is refused in a subscription without the feature (Azure/bicep-registry-modules#2374).
            encryption_at_host=True if node.encryption_at_host else None,
            uefi_settings=compute.UefiSettingsArgs(secure_boot_enabled=True, v_tpm_enabled=True),
        ),
        storage_profile=compute.StorageProfileArgs(
            image_reference=compute.ImageReferenceArgs(id=node.image) if node.image else _UBUNTU,
            os_disk=compute.OSDiskArgs(
                name=names.os_disk,
                create_option="FromImage",
                caching=compute.CachingTypes.READ_WRITE,
                disk_size_gb=node.os_disk_gib,
                delete_option="Delete",
                managed_disk=compute.ManagedDiskParametersArgs(storage_account_type=node.os_disk_sku),
            ),
        ),
        os_profile=compute.OSProfileArgs(
            computer_name=names.virtual_machine,
            admin_username=context.cluster.admin_username,
            allow_extension_operations=True,
            linux_configuration=compute.LinuxConfigurationArgs(
                disable_password_authentication=True,
                provision_vm_agent=True,
                patch_settings=_patch_settings(node),
                ssh=compute.SshConfigurationArgs(
                    public_keys=[
                        compute.SshPublicKeyArgs(
                            path=f"/home/{context.cluster.admin_username}/.ssh/authorized_keys",
                            key_data=context.settings.tenant.ssh_public_key,
                        )
                    ]
                ),
            ),
        ),
        # Azure refuses to change these. Replacing a node empties the cluster, so it must be asked for:
        # `pulumi up --replace <urn>`.
        opts=context.options(protect=context.settings.protection.protect, ignore_changes=_FOR_GOOD),
    )


def _patch_settings(node: NodeSection) -> compute.LinuxPatchSettingsArgs:
    """Let Azure patch: in the maintenance window alone, where there is one, else when it likes and without reboots."""
    return compute.LinuxPatchSettingsArgs(
        patch_mode="AutomaticByPlatform",
        assessment_mode="AutomaticByPlatform",
        automatic_by_platform_settings=compute.LinuxVMGuestPatchAutomaticByPlatformSettingsArgs(
            # A broker on a single node: reboots belong in a maintenance window.
            reboot_setting="Never",
            # https://learn.microsoft.com/azure/update-manager/prerequsite-for-schedule-patching
            bypass_platform_safety_checks_on_user_schedule=True if node.maintenance.start else None,
        ),
    )
