"""Checks of who may sign in as whom, and who may do what."""

from __future__ import annotations

from collections.abc import Iterator

from arm import ids
from arm.types.authorization import ROLE_ASSIGNMENT, ROLE_DEFINITION
from arm.types.kubernetes import CONNECTED_CLUSTER
from arm.types.managedidentity import FEDERATED_IDENTITY_CREDENTIAL
from automation.verify.azure import Body, UnseenError
from automation.verify.check import Problem
from automation.verify.look import Look, show
from graph.inputs import shorten, text_at, texts_at
from rules.facts import aio, entra
from rules.identities import CREDENTIALS, Need

_ACCOUNTS = {credential: account for account, credential in CREDENTIALS.items()}
"""Name of a federated credential -> the service account that signs in by it."""


def check_issuers(look: Look) -> Iterator[Problem]:
    """Check that each federated credential trusts the issuer that the cluster has now."""
    (cluster,) = look.subjects(CONNECTED_CLUSTER)
    for subject, body in look.seen(FEDERATED_IDENTITY_CREDENTIAL):
        try:
            expected = text_at(look.answer(cluster), "properties.oidcIssuerProfile.issuerUrl")
        except UnseenError as error:
            look.note(cluster.label, error)
            continue
        if not expected:
            look.note(subject.label, UnseenError("the cluster's issuer is not known"))
        elif (seen := text_at(body, "properties.issuer")) != expected:
            yield Problem(subject.label, f"issuer is {show(seen or None)}", expected)


def check_subjects(look: Look) -> Iterator[Problem]:
    """Check that each federated credential is for the service account that uses it."""
    for subject, body in look.seen(FEDERATED_IDENTITY_CREDENTIAL):
        account = _ACCOUNTS.get(ids.name_of(subject.id), "")
        expected = f"system:serviceaccount:{aio.NAMESPACE.value}:{account}"
        if (seen := text_at(body, "properties.subject")) != expected:
            yield Problem(subject.label, f"subject is {show(seen or None)}", expected)


def check_audiences(look: Look) -> Iterator[Problem]:
    """Check that each federated credential takes tokens that are made for Entra."""
    for subject, body in look.seen(FEDERATED_IDENTITY_CREDENTIAL):
        expected = [entra.TOKEN_EXCHANGE_AUDIENCE.value]
        if (seen := texts_at(body, "properties.audiences")) != expected:
            yield Problem(subject.label, f"audiences is {show(seen)}", show(expected))


def check_roles(look: Look) -> Iterator[Problem]:
    """Check that everybody has the roles that it needs where it needs them, with the principal that it has now."""
    (collection,) = look.collections(ROLE_ASSIGNMENT)
    assignments = look.listed(collection)
    if look.unseen or look.absent:
        return
    for need in look.expectation.needs_of(look.place.name):
        try:
            scope, principal = look.evidence.bind(need.scope), str(look.bind(need.principal_id))
        except UnseenError as error:
            look.note(need.who, error)
            continue
        if not any(_gives(one, need, scope, principal) for one in assignments):
            yield Problem(need.who, f"principal {principal} has no role {need.role} on {shorten(scope)}", need.guid)


def _gives(assignment: Body, need: Need, scope: str, principal: str) -> bool:
    return (
        ids.is_below(scope, text_at(assignment, "properties.scope"))
        and ids.name_of(text_at(assignment, "properties.roleDefinitionId")).lower() == need.guid.lower()
        and text_at(assignment, "properties.principalId").lower() == principal.lower()
    )


def check_role_definitions(look: Look) -> Iterator[Problem]:
    """Check that a role of the stack's own has its one right and no more."""
    for subject, body in look.seen(ROLE_DEFINITION):
        yield from look.compare(subject, body, "properties.permissions", "properties.assignableScopes", exact=True)
