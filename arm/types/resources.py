"""Microsoft.Resources."""

from __future__ import annotations

from arm.types.resource_type import GROUP, STATE_BELOW, Estimate, Quota, Refusal, ResourceType

_LIMITS = "https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits"

RESOURCE_GROUP = ResourceType(
    "resources",
    "ResourceGroup",
    ("2024-03-01",),
    GROUP,
    Estimate("resource groups", 3),
    computed=STATE_BELOW,
    replaced_by=("location",),  # [provider]
    quota=Quota(
        "WORLD-40",
        "resource groups",
        "subscription",
        "subscription",
        980,
        Refusal(
            409,
            "ResourceGroupQuotaExceeded",
            "Creating the resource group '{name}' would exceed the quota of '{limit}'. The current resource group"
            " count is '{limit}', please delete some groups before creating a new one.",
        ),
        f"{_LIMITS}; text in https://github.com/Azure/azure-sdk-for-js/issues/22953",
    ),
)
