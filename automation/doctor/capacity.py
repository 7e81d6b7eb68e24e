"""Check the room for the nodes: sizes and zones that the subscription may use, and vCPU quotas."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from automation.check import Diagnosis, diagnose
from automation.doctor.context import Context
from automation.doctor.names import find_own_groups
from settings import Cluster
from settings.regions import normalised
from settings.schema import NodeSection
from settings.vm_sizes import VM_SIZES

Sku = Mapping[str, Any]
_MOST_NAMED = 5
_REGIONAL = "cores"
"""Azure's name of the quota over all families of a region."""


def fetch_skus(context: Context, location: str) -> Mapping[str, Sku]:
    """Return every VM size of the region by name, those included that the subscription may not use.

    Raises:
        NoAnswerError: Azure does not say.
    """
    found = context.tools.az(
        *("vm", "list-skus", "--subscription", context.subscription_id(), "--location", location),
        *("--resource-type", "virtualMachines", "--all"),
    )
    return {one["name"]: one for one in found}


def check_sizes(context: Context) -> Diagnosis:
    """Check that each node's size is offered in its region and zone."""
    problems, mend = [], []
    nodes = list_nodes(context)
    for cluster, node in nodes:
        skus = fetch_skus(context, cluster.location)
        problem = find_restriction(skus.get(node.vm_size), cluster.location, node.zone)
        if problem:
            problems.append(f"{cluster.name}: {node.vm_size} {problem} in {_place(cluster, node)}")
            mend.append(_suggest_choice(context, cluster, node, skus))
    if problems:
        return Diagnosis("failed", "\n".join(problems), "\n".join(mend))
    sizes = (f"{node.vm_size} in {_place(cluster, node)}" for cluster, node in nodes)
    return Diagnosis("ok", ", ".join(sizes) or "the stack makes no node")


def list_nodes(context: Context) -> list[tuple[Cluster, NodeSection]]:
    """Return the clusters whose nodes are machines of the stack, with each node."""
    clusters = [one for one in context.settings.clusters.values() if one.node and not one.machine]
    return [
        (cluster, node) for cluster in clusters for node in (cluster.node, *(one.node for one in cluster.nodes)) if node
    ]


def _place(cluster: Cluster, node: NodeSection) -> str:
    return f"{cluster.location}, zone {node.zone}" if node.zone else cluster.location


def find_restriction(sku: Sku | None, location: str, zone: str | None) -> str:
    """Return why the size cannot be had there; empty if it can."""
    if sku is None:
        return "is not offered"
    for restriction in sku.get("restrictions") or ():
        if restriction["type"] == "Location" and normalised(location) in map(normalised, _locations(restriction)):
            return f"may not be used ({restriction['reasonCode']})"
    return "" if zone is None or zone in find_zones(sku, location) else "is not offered"


def _locations(restriction: Mapping[str, Any]) -> list[str]:
    return [*((restriction.get("restrictionInfo") or {}).get("locations") or restriction.get("values") or ())]


def find_zones(sku: Sku, location: str) -> set[str]:
    """Return the zones in which the subscription may use the size."""
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


def _suggest_choice(context: Context, cluster: Cluster, node: NodeSection, skus: Mapping[str, Sku]) -> str:
    """Return the line for the settings with another zone, or with sizes no smaller in the same place."""
    where = f"in {context.file}, clusters.{cluster.name}.node"
    sku = skus.get(node.vm_size)
    is_offered = not find_restriction(sku, cluster.location, None)
    if sku and is_offered and (zones := sorted(find_zones(sku, cluster.location))):
        return f'zone: "{zones[0]}"  # {where}; {node.vm_size} is offered in zones {", ".join(zones)}'
    expected = VM_SIZES[node.vm_size]
    fit = [
        name
        for name, size in sorted(VM_SIZES.items(), key=lambda one: (one[1].cpus, one[1].memory_gib))
        if size.cpus >= expected.cpus and size.memory_gib >= expected.memory_gib
        if not find_restriction(skus.get(name), cluster.location, node.zone)
    ]
    if not fit:
        return f"location: <another region>  # in {context.file}, clusters.{cluster.name}; no size fits here"
    return f"vm_size: {fit[0]}  # {where}; offered: {', '.join(fit[:_MOST_NAMED])}"


@dataclass(frozen=True)
class QuotaNeed:
    """What the stack still needs of a quota of a region, and what that quota has, in vCPUs."""

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


def check_quota(context: Context) -> Diagnosis:
    """Check that the quotas have room for the nodes that are still to be created, all of a region together.

    A cluster whose resource group this stack has made counts as created.
    """
    subscription = context.subscription_id()
    created = find_own_groups(context)
    nodes = [one for one in list_nodes(context) if one[0].names.resource_group.lower() not in created]
    locations = list(dict.fromkeys(cluster.location for cluster, _ in nodes))
    needs = [need for location in locations for need in _quota_needs(context, nodes, location)]
    tight = [need for need in needs if need.limit is not None and need.used + need.needed > need.limit]
    if tight:
        more = [_quota_update(subscription, need) for need in tight]
        return Diagnosis("failed", "\n".join(map(str, tight)), "\n".join(["az extension add --name quota", *more]))
    unlisted = [str(need) for need in needs if need.limit is None]
    list_usage = f"az vm list-usage --subscription {shlex.quote(subscription)} --location"
    show = "\n".join(f"{list_usage} {shlex.quote(location)} --output table" for location in locations)
    return diagnose(unlisted, "\n".join(map(str, needs)) or "no node is to be created", show, "warning")


def _quota_needs(context: Context, nodes: Iterable[tuple[Cluster, NodeSection]], location: str) -> list[QuotaNeed]:
    here = [node for cluster, node in nodes if cluster.location == location]
    needed = count_vcpus(here, fetch_skus(context, location))
    usage = context.tools.az("vm", "list-usage", "--subscription", context.subscription_id(), "--location", location)
    listed = {one["name"]["value"].lower(): one for one in usage}
    return [_quota_need(quota, location, count, listed.get(quota.lower())) for quota, count in needed.items()]


def _quota_need(quota: str, location: str, needed: int, usage: Mapping[str, Any] | None) -> QuotaNeed:
    if usage is None:
        return QuotaNeed(quota, location, needed)
    # az writes the numbers as text.
    used, limit = int(usage["currentValue"]), int(usage["limit"])
    return QuotaNeed(quota, location, needed, used, limit, usage["name"]["localizedValue"])


def count_vcpus(nodes: Iterable[NodeSection], skus: Mapping[str, Sku]) -> Counter[str]:
    """Return the vCPUs needed of each quota; a size that is not offered is left to the check of sizes."""
    needed: Counter[str] = Counter()
    for node in nodes:
        if sku := skus.get(node.vm_size):
            count = next(int(one["value"]) for one in sku["capabilities"] if one["name"] == "vCPUs")
            needed[_REGIONAL] += count
            needed[sku["family"]] += count
    return needed


def _quota_update(subscription: str, need: QuotaNeed) -> str:
    scope = f"/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{need.location}"
    return (
        f"az quota update --resource-name {shlex.quote(need.quota)} --scope {shlex.quote(scope)}"
        f" --limit-object value={need.used + need.needed} --resource-type dedicated"
    )
