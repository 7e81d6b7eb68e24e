"""Creates with an unknown outcome: a killed run, or an answer that never arrived, leaves them in doubt.

azure-native refuses to create what exists, so `up` alone would fail for ever. Each create in doubt is put into the
state as if it had succeeded, with a mark, as an import forgets all pending operations (pulumi/pulumi,
pkg/cmd/pulumi/stack/io.go, `SaveSnapshot`); the look that must follow drops what is not there.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from arm.shapes import UnknownTypeError, shape_of
from arm.values import SECRET_MARKER
from automation.deployment.operations import EngineResult
from graph.property_values import SECRET_SIGNATURE, SIGNATURE
from graph.urns import name_of

_IN_THE_STATE_ONLY = ("pulumi", "tls", "random", "command")
"""Packages whose resources exist nowhere but in the stack's state."""

VAULT_SECRET = "$azure-native:keyvault:Secret::"
"""In the URN of one: ARM cannot delete it, so a link that returns finds its earlier ones."""

State = dict[str, Any]
"""The `deployment` of `pulumi stack export`."""


CUT_OFF = "the create was cut off"
"""Marks a resource of which nobody has seen yet that it is as it should be; the engine writes it once more."""
DELETE_CUT_OFF = "the delete was cut off"
"""Marks a resource of which nobody has seen yet whether it is still there."""


class UnsettledError(Exception):
    """What a killed run left cannot be settled here; the text says what to do."""


@dataclass
class Settled:
    """A state in which nothing is pending any more, and what is in doubt is marked."""

    deployment: State
    doubtful: list[str] = field(default_factory=list)
    """URNs to be looked for."""
    forgotten: list[str] = field(default_factory=list)
    """URNs whose create left nothing behind, as they live in the state only (keys, certificates, providers)."""
    interrupted: dict[str, str] = field(default_factory=dict)
    """URN -> what else was being done to it; the next `up` settles it."""

    @property
    def is_changed(self) -> bool:
        return bool(self.doubtful or self.forgotten or self.interrupted)


def settle(deployment: State, subscription_id: str) -> Settled:
    """Turn every pending create into a resource with the id that it must have; one that nobody has looked for is too.

    Raises:
        UnsettledError: of a resource nobody knows here where it would be, or which of two it is.
    """
    settled = Settled({**deployment, "pending_operations": []})
    resources = [dict(resource) for resource in deployment.get("resources") or []]
    known = {each["urn"]: each for each in resources if not (each.get("pendingReplacement") or each.get("delete"))}
    settled.doubtful += [urn for urn, each in known.items() if _is_unseen(each)]
    settled.interrupted |= {urn: "deleting" for urn, each in known.items() if DELETE_CUT_OFF in _marks(each)}
    for operation in deployment.get("pending_operations") or []:
        resource, urn = operation["resource"], operation["resource"]["urn"]
        if operation["type"] != "creating":
            settled.interrupted[urn] = operation["type"]
            if operation["type"] == "deleting" and urn in known:
                known[urn]["initErrors"] = [*_marks(known[urn]), DELETE_CUT_OFF]
        elif resource["type"].partition(":")[0] in _IN_THE_STATE_ONLY:
            settled.forgotten.append(urn)
        else:
            made = _as_created(resource, subscription_id)
            if urn not in known:
                # One that was deleted, to be replaced by this one, is no more; one that is to be deleted yet stays.
                resources = [other for other in resources if other["urn"] != urn or other.get("delete")]
                resources.append(made)
                settled.doubtful.append(urn)
            elif known[urn]["id"].lower() == made["id"].lower():
                settled.interrupted[urn] = operation["type"]
            else:
                raise UnsettledError(_two(urn, known[urn]["id"], made["id"]))
    settled.deployment["resources"] = sort_by_dependency(resources)
    return settled


def find_unanswered_creates(outcome: EngineResult, urns: Collection[str]) -> list[dict[str, Any]]:
    """Those of the creates that were begun; dependencies come with the next `up`, as events do not tell them."""
    return [
        {
            "urn": new.urn,
            "type": new.type,
            "custom": True,
            "parent": new.parent,
            "provider": new.provider,
            "protect": bool(new.protect),
            "retainOnDelete": bool(new.retain_on_delete),
            "inputs": _importable(new.inputs or {}),
        }
        for new in (outcome.creates[urn] for urn in urns if urn in outcome.creates)
    ]


def _importable(value: Any) -> Any:
    """Events hide secrets, also from whoever could decrypt them; the next `up` writes the resource with the right ones.

    (pulumi/pulumi, pkg/display/events.go, `BlindingCrypter`.)
    """
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return {SIGNATURE: SECRET_SIGNATURE, "plaintext": json.dumps(SECRET_MARKER)}
        return {key: _importable(item) for key, item in value.items()}
    return [_importable(item) for item in value] if isinstance(value, list) else value


def add_pending_creates(deployment: State, unanswered: Iterable[Mapping[str, Any]]) -> State:
    """Return the state with further creates in doubt, whose answers never arrived, as if they were still pending."""
    known = {resource["urn"] for resource in deployment.get("resources") or []}
    more = [{"type": "creating", "resource": dict(each)} for each in unanswered if each["urn"] not in known]
    return {**deployment, "pending_operations": [*(deployment.get("pending_operations") or []), *more]}


def _as_created(resource: Mapping[str, Any], subscription_id: str) -> dict[str, Any]:
    """With no outputs yet. An `up` writes it, as it does whatever was never ready: by PUT, which creates as well."""
    try:
        arm_id = shape_of(resource["type"]).path(resource["inputs"], subscription_id)
    except UnknownTypeError:
        raise UnsettledError(
            f"{resource['urn']}: its create was cut off, and its id cannot be computed here. Next: look whether it"
            " exists, then `pulumi import` it or `pulumi state edit` the pending operation away"
        ) from None
    return {**resource, "id": arm_id, "outputs": {}, "initErrors": [CUT_OFF]}


