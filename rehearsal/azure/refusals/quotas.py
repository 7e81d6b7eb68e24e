"""How many of a kind Azure allows: the limits that one deployment of many clusters can meet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from arm import ids
from arm.types import BY_ARM_TYPE, ResourceType
from arm.types.compute import VIRTUAL_MACHINE
from arm.types.resource_type import Quota
from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import ArmError, refused
from rehearsal.azure.state import AzureState, Call, Check

_T = TypeVar("_T")


QUOTAS: Mapping[str, Quota] = {row.quota.name: row.quota for row in BY_ARM_TYPE.values() if row.quota}
"""By name; `Surroundings.quotas` sets other limits."""


def quota_is_kept(row: ResourceType, quota: Quota) -> Check:
    """Refuse one more than the limit; updates are none more."""

    def check(state: AzureState, call: Call) -> Iterator[ArmError]:
        if call.row is not row or not call.is_new:
            return
        limit = state.surroundings.quotas.get(quota.name, quota.limit)
        if sum(_same_place(quota, other, call) for other in state.of_type(row)) >= limit:
            yield refused(
                quota.refusal,
                limit=limit,
                name=call.name,
                parent=ids.parent_of(call.arm_id),
                region=call.inputs.get("location"),
                subscription=state.surroundings.subscription_id,
            )

    return check


def _same_place(quota: Quota, other: Entry, call: Call) -> bool:
    if quota.per == "parent":
        return ids.key(ids.parent_of(other.id)) == ids.key(ids.parent_of(call.arm_id))
    return quota.per == "subscription" or ids.same_place(_location(other.inputs), _location(call.inputs))


def vcpus_per_region(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a new or larger VM for which the region has no vCPUs left."""
    limit = _of_region(state.surroundings.vcpu_quota, call)
    return _enough_vcpus(state, call, "Total Regional", limit, lambda _: True)


def vcpus_per_family(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse a new or larger VM for whose family the region has no vCPUs left; each family has a quota."""
    name = family(call.inputs)
    limits = _of_region(state.surroundings.family_quota, call) or {}
    limit = next((limit for other, limit in limits.items() if other.lower() == name.lower()), None)
    return _enough_vcpus(state, call, name, limit, lambda vm: family(vm.inputs) == name)


def _enough_vcpus(
    state: AzureState, call: Call, name: str, limit: int | None, counts: Callable[[Entry], bool]
) -> Iterator[ArmError]:
    if call.row is not VIRTUAL_MACHINE or limit is None:
        return
    location, needed = _location(call.inputs), vcpus(call.inputs)
    used = sum(
        vcpus(vm.inputs)
        for vm in state.of_type(VIRTUAL_MACHINE)
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
    """Return the vCPUs of a VM, from its size: Standard_D8s_v5 has 8."""
    size = _size(vm)
    return int(size[2]) if size else 0


def family(vm: Mapping[str, Any]) -> str:
    """Return the VM family, from the size: Standard_D8s_v5 is of standardDSv5Family. Some old ones differ."""
    size = _size(vm)
    return f"standard{size[1]}{size[3].upper()}{size[4] or ''}Family" if size else ""


def _size(vm: Mapping[str, Any]) -> re.Match[str] | None:
    return _SIZE.match(str(ids.at(vm, "hardwareProfile.vmSize")))
