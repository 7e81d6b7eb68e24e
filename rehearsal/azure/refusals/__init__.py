"""What Azure refuses: one table, with the source of each rule. The first refusal is the answer.

What a write brings about beside the resource (peering states, soft delete, connected clusters) is in `effects`.
"""

from __future__ import annotations

from dataclasses import dataclass

from arm.types import BY_ARM_TYPE
from rehearsal.azure.refusals import access, clusters, existence, maintenance, network, quotas
from rehearsal.azure.state import AzureState, Call, Check

PUT, DELETE = "put", "delete"


@dataclass(frozen=True)
class WorldRule:
    """One reason to refuse a write; `on` are the operations that it is about."""

    id: str
    title: str
    source: str
    check: Check
    on: tuple[str, ...] = (PUT,)


_ARM = "learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors"
_ARC = "learn.microsoft.com/azure/azure-arc/kubernetes"
_AIO = "learn.microsoft.com/azure/iot-operations"
_RUNNING = "pulumi/pulumi-azure-native#903; text in Azure/azure-rest-api-specs#7984"
_VNET = "learn.microsoft.com/azure/virtual-network/virtual-network-troubleshoot-peering-issues"
_VCPUS = "learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-resource-quota"
_VAULT = "learn.microsoft.com/azure/key-vault/general/soft-delete-overview"

_RULES = (
    WorldRule("WORLD-01", "A resource group exists before what is in it", _ARM, existence.resource_group),
    WorldRule("WORLD-02", "A parent exists before its children, a scope before what extends it", _ARM,
              existence.parent),
    WorldRule("WORLD-03", "Bodies have the form that Azure asks for", "Azure/azure-resource-manager-schemas",
              existence.body_form),
    WorldRule("WORLD-04", "Every ARM id in a body leads to something", _ARM, existence.references),
    WorldRule("WORLD-05", "Global names are not taken, by us or by somebody else", _ARM, existence.global_names),
    WorldRule("WORLD-06", "What cannot be changed stays as it is", "arm/types/", existence.immutable),
    WorldRule("WORLD-07", "What is in use is not deleted", f"codes of Microsoft.Network in {_ARM}",
              existence.in_use, (DELETE,)),
    WorldRule("WORLD-08", "Children of a VNet, and credentials of an identity, are written one at a time",
              "pulumi/pulumi-azure-native#903, #4343", network.one_at_a_time, (PUT, DELETE)),
    WorldRule("WORLD-09", "A peering refers to a VNet that is ready", "pulumi/pulumi-azure-native#4340",
              network.remote_is_ready),
    WorldRule("WORLD-10", "Peered address spaces do not overlap",
              "learn.microsoft.com/azure/virtual-network/virtual-network-manage-peering", network.no_overlap),
    WorldRule("WORLD-11", "A VNet has one peering to another", "Azure/bicep-registry-modules#3386",
              network.one_peering_each),
    WorldRule("WORLD-12", "No peering to a half that is Disconnected", _VNET, network.other_half_is_connected),
    WorldRule("WORLD-13", "A subnet lies in its VNet, beside its siblings", _ARM, network.subnet_fits),
    WorldRule("WORLD-14", "A deleted vault blocks its name until it is purged", _VAULT, access.vault_name_is_free),
    WorldRule("WORLD-15", "Purge protection is never switched off", _VAULT, access.purge_protection_stays),
    WorldRule("WORLD-16", "A deleted vault secret blocks its name until it is purged", _VAULT,
              access.secret_name_is_free),
    WorldRule("WORLD-17", "ARM does not delete vault secrets", "Azure/terraform-provider-azapi#879",
              access.secret_is_not_deleted, (DELETE,)),
    WorldRule("WORLD-18", "One role assignment for each scope, role and principal", "Azure/azure-cli#8599",
              access.role_is_new),
    WorldRule("WORLD-19", "The name of a role assignment is used at one scope",
              "learn.microsoft.com/azure/role-based-access-control/troubleshooting", access.role_name_is_free),
    WorldRule("WORLD-20", "A fresh principal needs principalType", "Azure/avdaccelerator#99",
              access.principal_is_known),
    WorldRule("WORLD-22", "Issuer and subject are unique among an identity's credentials",
              "learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations",
              access.credential_is_unique),
    WorldRule("WORLD-23", "The region has vCPUs left", _VCPUS, quotas.vcpus_per_region),
    WorldRule("WORLD-25", "A Run Command needs its VM running", "the VM's agent runs the script", network.node_runs),
    WorldRule("WORLD-26", "A custom location is made of extensions of its host", f"{_ARC}/custom-locations",
              clusters.extensions_of_host),
    WorldRule("WORLD-27", "The extensions of a custom location are installed", f"{_ARC}/custom-locations",
              clusters.extension_is_ready),
    WorldRule("WORLD-28", "An installed extension serves the type in this API version",
              f"{_AIO}/troubleshoot/troubleshoot (MissingResourceVersionOnHost)", clusters.served_by_extension),
    WorldRule("WORLD-29", "What is installed or removed on a cluster finds its node; an extension goes"
              " without it by forceDelete, and then the connected cluster",
              f"{_ARC}/conceptual-extensions: the cluster's agents do it; {_ARC}/quickstart-connect-cluster;"
              " Azure/azure-rest-api-specs, Extensions_Delete", clusters.node_is_there, (PUT, DELETE)),
    WorldRule("WORLD-30", "One AIO instance per cluster and per resource group",
              f"{_AIO}/deploy-iot-ops/howto-prepare-cluster", clusters.one_instance),
    WorldRule("WORLD-31", "One listener per service type, each port once",
              f"{_AIO}/manage-mqtt-broker/howto-configure-brokerlistener", clusters.listeners_are_apart),
    WorldRule("WORLD-33", "What is still being created or updated is neither written nor deleted",
              _RUNNING, existence.not_running, (PUT, DELETE)),
    WorldRule("WORLD-34", "Nothing is put below what is still being created or updated",
              _RUNNING, existence.parent_not_running),
    WorldRule("WORLD-42", "Encryption at host changes on a stopped VM alone",
              "hashicorp/terraform-provider-azurerm, internal/services/compute/linux_virtual_machine_resource.go: the"
              " API's words; learn.microsoft.com/azure/virtual-machines/disks-enable-host-based-encryption-portal",
              network.encryption_is_kept_while_running),
    WorldRule("WORLD-43", "A node starts from an image that its gallery has in the region",
              "learn.microsoft.com/troubleshoot/azure/virtual-machines/troubleshooting-shared-images",
              existence.image_is_in_region),
    WorldRule("WORLD-44", "A VM in a maintenance window is patched by schedule alone",
              "learn.microsoft.com/azure/update-manager/prerequsite-for-schedule-patching",
              maintenance.vm_takes_schedules),
    WorldRule("WORLD-41", "The region has vCPUs of the VM family left", _VCPUS, quotas.vcpus_per_family),
)  # fmt: skip
_QUOTAS = [
    WorldRule(row.quota.rule, row.quota.title, row.quota.source, quotas.quota_is_kept(row, row.quota))
    for row in BY_ARM_TYPE.values()
    if row.quota
]
WORLD_RULES: tuple[WorldRule, ...] = tuple(sorted([*_RULES, *_QUOTAS], key=lambda rule: rule.id))
"""Every refusal; ids are stable."""


def refuse(state: AzureState, call: Call) -> None:
    """Raise the first refusal of this call, if there is one.

    Raises:
        ArmError: what Azure would answer.
    """
    for rule in WORLD_RULES:
        if call.operation in rule.on:
            for error in rule.check(state, call):
                raise error
