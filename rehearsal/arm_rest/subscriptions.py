"""What Azure Resource Manager says beside resources: tenants, the subscription, its providers and locations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from arm.schema.versions import published
from arm.types import BY_ARM_TYPE
from rehearsal.azure.errors import ArmError
from rehearsal.azure.state import Surroundings

_NAMESPACES = sorted({arm_type.split("/")[0] for arm_type in BY_ARM_TYPE})


def tenants(around: Surroundings) -> list[dict[str, Any]]:
    """Return the one tenant."""
    return [{"id": f"/tenants/{around.tenant_id}", "tenantId": around.tenant_id, "displayName": "Rehearsal"}]


def subscription(around: Surroundings) -> dict[str, Any]:
    """Return the one subscription."""
    return {
        "id": f"/subscriptions/{around.subscription_id}",
        "subscriptionId": around.subscription_id,
        "tenantId": around.tenant_id,
        "displayName": "Rehearsal",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {"spendingLimit": "Off", "quotaId": "Rehearsal", "locationPlacementId": "Public"},
    }


def providers(around: Surroundings) -> list[dict[str, Any]]:
    """Return all namespaces that have a type in the model, as registered ones."""
    return [provider(around, namespace) for namespace in _NAMESPACES]


def provider(around: Surroundings, namespace: str) -> dict[str, Any]:
    """Return one namespace with its types; clients take API versions from here.

    Raises:
        ArmError: the model has no type of it.
    """
    name = next((one for one in _NAMESPACES if one.lower() == namespace.lower()), "")
    if not name:
        raise ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
    types = [
        {
            "resourceType": arm_type.split("/", 1)[1],
            "locations": [],
            "apiVersions": list(reversed(published(row))),
            "defaultApiVersion": row.versions[-1],
            "capabilities": "None",
        }
        for arm_type, row in sorted(BY_ARM_TYPE.items())
        if arm_type.startswith(f"{name}/")
    ]
    return {
        "id": f"/subscriptions/{around.subscription_id}/providers/{name}",
        "namespace": name,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": types,
    }


def metadata(base: str) -> dict[str, Any]:
    """Return what az asks before anybody is logged in, and no more: where this cloud's endpoints are."""
    return {
        "name": "EdgeStampsRehearsal",
        "authentication": {
            "loginEndpoint": "https://login.microsoftonline.com",
            "audiences": ["https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": base,
        "suffixes": {"keyVaultDns": "vault.azure.net", "storage": "core.windows.net"},
    }


METADATA_PATH = "/metadata/endpoints"
LISTS: Mapping[str, Callable[[Surroundings], list[dict[str, Any]]]] = {
    "/tenants": tenants,
    "/subscriptions": lambda around: [subscription(around)],
}
"""Path -> list, of what is above the subscription."""
