"""What AIO's templates create in an instance, beside the extension: one row for each child."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from rules.facts.fact import Source

_READ = date(2026, 11, 26)
_MODULES = "Azure/digital-ops-scale-kit, workspaces/iot-operations/templates/aio/modules"
_INSTANCES = "Microsoft.IoTOperations/instances"


def _from(variable: str, file: str = "instance-2026-07-01.bicep") -> Source:
    return Source(f"{_MODULES}/{file}", variable, _READ)


@dataclass(frozen=True)
class Child:
    """A child of the instance, with what is the same on every cluster."""

    arm_type: str
    name: str
    """Of the resource; its beginning, where it ends with a dash."""
    properties: Mapping[str, Any]
    """Below `properties`; a set holds values of which each will do."""
    source: Source
    since: str = "2512"
    """First release that creates it."""


CHILDREN = (
    Child(f"{_INSTANCES}/brokers", "default", {"generateResourceLimits": {"cpu": "Disabled"}}, _from("broker")),
    Child(
        f"{_INSTANCES}/brokers/authentications", "default",
        {"authenticationMethods": [
            {"method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audiences": ["aio-internal"]}},
        ]},
        _from("brokerAuthn"),
    ),
    Child(
        f"{_INSTANCES}/brokers/listeners", "default",
        {"serviceType": "ClusterIp", "serviceName": "aio-broker", "ports": [
            {"port": 18883, "authenticationRef": "default", "tls": {
                "mode": "Automatic", "certManagerCertificateSpec": {"issuerRef": {
                    "name": "azure-iot-operations-aio-certificate-issuer",
                    "kind": "ClusterIssuer",
                    "group": "cert-manager.io",
                }},
            }},
        ]},
        _from("brokerListener"),
    ),
    Child(f"{_INSTANCES}/dataflowProfiles", "default", {}, _from("dataflowProfile")),
    Child(
        f"{_INSTANCES}/dataflowEndpoints", "default",
        {"endpointType": "Mqtt", "mqttSettings": {
            # The short form is that of microsoft/edge-ai, src/100-edge/110-iot-ops: the same Service.
            "host": frozenset({"aio-broker.azure-iot-operations:18883", "aio-broker:18883"}),
            "authentication": {
                "method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audience": "aio-internal"},
            },
            "tls": {
                "mode": "Enabled", "trustedCaCertificateConfigMapRef": "azure-iot-operations-aio-ca-trust-bundle",
            },
        }},
        _from("dataflowEndpoint"),
    ),
    Child(
        f"{_INSTANCES}/registryEndpoints", "default",
        {"host": "mcr.microsoft.com", "authentication": {"method": "Anonymous"}},
        _from("artifactRegistryEndpoint"),
    ),
    Child(
        f"{_INSTANCES}/akriConnectorTemplates", "azureiotoperationsconnectorforopcua-",
        {"connectorMetadataRef": "mcr.microsoft.com/azureiotoperations/aio-connectors/opcua-metadata:1.4.10"},
        _from("connectorTemplate", "opcua-connector-template-2026-07-01.bicep"),
        since="2608",
    ),
)  # fmt: skip
