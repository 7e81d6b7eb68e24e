"""Checks of all resources alike: there, well, where they belong, and alone."""

from __future__ import annotations

from collections.abc import Iterator

from arm import ids
from arm.types.authorization import ROLE_ASSIGNMENT
from arm.types.network import VIRTUAL_NETWORK_PEERING
from automation.verify.azure import Body, Unseen, UnseenError
from automation.verify.check import Problem
from automation.verify.expected import Collection
from automation.verify.look import Look, show
from graph.inputs import shorten, text_at

_OF_OPERATORS = ("microsoft.deviceregistry/namespaces/",)
"""Types, in small letters, that operators make in a stack's groups: assets and devices."""
_TELLING = ("principalId", "roleDefinitionId", "subject")
"""What says who has come in."""


def check_subscription(look: Look) -> Iterator[Problem]:
    """Check that Azure answers for the subscription, and that it is enabled."""
    tenant = look.expectation.view.settings.tenant
    answer = look.evidence.subscription
    if isinstance(answer, Unseen):
        raise UnseenError(answer.reason)
    if answer is None:
        yield Problem(tenant.subscription_id, "there is no such subscription, or this login may not see it", "Enabled")
        return
    look.looked += 1
    if (state := text_at(answer, "state")) != "Enabled":
        yield Problem(tenant.subscription_id, f"is {state}", "Enabled")
    if (seen := text_at(answer, "tenantId")).lower() != tenant.tenant_id.lower():
        yield Problem(tenant.subscription_id, f"is in tenant {seen}", tenant.tenant_id)


def check_existence(look: Look) -> Iterator[Problem]:
    """Check that everything that the program has made is there."""
    for _ in look.seen():
        pass
    labels = {one.label: one for one in look.subjects()}
    for label in look.absent:
        yield Problem(label, f"{shorten(labels[label].id)} is not there")
    look.absent.clear()


def check_states(look: Look) -> Iterator[Problem]:
    """Check that Azure has finished with everything, and well."""
    for subject, body in look.seen():
        state = text_at(body, "properties.provisioningState") or text_at(body, "provisioningState")
        if state and state != "Succeeded":
            yield Problem(subject.label, f"provisioningState is {state}", "Succeeded")


def check_places(look: Look) -> Iterator[Problem]:
    """Check that everything is in its region, and what lives on a cluster is on this one."""
    for subject, body in look.seen():
        yield from look.compare(subject, body, "location", "extendedLocation")


def check_tags(look: Look) -> Iterator[Problem]:
    """Check that everything has the tags that the settings give it; others may be added."""
    for subject, body in look.seen():
        yield from look.compare(subject, body, "tags")


def check_group(look: Look) -> Iterator[Problem]:
    """Check that nothing is in the resource group that nobody asked for."""
    listed = look.evidence.groups[look.cluster.names.resource_group]
    if isinstance(listed, Unseen):
        raise UnseenError(listed.reason)
    look.looked += len(listed)
    expected = _expected(look)
    expected.add(ids.key(f"{look.group}/providers/Microsoft.Compute/disks/{look.cluster.names.os_disk}"))
    for one in listed:
        found = text_at(one, "id")
        if ids.key(found) not in expected and not text_at(one, "type").lower().startswith(_OF_OPERATORS):
            yield Problem(shorten(found), "is in the resource group, and no program of this stack has made it")


def check_ways_in(look: Look) -> Iterator[Problem]:
    """Check that nobody has added a listener, a permission, a peering, a trusted issuer, a role or an extension."""
    expected = _expected(look)
    for collection in look.collections():
        for body in look.listed(collection):
            found = text_at(body, "id")
            if ids.key(found) not in expected and _is_added(look, collection, body):
                told = {name: text_at(body, f"properties.{name}") for name in _TELLING}
                more = "".join(f", {name} {show(shorten(value))}" for name, value in told.items() if value)
                yield Problem(shorten(found), f"nobody asked for it{more}")


def _expected(look: Look) -> set[str]:
    """Return keys of all that is to be in the cluster's group."""
    return {ids.key(look.evidence.resolve(one.id)) for one in look.expectation.of_cluster(look.place.name)}


def _is_routed(look: Look) -> bool:
    links = look.expectation.view.settings.links.values()
    return any(link.via == "routed" and look.place.name in (link.client, link.broker) for link in links)


def _is_added(look: Look, collection: Collection, body: Body) -> bool:
    """Leave out roles that come from above the group, and those that somebody needs, under whatever name.

    A network with a routed link is joined to others by whoever routes it: by a peering with a hub, as a rule.
    """
    if collection.row is VIRTUAL_NETWORK_PEERING:
        return not _is_routed(look)
    if collection.row is not ROLE_ASSIGNMENT:
        return True
    scope, role = text_at(body, "properties.scope"), text_at(body, "properties.roleDefinitionId")
    if not ids.is_below(scope, look.group):
        return False
    needs = look.expectation.needs_of(look.place.name)
    needed = {(ids.key(look.evidence.resolve(one.scope)), one.guid, look.bind(one.principal_id)) for one in needs}
    return (ids.key(scope), ids.name_of(role), text_at(body, "properties.principalId")) not in needed
