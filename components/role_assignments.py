"""Role assignments with names that a second run, or another deployer, composes alike."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import authorization

from settings.guids import assignment_name
from settings.roles import Role


def assign_role(
    resource_name: str,
    role: Role,
    *,
    subscription_id: str,
    scope: pulumi.Input[str],
    principal_id: pulumi.Input[str],
    principal_type: str = "ServicePrincipal",
    opts: pulumi.ResourceOptions,
) -> authorization.RoleAssignment:
    """Assign a role to a principal at a scope.

    Azure wants a GUID as name: it is derived from the logical name, which is known at preview, never from the
    principal's id, which is not. `principal_type` is always given: without it Azure looks a new principal up in a
    directory that may not have it yet (PrincipalNotFound, model-codebases Part 5, no. 10).
    """
    return authorization.RoleAssignment(
        resource_name,
        role_assignment_name=assignment_name(subscription_id, resource_name),
        role_definition_id=role_definition_id(subscription_id, role.guid),
        scope=scope,
        principal_id=principal_id,
        principal_type=principal_type,
        opts=opts,
    )


def role_definition_id(subscription_id: str, guid: str) -> str:
    """The form in which Azure returns role definition ids, so that a refresh finds no difference."""
    return f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
