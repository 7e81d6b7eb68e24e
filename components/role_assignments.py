"""Role assignments with names that a second run, or another deployer, composes alike."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import authorization

from components.context import StampContext
from settings.guids import assignment_name


def assign_role(
    context: StampContext,
    thing: str,
    role_guid: pulumi.Input[str],
    *,
    scope: pulumi.Input[str],
    principal_id: pulumi.Input[str],
    principal_type: str = "ServicePrincipal",
    opts: pulumi.ResourceOptions | None = None,
) -> authorization.RoleAssignment:
    """Assign a role to a principal at a scope.

    `principal_type` is always given: without it Azure looks a new principal up in a directory that may not have it
    yet (PrincipalNotFound, https://learn.microsoft.com/azure/role-based-access-control/troubleshooting).
    """
    return authorization.RoleAssignment(
        context.logical_name(thing),
        role_assignment_name=compute_guid(context, thing),
        # In the form in which Azure returns it, so that a refresh finds no difference.
        role_definition_id=pulumi.Output.concat(
            f"/subscriptions/{context.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/", role_guid
        ),
        scope=scope,
        principal_id=principal_id,
        principal_type=principal_type,
        opts=opts or context.options(),
    )


def compute_guid(context: StampContext, thing: str) -> str:
    """Return the GUID that Azure wants as a name: from names that are known at preview, never from a principal's id.

    The resource group's name is part of it, so that two environments of one subscription do not meet.
    """
    return assignment_name(context.subscription_id, context.names.resource_group, thing)
