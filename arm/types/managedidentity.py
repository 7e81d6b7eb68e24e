"""Microsoft.ManagedIdentity."""

from __future__ import annotations

from arm.types.resource_type import Estimate, Quota, Refusal, ResourceType

_VERSIONS = ("2023-01-31",)
_IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}"

USER_ASSIGNED_IDENTITY = ResourceType(
    "managedidentity",
    "UserAssignedIdentity",
    _VERSIONS,
    _IDENTITY,
    Estimate("identities and roles", 5),
    name_rule={"pattern": r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$", "minLength": 3, "maxLength": 128},
    replaced_by=("location",),  # [spec]
    computed={
        "principalId": lambda created: created.guid("principal"),
        "clientId": lambda created: created.guid("client"),
        "tenantId": lambda created: created.tenant_id,
    },
    carries=(),
)
FEDERATED_IDENTITY_CREDENTIAL = ResourceType(
    "managedidentity",
    "FederatedIdentityCredential",
    _VERSIONS,
    f"{_IDENTITY}/federatedIdentityCredentials/{{federatedIdentityCredentialResourceName}}",
    Estimate("identities and roles", 5),
    computed={},
    serial_refusal=Refusal(
        409,
        "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
        "Concurrent Federated Identity Credentials writes under the same managed identity are not supported.",
    ),
    quota=Quota(
        "WORLD-21",
        "federated credentials",
        "parent",
        "identity",
        20,
        Refusal(
            400,
            "BadRequest",
            "Too many federated identity credentials: a maximum of {limit} can be added to {parent}.",
        ),
        "https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations",
    ),
)
