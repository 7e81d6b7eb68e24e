"""Microsoft.IoTOperations: an AIO instance, its brokers and its dataflows."""

from __future__ import annotations

from functools import partial

from arm.types.resource_type import STATE_BELOW, Estimate, Quota, Refusal, ResourceType

_CONCERN = "IoT Operations"
_INSTANCE = "Microsoft.IoTOperations/instances/{instanceName}"
_BROKER = f"{_INSTANCE}/brokers/{{brokerName}}"
_PROFILE = f"{_INSTANCE}/dataflowProfiles/{{dataflowProfileName}}"
_FIXED = ("advanced", "cardinality", "diskBackedMessageBuffer", "generateResourceLimits", "memoryProfile")

_iot_operations = partial(
    ResourceType,
    "iotoperations",
    versions=("2025-10-01", "2026-03-01", "2026-07-01"),
    flattened=False,
    packaged=True,
    replaced_by=("extendedLocation",),  # [spec]
    computed=STATE_BELOW,
)

INSTANCE = _iot_operations(
    "Instance",
    path=_INSTANCE,
    estimate=Estimate(_CONCERN, 60),
    replaced_by=("location", "extendedLocation"),  # [spec]
)
BROKER = _iot_operations(
    "Broker",
    path=_BROKER,
    estimate=Estimate(_CONCERN, 120),
    immutable=tuple(f"properties.{name}" for name in _FIXED),  # [spec] 2025-10-01
    replaced_by=("extendedLocation", *(f"properties.{name}" for name in _FIXED)),  # [spec]
)
BROKER_AUTHENTICATION = _iot_operations(
    "BrokerAuthentication",
    path=f"{_BROKER}/authentications/{{authenticationName}}",
    estimate=Estimate(_CONCERN, 20),
)
BROKER_AUTHORIZATION = _iot_operations(
    "BrokerAuthorization",
    path=f"{_BROKER}/authorizations/{{authorizationName}}",
    estimate=Estimate(_CONCERN, 20),
)
BROKER_LISTENER = _iot_operations(
    "BrokerListener", path=f"{_BROKER}/listeners/{{listenerName}}", estimate=Estimate(_CONCERN, 30)
)
DATAFLOW_PROFILE = _iot_operations("DataflowProfile", path=_PROFILE, estimate=Estimate(_CONCERN, 30))
DATAFLOW = _iot_operations(
    "Dataflow",
    path=f"{_PROFILE}/dataflows/{{dataflowName}}",
    estimate=Estimate(_CONCERN, 20),
    quota=Quota(
        "WORLD-32",
        "dataflows",
        "parent",
        "dataflow profile",
        70,
        Refusal(400, "ValidationError", "Profile {parent} has {limit} dataflows, which is its limit."),
        "https://learn.microsoft.com/azure/iot-operations/connect-to-cloud/overview-dataflow",
    ),
)
DATAFLOW_ENDPOINT = _iot_operations(
    "DataflowEndpoint",
    path=f"{_INSTANCE}/dataflowEndpoints/{{dataflowEndpointName}}",
    estimate=Estimate(_CONCERN, 20),
)
CONNECTOR_TEMPLATE = _iot_operations(
    "AkriConnectorTemplate",
    path=f"{_INSTANCE}/akriConnectorTemplates/{{akriConnectorTemplateName}}",
    estimate=Estimate(_CONCERN, 20),
)
REGISTRY_ENDPOINT = _iot_operations(
    "RegistryEndpoint",
    path=f"{_INSTANCE}/registryEndpoints/{{registryEndpointName}}",
    estimate=Estimate(_CONCERN, 20),
)
