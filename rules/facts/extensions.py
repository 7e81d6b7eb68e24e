"""Arc extensions that AIO consists of: types, namespaces, and the settings that every release sends.

`{suffix}` stands for five characters that are one cluster's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rules.facts import aio
from rules.facts.fact import Source

_READ = date(2026, 11, 26)
_TEMPLATES = "Azure/digital-ops-scale-kit, workspaces/iot-operations/templates/aio"
_BROKER = f"{aio.BROKER_SERVICE.value}.{aio.NAMESPACE.value}"
_ADDRESS = f"{_BROKER}:{aio.BROKER_PORT.value}"

ANY = "{any}"
"""A setting that is there, with a value of the user's choice."""


@dataclass(frozen=True)
class Extension:
    """One extension, as the vendor's templates install it."""

    type: str
    namespace: str
    """Release namespace; empty: the templates name none."""
    settings: Mapping[str, str]
    source: Source


CERT_MANAGER = Extension(
    "microsoft.certmanagement",
    "cert-manager",
    {"AgentOperationTimeoutInMinutes": "20", "global.telemetry.enabled": "true"},
    Source(f"{_TEMPLATES}/enablement.bicep", "certManagerExtension", _READ),
)
SECRET_STORE = Extension(
    "microsoft.azure.secretstore",
    "",
    {"rotationPollIntervalInSeconds": "120", "validatingAdmissionPolicies.applyPolicies": "false"},
    Source(f"{_TEMPLATES}/enablement.bicep", "secretStoreExtension", _READ),
)
AIO = Extension(
    "microsoft.iotoperations",
    "azure-iot-operations",
    {
        "AgentOperationTimeoutInMinutes": "120",
        "connectors.values.mqttBroker.address": f"mqtts://{_ADDRESS}",
        "connectors.values.mqttBroker.serviceAccountTokenAudience": aio.BROKER_AUDIENCE.value,
        "dataFlows.values.tinyKube.mqttBroker.hostName": _BROKER,
        "dataFlows.values.tinyKube.mqttBroker.port": str(aio.BROKER_PORT.value),
        "dataFlows.values.tinyKube.mqttBroker.authentication.serviceAccountTokenAudience": aio.BROKER_AUDIENCE.value,
        "observability.metrics.enabled": ANY,
        "observability.metrics.openTelemetryCollectorAddress": ANY,
        "trustSource": "SelfSigned",
        "trustBundleSettings.issuer.name": aio.CERTIFICATE_ISSUER.value,
        "trustBundleSettings.issuer.kind": "",
        "trustBundleSettings.configMap.name": "",
        "trustBundleSettings.configMap.key": "",
        "schemaRegistry.values.mqttBroker.host": f"mqtts://{_ADDRESS}",
        "schemaRegistry.values.mqttBroker.serviceAccountTokenAudience": aio.BROKER_AUDIENCE.value,
    },
    Source(f"{_TEMPLATES}/modules/instance-2025-10-01.bicep", "defaultAioConfigurationSettings", _READ),
)
