"""Regions where AIO's connected clusters may be (learn.microsoft.com/azure/iot-operations/overview-support)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """One Azure region."""

    display_name: str
    has_zones: bool = True
    """Availability zones, and so zone-redundant storage."""

    @property
    def name(self) -> str:
        return normalised(self.display_name)


def normalised(text: str) -> str:
    """Return Azure's programmatic name of a region: `East US 2` -> `eastus2`."""
    return "".join(text.lower().split())


REGIONS: Mapping[str, Region] = {
    region.name: region
    for region in (
        Region("East US"),
        Region("East US 2"),
        Region("East US 2 EUAP"),
        Region("South Central US"),
        Region("West US", has_zones=False),
        Region("West US 2"),
        Region("West US 3"),
        Region("West Europe"),
        Region("North Europe"),
        Region("Germany West Central"),
    )
}

_NEAREST: Mapping[str, str] = {
    "eastus": "canadacentral canadaeast northcentralus",
    "eastus2": "brazilsouth brazilsoutheast centralus chilecentral",
    "southcentralus": "mexicocentral",
    "westus2": (
        "australiacentral australiacentral2 australiaeast australiasoutheast eastasia indonesiacentral japaneast "
        "japanwest koreacentral koreasouth malaysiawest newzealandnorth southeastasia taiwannorth taiwannorthwest"
    ),
    "westus3": "westcentralus",
    "westeurope": "belgiumcentral francecentral norwaywest spaincentral uksouth",
    "northeurope": "ukwest",
    "germanywestcentral": (
        "austriaeast centralindia denmarkeast finlandcentral francesouth germanynorth greececentral israelcentral "
        "italynorth jioindiacentral jioindiawest norwayeast polandcentral qatarcentral saudiarabiaeast "
        "southafricanorth southafricawest southindia swedencentral swedensouth switzerlandnorth switzerlandwest "
        "uaecentral uaenorth westindia"
    ),
}
"""Azure's other public regions (learn.microsoft.com, list of Azure regions), by the one of ours that is nearest."""

NEAREST: Mapping[str, str] = {other: name for name, others in _NEAREST.items() for other in others.split()}
"""Region of Azure without AIO -> the nearest with it, by distance on the map."""
