"""Microsoft.Authorization."""

from __future__ import annotations

from arm.types.resource_type import Estimate, Quota, Refusal, ResourceType

_GUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"

ROLE_ASSIGNMENT = ResourceType(
    "authorization",
    "RoleAssignment",
    ("2022-04-01",),
    "/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
    Estimate("identities and roles", 5),
    name_rule={"pattern": _GUID},
    immutable=("properties.principalId", "properties.roleDefinitionId"),  # [provider] principalId, scope; [arm]
    immutable_refusal=Refusal(
        400,
        "RoleAssignmentUpdateNotPermitted",
        "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
    ),
    replaced_by=("principalId",),  # [provider]; scope is in the path
    answered=("scope",),
    computed={},
    quota=Quota(
        "WORLD-35",
        "role assignments",
        "subscription",
        "subscription",
        4000,
        Refusal(400, "RoleAssignmentLimitExceeded", "No more role assignments can be created"),
        "https://learn.microsoft.com/azure/role-based-access-control/troubleshoot-limits",
    ),
)
ROLE_DEFINITION = ResourceType(
    "authorization",
    "RoleDefinition",
    ("2022-05-01-preview",),
    "/{scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}",
    Estimate("identities and roles", 5),
    renamed={"roleType": "type"},
    name_rule={"pattern": _GUID},
    computed={},
    in_use_refusals={
        ROLE_ASSIGNMENT.arm_type: Refusal(
            400, "RoleDefinitionHasAssignments", "There are existing role assignments referencing role {name}."
        )
    },
)
