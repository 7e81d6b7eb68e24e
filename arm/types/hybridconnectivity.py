"""Microsoft.HybridConnectivity: by what way Azure reaches into an Arc-enabled machine."""

from __future__ import annotations

from arm.types.resource_type import Estimate, ResourceType

_ENDPOINT = "/{resourceUri}/providers/Microsoft.HybridConnectivity/endpoints/{endpointName}"

ENDPOINT = ResourceType("hybridconnectivity", "Endpoint", ("2024-12-01",), _ENDPOINT, Estimate("nodes", 10), carries=())
SERVICE_CONFIGURATION = ResourceType(
    "hybridconnectivity",
    "ServiceConfiguration",
    ("2024-12-01",),
    f"{_ENDPOINT}/serviceConfigurations/{{serviceConfigurationName}}",
    Estimate("nodes", 10),
    carries=(),
)
