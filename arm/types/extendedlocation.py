"""Microsoft.ExtendedLocation."""

from __future__ import annotations

from arm.types.resource_type import Estimate, Refusal, ResourceType

CUSTOM_LOCATION = ResourceType(
    "extendedlocation",
    "CustomLocation",
    ("2021-08-31-preview",),
    "Microsoft.ExtendedLocation/customLocations/{resourceName}",
    Estimate("Arc and extensions", 30),
    immutable=("properties.hostResourceId", "properties.namespace"),  # [terraform]
    replaced_by=("location",),  # [spec]
    in_use_refusals={
        "*": Refusal(  # the code is ours: Microsoft documents none
            409, "CustomLocationInUse", "Custom location {id} cannot be deleted: {user} lives on it."
        )
    },
)
