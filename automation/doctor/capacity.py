"""Checks of room for the nodes: sizes and zones that the subscription may use, and vCPU quotas."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from automation.doctor.check import Finding, of
from automation.doctor.context import Context
from automation.doctor.names import own_groups
from settings import Cluster
from settings.regions import normalised
from settings.sizing import VM_SIZES

Sku = Mapping[str, Any]
_MOST_NAMED = 5
_REGIONAL = "cores"
"""Azure's name of the quota over all families of a region."""


def skus_of(context: Context, location: str) -> Mapping[str, Sku]:
    """Every VM size of the region by name, those included that the subscription may not use.

    Raises:
        NoAnswerError: Azure does not say.
    """
    found = context.tools.az(
        *("vm", "list-skus", "--subscription", context.subscription_id(), "--location", location),
        *("--resource-type", "virtualMachines", "--all"),
    )
    return {one["name"]: one for one in found}


def look_at_sizes(context: Context) -> Finding:
    """Whether each node's size is offered in its region and zone."""
    problems, mend = [], []
    for cluster in context.settings.clusters.values():
        skus = skus_of(context, cluster.location)
        problem = why_not(skus.get(cluster.node.vm_size), cluster.location, cluster.node.zone)
        if problem:
            problems.append(f"{cluster.name}: {cluster.node.vm_size} {problem} in {_place(cluster)}")
            mend.append(_other_choices(context, cluster, skus))
    if problems:
        return Finding("failed", "\n".join(problems), "\n".join(mend))
    return Finding(
        "ok", ", ".join(f"{one.node.vm_size} in {_place(one)}" for one in context.settings.clusters.values())
    )


def _place(cluster: Cluster) -> str:
    return f"{cluster.location}, zone {cluster.node.zone}" if cluster.node.zone else cluster.location


def why_not(sku: Sku | None, location: str, zone: str | None) -> str:
    """Why the size cannot be had there; empty if it can."""
    if sku is None:
        return "is not offered"
    for restriction in sku.get("restrictions") or ():
        if restriction["type"] == "Location" and normalised(location) in map(normalised, _places(restriction)):
            return f"may not be used ({restriction['reasonCode']})"
    return "" if zone is None or zone in zones_of(sku, location) else "is not offered"


def _places(restriction: Mapping[str, Any]) -> Iterable[str]:
    places: Iterable[str] = (
        (restriction.get("restrictionInfo") or {}).get("locations") or restriction.get("values") or ()
    )
    return places


def zones_of(sku: Sku, location: str) -> set[str]:
    """The zones in which the subscription may use the size."""
    offered = {
        zone
        for one in sku.get("locationInfo") or ()
        if normalised(one["location"]) == normalised(location)
        for zone in one.get("zones") or ()
        if zone.isdigit()  # it may go into the settings
    }
    refused = {
        zone
        for one in sku.get("restrictions") or ()
        if one["type"] == "Zone"
        for zone in (one.get("restrictionInfo") or {}).get("zones") or ()
    }
    return offered - refused


def _other_choices(context: Context, cluster: Cluster, skus: Mapping[str, Sku]) -> str:
    """Another zone for the size, or sizes no smaller in the same place; for the settings."""
    node, where = cluster.node, f"in {context.file}, clusters.{cluster.name}.node"
    sku = skus.get(node.vm_size)
    zones = sorted(zones_of(sku, cluster.location)) if sku and not why_not(sku, cluster.location, None) else []
    if zones:
        return f'zone: "{zones[0]}"  # {where}; {node.vm_size} is offered in zones {", ".join(zones)}'
    wanted = VM_SIZES[node.vm_size]
    fit = [
        name
        for name, size in sorted(VM_SIZES.items(), key=lambda one: (one[1].cpus, one[1].memory_gib))
        if size.cpus >= wanted.cpus and size.memory_gib >= wanted.memory_gib
        if not why_not(skus.get(name), cluster.location, node.zone)
    ]
    if not fit:
        return f"location: <another region>  # in {context.file}, clusters.{cluster.name}; no size fits here"
    return f"vm_size: {fit[0]}  # {where}; offered: {', '.join(fit[:_MOST_NAMED])}"


@dataclass(frozen=True)
class Room:
    """What a quota of a region has, and what the stack still needs of it, in vCPUs."""

    quota: str
    location: str
    needed: int
    used: int = 0
    limit: int | None = None
    """None: Azure lists no such quota."""
    title: str = ""

    def __str__(self) -> str:
        state = "no such quota is listed" if self.limit is None else f"{self.used} of {self.limit} in use"
        return f"{self.title or self.quota} in {self.location}: {self.needed} needed, {state}"


def look_at_quota(context: Context) -> Finding:
    """Whether the quotas have room for the nodes that are still to be created, all of a region together.

    A cluster whose resource group this stack has made counts as created.
    """
    subscription = context.subscription_id()
    there = own_groups(context)
    clusters = [one for one in context.settings.clusters.values() if one.names.resource_group.lower() not in there]
    locations = list(dict.fromkeys(one.location for one in clusters))
    rooms = [room for location in locations for room in _rooms(context, clusters, location)]
    tight = [room for room in rooms if room.limit is not None and room.used + room.needed > room.limit]
    if tight:
        more = [_more_quota(subscription, room) for room in tight]
        return Finding("failed", "\n".join(map(str, tight)), "\n".join(["az extension add --name quota", *more]))
    unlisted = [str(room) for room in rooms if room.limit is None]
    list_usage = f"az vm list-usage --subscription {shlex.quote(subscription)} --location"
    look = "\n".join(f"{list_usage} {shlex.quote(location)} --output table" for location in locations)
    return of(unlisted, "\n".join(map(str, rooms)) or "no node is to be created", look, "warning")


def _rooms(context: Context, clusters: Iterable[Cluster], location: str) -> list[Room]:
    needed = vcpus_needed((one for one in clusters if one.location == location), skus_of(context, location))
    usage = context.tools.az("vm", "list-usage", "--subscription", context.subscription_id(), "--location", location)
    listed = {one["name"]["value"].lower(): one for one in usage}
    return [_room(quota, location, count, listed.get(quota.lower())) for quota, count in needed.items()]


def _room(quota: str, location: str, needed: int, usage: Mapping[str, Any] | None) -> Room:
    if usage is None:
        return Room(quota, location, needed)
    # az writes the numbers as text.
    used, limit = int(usage["currentValue"]), int(usage["limit"])
    return Room(quota, location, needed, used, limit, usage["name"]["localizedValue"])


def vcpus_needed(clusters: Iterable[Cluster], skus: Mapping[str, Sku]) -> Counter[str]:
    """Quota -> vCPUs; a size that is not offered is left to the check of sizes."""
    needed: Counter[str] = Counter()
    for cluster in clusters:
        if sku := skus.get(cluster.node.vm_size):
            count = next(int(one["value"]) for one in sku["capabilities"] if one["name"] == "vCPUs")
            needed[_REGIONAL] += count
            needed[sku["family"]] += count
    return needed


def _more_quota(subscription: str, room: Room) -> str:
    scope = f"/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{room.location}"
    return (
        f"az quota update --resource-name {shlex.quote(room.quota)} --scope {shlex.quote(scope)}"
        f" --limit-object value={room.used + room.needed} --resource-type dedicated"
    )