def _marks(resource: Mapping[str, Any]) -> list[str]:
    return list(resource.get("initErrors") or ())


def _without_delete(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a delete that was cut off has left, as it was before."""
    return {**resource, "initErrors": [mark for mark in _marks(resource) if mark != DELETE_CUT_OFF]}


def _is_unseen(resource: Mapping[str, Any]) -> bool:
    """Return whether it was put into the state as created, and the look for it was cut off as well."""
    return _marks(resource) == [CUT_OFF] and not resource.get("outputs")


def _two(urn: str, old: str, new: str) -> str:
    return (
        f"{urn}: its replacement {new} was cut off while {old} was still there. Next: look whether the new one exists,"
        " delete it, and `pulumi state edit` the pending operation away"
    )


@dataclass(frozen=True)
class LookedAt:
    """What a look has found of what was in doubt."""

    deployment: State
    """The settled state: what exists and is ours with what Azure says of it, the rest of what was in doubt left out."""
    there: list[str]
    gone: list[str]
    foreign: list[str]
    """What exists under the name and was not made by this stack: it lacks the tags that were sent."""


def compare_with_look(settled: Settled, found: Mapping[str, Mapping[str, Any] | None]) -> LookedAt:
    """Take over what a look says of the doubtful, and nothing else.

    A 404 is not always the end of a resource: another login sees nothing of a whole subscription. And a refresh takes
    whatever exists for finished, and inputs for what Azure says; so marks and inputs stay as they were.

    Args:
        found: URN -> the outputs of what exists; None: it is gone.
    """
    there: list[str] = []
    gone: list[str] = []
    foreign: list[str] = []
    for urn in settled.doubtful:
        if (outputs := found[urn]) is None:
            gone.append(urn)
        else:
            (there if _is_ours(_inputs(settled, urn).get("tags"), outputs.get("tags")) else foreign).append(urn)
    deleted = [urn for urn, what in settled.interrupted.items() if what == "deleting" and found.get(urn, {}) is None]
    resources = []
    for resource in settled.deployment["resources"]:
        urn = "" if resource.get("delete") else resource["urn"]
        if urn in there:
            resources.append({**resource, "outputs": _importable(found[urn])})
        elif urn not in (*gone, *foreign, *deleted):
            resources.append(_without_delete(resource) if urn in settled.interrupted else resource)
        elif any(urn in list_needs(other) for other in settled.deployment["resources"]):
            resources.append({**resource, "initErrors": [CUT_OFF]})  # the engine refuses a state with a gap
    return LookedAt({**settled.deployment, "resources": resources}, there, gone, foreign)


def _inputs(settled: Settled, urn: str) -> Mapping[str, Any]:
    inputs: Mapping[str, Any] = next(
        each["inputs"] for each in settled.deployment["resources"] if each["urn"] == urn and not each.get("delete")
    )
    return inputs


def _is_ours(sent: Any, has: Mapping[str, Any] | None) -> bool:
    """Tell ours by its tags; what has none lies in a resource group of ours that has (`settings.naming`, STACK_TAG)."""
    return not isinstance(sent, Mapping) or all((has or {}).get(name) == value for name, value in sent.items())


def sort_by_dependency(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each resource after all that it depends on, else in the order given; the engine refuses another order."""
    by_urn: dict[str, list[dict[str, Any]]] = {}
    for resource in resources:
        by_urn.setdefault(resource["urn"], []).append(resource)
    ordered: list[dict[str, Any]] = []
    seen: set[str] = set()
    for resource in resources:
        # Not recursive: a chain of resources may be longer than Python's stack is deep.
        waiting = [(resource["urn"], False)]
        while waiting:
            urn, ready = waiting.pop()
            if ready:
                ordered.extend(by_urn.get(urn, ()))
            elif urn not in seen:
                seen.add(urn)
                waiting.append((urn, True))
                needed = [other for each in by_urn.get(urn, ()) for other in list_needs(each)]
                waiting += [(other, False) for other in reversed(needed)]
    return ordered


def list_needs(resource: Mapping[str, Any]) -> list[str]:
    """URNs that must stand before the resource."""
    by_property = [urn for urns in (resource.get("propertyDependencies") or {}).values() for urn in urns or ()]
    provider = resource.get("provider", "").rpartition("::")[0]
    named = [resource.get("parent", ""), provider, resource.get("deletedWith", ""), *resource.get("replaceWith", ())]
    return [urn for urn in (*named, *resource.get("dependencies", ()), *by_property) if urn]


def describe(settled: Settled, found: LookedAt) -> list[str]:
    """Describe what was done about each create."""
    secrets = [urn for urn in found.there if VAULT_SECRET in urn]
    words = {
        "its create was cut off after Azure had taken it; it is in the stack now": [
            urn for urn in found.there if urn not in secrets
        ],
        "Azure has it, by a create that was cut off or an earlier link; it is in the stack now": secrets,
        "its create was cut off and Azure does not have it; nothing is left of it": found.gone,
        "its create was cut off, and what exists under its name is not this stack's; it is left alone": found.foreign,
        "its create was cut off; it leaves nothing behind": settled.forgotten,
    }
    lines = [f"{name_of(urn)}: {what}" for what, urns in words.items() for urn in urns]
    others = settled.interrupted.items()
    return lines + [f"{name_of(urn)}: cut off while {what}; the next up does it" for urn, what in others]


def list_urns(deployment: State) -> set[str]:
    """Return the URNs of everything in a state."""
    return {resource["urn"] for resource in deployment.get("resources") or []}
