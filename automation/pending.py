"""What a killed or cut-off run leaves in doubt: creates of which nobody knows whether Azure has done them.

azure-native refuses to create what exists, so `up` alone would fail for ever (pulumi-field-notes §1.1). Each create in
doubt is put into the state as if it had succeeded; the refresh that must follow drops what is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from automation.operations import name_of
from rehearsal.azure.shapes import UnknownTypeError, is_arm, shape_of

_IN_THE_STATE_ONLY = ("pulumi", "tls", "random")
"""Packages whose resources exist nowhere but in the stack's state."""

State = dict[str, Any]
"""The `deployment` of `pulumi stack export`."""


@dataclass
class Settled:
    """A state in which nothing is pending any more."""

    deployment: State
    doubtful: list[str] = field(default_factory=list)
    """URNs to be looked for by a refresh."""
    forgotten: list[str] = field(default_factory=list)
    """URNs whose create left nothing behind, as they live in the state only (keys, certificates, providers)."""
    interrupted: dict[str, str] = field(default_factory=dict)
    """URN -> what else was being done to it; a refresh and the next `up` settle it."""

    @property
    def is_changed(self) -> bool:
        return bool(self.doubtful or self.forgotten or self.interrupted)


def settle(deployment: State, subscription_id: str, cut_off: Iterable[Mapping[str, Any]] = ()) -> Settled:
    """Turn every pending create into a resource with the id that it must have.

    `cut_off`: further creates in doubt, as resources of the state's format; those whose answer never arrived.

    Raises:
        UnknownTypeError: a type of whose resources nobody knows here where they would be.
    """
    settled = Settled({**deployment, "pending_operations": []})
    resources = [dict(resource) for resource in deployment.get("resources") or []]
    pending = deployment.get("pending_operations") or []
    known = {each["urn"] for each in resources if not (each.get("pendingReplacement") or each.get("delete"))}
    unanswered = [{"type": "creating", "resource": each} for each in cut_off if each["urn"] not in known]
    for operation in (*pending, *unanswered):
        resource, urn = operation["resource"], operation["resource"]["urn"]
        if operation["type"] != "creating" or urn in known:
            settled.interrupted[urn] = operation["type"]
        elif resource["type"].partition(":")[0] in _IN_THE_STATE_ONLY:
            settled.forgotten.append(urn)
        elif not is_arm(resource["type"]):
            raise UnknownTypeError(
                f"{urn}: its create was cut off, and its id cannot be computed here. Next: look whether it exists, then"
                " `pulumi import` it or `pulumi state edit` the pending operation away"
            )
        else:
            # One that was deleted, to be replaced by this one, is no more; one that is still to be deleted stays.
            resources = [other for other in resources if other["urn"] != urn or other.get("delete")]
            resources.append(_as_created(resource, subscription_id))
            settled.doubtful.append(urn)
    settled.deployment["resources"] = in_order(resources)
    return settled


def _as_created(resource: Mapping[str, Any], subscription_id: str) -> dict[str, Any]:
    """Without outputs the provider reads it as for an import.

    Until that read has been done an `up` writes it, as it does whatever was never ready: by PUT, which creates as well.
    """
    arm_id = shape_of(resource["type"]).path(resource["inputs"], subscription_id)
    return {**resource, "id": arm_id, "outputs": {}, "initErrors": ["the create was cut off"]}


def mark_unready(refreshed: State, settled: Settled) -> bool:
    """Undo what a refresh has made of resources that were not ready; whether there were any.

    It takes whatever exists for finished, and inputs for what Azure says: those that are ignored would stay so.
    """
    before = {resource["urn"]: resource for resource in settled.deployment["resources"] if resource.get("initErrors")}
    unready = [resource for resource in refreshed.get("resources") or [] if resource["urn"] in before]
    for resource in unready:
        resource["initErrors"] = before[resource["urn"]]["initErrors"]
        if resource["urn"] in settled.doubtful:
            resource["inputs"] = before[resource["urn"]]["inputs"]
    return bool(unready)


def in_order(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each resource after all that it depends on, else in the order given; the engine refuses another order."""
    by_urn: dict[str, list[dict[str, Any]]] = {}
    for resource in resources:
        by_urn.setdefault(resource["urn"], []).append(resource)
    ordered: list[dict[str, Any]] = []
    placed: set[str] = set()

    def place(urn: str) -> None:
        if urn in placed:
            return
        placed.add(urn)
        for resource in by_urn.get(urn, ()):
            for needed in _needs(resource):
                place(needed)
        ordered.extend(by_urn.get(urn, ()))

    for resource in resources:
        place(resource["urn"])
    return ordered


def _needs(resource: Mapping[str, Any]) -> list[str]:
    """URNs that must stand before the resource."""
    by_property = [urn for urns in (resource.get("propertyDependencies") or {}).values() for urn in urns or ()]
    provider = resource.get("provider", "").rpartition("::")[0]
    named = [resource.get("parent", ""), provider, resource.get("deletedWith", ""), *resource.get("replaceWith", ())]
    return [urn for urn in (*named, *resource.get("dependencies", ()), *by_property) if urn]


def told(settled: Settled, gone: Iterable[str]) -> list[str]:
    """What was done about each, in words; `gone`: URNs that the refresh has not found."""
    gone = set(gone)
    lines = [
        f"{name_of(urn)}: its create was cut off and Azure does not have it; it is created anew"
        if urn in gone
        else f"{name_of(urn)}: its create was cut off after Azure had taken it; it is in the stack now"
        for urn in settled.doubtful
    ]
    lines += [f"{name_of(urn)}: its create was cut off; it leaves nothing behind" for urn in settled.forgotten]
    return lines + [f"{name_of(urn)}: cut off while {what}; read anew" for urn, what in settled.interrupted.items()]
