"""How many of a kind Azure allows: the limits that one deployment of many clusters can meet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from arm import ids
from rehearsal.azure.errors import ArmError
from rehearsal.azure.refusals.access import CREDENTIAL, ROLE
from rehearsal.azure.refusals.clusters import DATAFLOW
from rehearsal.azure.refusals.network import PEERING, RUN_COMMAND, VM, VNET
from rehearsal.azure.state import Call, Entry, State

_T = TypeVar("_T")
_LIMITS = "learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits"


@dataclass(frozen=True)
class Quota:
    """At most `limit` resources of a type in each subscription, in each region of it, or below each parent.

    `place` is what people call that. `text` may use limit, name, parent, region and subscription.
    """

    name: str
    type: str
    per: Literal["subscription", "region", "parent"]
    place: str
    limit: int
    status: int
    code: str
    text: str
    source: str

    @property
    def title(self) -> str:
        return f"At most {self.limit:,} {self.name} per {self.place}"

    def check(self, state: State, call: Call) -> Iterator[ArmError]:
        """Refuse one more than the limit; updates are none more."""
        if call.type != self.type or not call.is_new:
            return
        limit = state.surroundings.quotas.get(self.name, self.limit)
        if sum(self._same_place(other, call) for other in state.of_type(self.type)) >= limit:
            text = self.text.format(
                limit=limit,
                name=call.name,
                parent=ids.parent_of(call.arm_id),
                region=call.inputs.get("location"),
                subscription=state.surroundings.subscription_id,
            )
            yield ArmError(self.status, self.code, text)

    def _same_place(self, other: Entry, call: Call) -> bool:
        if self.per == "parent":
            return ids.key(ids.parent_of(other.id)) == ids.key(ids.parent_of(call.arm_id))
        return self.per == "subscription" or ids.same_place(_location(other.inputs), _location(call.inputs))


# Where Microsoft documents no code, or no text, for a limit, they are ours: federated credentials, Run Commands,
# dataflows and peerings.
_QUOTAS = (
    Quota(
        "federated credentials", CREDENTIAL, "parent", "identity", 20, 400, "BadRequest",
        "Too many federated identity credentials: a maximum of {limit} can be added to {parent}.",
        "field-review §3.18",
    ),
    Quota(
        "Run Commands", RUN_COMMAND, "parent", "VM", 25, 400, "BadRequest",
        "The maximum number of Run Commands ({limit}) of {parent} is reached.",
        "learn.microsoft.com/azure/virtual-machines/linux/run-command-managed",
    ),
    Quota(
        "dataflows", DATAFLOW, "parent", "dataflow profile", 70, 400, "ValidationError",
        "Profile {parent} has {limit} dataflows, which is its limit.",
        "field-review §3.11",
    ),
    Quota(
        "role assignments", ROLE, "subscription", "subscription", 4000, 400, "RoleAssignmentLimitExceeded",
        "No more role assignments can be created",
        "learn.microsoft.com/azure/role-based-access-control/troubleshoot-limits",
    ),
    Quota(
        "peerings", PEERING, "parent", "VNet", 500, 400, "PeeringLimitReached",
        "Cannot create more than {limit} peerings of virtual network {parent}.",
        f"field-review §6; {_LIMITS}",
    ),
    Quota(
        "VNets", VNET, "region", "region", 1000, 400, "VnetCountLimitReached",
        "Cannot create more than {limit} virtual networks for this subscription in this region.",
        _LIMITS,
    ),
    Quota(
        "public IP addresses", "Microsoft.Network/publicIPAddresses", "region", "region", 1000, 400,
        "PublicIPCountLimitReached",
        "Cannot create more than {limit} public IP addresses for this subscription in this region.",
        f"{_LIMITS}; text in openshift/openshift-azure#2252",
    ),
    Quota(
        "storage accounts", "Microsoft.Storage/storageAccounts", "region", "region", 250, 409,
        "MaxStorageAccountsCountPerSubscriptionExceeded",
        "Subscription {subscription} already contains {limit} storage accounts in location {region} and the maximum"
        " allowed is {limit}.",
        f"{_LIMITS}; code in Azure/azure-sdk-for-cpp#3959",
    ),
    Quota(
        "resource groups", ids.RESOURCE_GROUP, "subscription", "subscription", 980, 409, "ResourceGroupQuotaExceeded",
        "Creating the resource group '{name}' would exceed the quota of '{limit}'. The current resource group count is"
        " '{limit}', please delete some groups before creating a new one.",
        f"{_LIMITS}; text in Azure/azure-sdk-for-js#22953",
    ),
)  # fmt: skip
QUOTAS: Mapping[str, Quota] = {quota.name: quota for quota in _QUOTAS}
"""By name; `Surroundings.quotas` sets other limits."""


def vcpus_per_region(state: State, call: Call) -> Iterator[ArmError]:
    """The region has vCPUs left for a new or larger VM."""
    limit = _of_region(state.surroundings.vcpu_quota, call)
    return _enough_vcpus(state, call, "Total Regional", limit, lambda _: True)


def vcpus_per_family(state: State, call: Call) -> Iterator[ArmError]:
    """The region has vCPUs left for a new or larger VM of this family; each family has a quota of its own."""
    name = family(call.inputs)
    limits = _of_region(state.surroundings.family_quota, call) or {}
    limit = next((limit for other, limit in limits.items() if other.lower() == name.lower()), None)
    return _enough_vcpus(state, call, name, limit, lambda vm: family(vm.inputs) == name)


def _enough_vcpus(
    state: State, call: Call, name: str, limit: int | None, counts: Callable[[Entry], bool]
) -> Iterator[ArmError]:
    if call.type != VM or limit is None:
        return
    location, needed = _location(call.inputs), vcpus(call.inputs)
    used = sum(
        vcpus(vm.inputs)
        for vm in state.of_type(VM)
        if ids.key(vm.id) != ids.key(call.arm_id) and ids.same_place(_location(vm.inputs), location) and counts(vm)
    )
    if used + needed > limit:
        message = (
            f"Operation could not be completed as it results in exceeding approved {name} Cores quota. Additional"
            f" details - Deployment Model: Resource Manager, Location: {location}, Current Limit: {limit}, Current"
            f" Usage: {used}, Additional Required: {needed}, (Minimum) New Limit Required: {used + needed}."
        )
        yield ArmError(409, "OperationNotAllowed", message)


def _of_region(limits: Mapping[str, _T], call: Call) -> _T | None:
    here = _location(call.inputs)
    return next((limit for region, limit in limits.items() if ids.same_place(region, here)), None)


def _location(inputs: Mapping[str, Any]) -> str:
    return str(inputs.get("location", ""))


_SIZE = re.compile(r"Standard_([A-Z]+)(\d+)(?:-\d+)?([a-z]*)(?:_(v\d+))?")


def vcpus(vm: Mapping[str, Any]) -> int:
    """vCPUs of a VM, from its size: Standard_D8s_v5 has 8."""
    size = _size(vm)
    return int(size[2]) if size else 0


def family(vm: Mapping[str, Any]) -> str:
    """The VM family, from the size: Standard_D8s_v5 is of standardDSv5Family. Some old families are named otherwise."""
    size = _size(vm)
    return f"standard{size[1]}{size[3].upper()}{size[4] or ''}Family" if size else ""


def _size(vm: Mapping[str, Any]) -> re.Match[str] | None:
    return _SIZE.match(str(ids.at(vm, "hardwareProfile.vmSize")))
