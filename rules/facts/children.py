"""What AIO's templates create in an instance, beside the extension: one row for each child."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from rules.facts import aio
from rules.facts.fact import Source
from rules.facts.releases import Release

_READ = date(2026, 11, 26)
_MODULES = "Azure/digital-ops-scale-kit, workspaces/iot-operations/templates/aio/modules"
_INSTANCES = "Microsoft.IoTOperations/instances"
_SHORT, _PORT, _AUDIENCE = aio.BROKER_SERVICE.value, aio.BROKER_PORT.value, aio.BROKER_AUDIENCE.value


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
    is_whole: bool = True
    """Whether nothing else is said; else settings and `rules/hardening.py` say more."""
    judged: frozenset[str] = frozenset()
    """What may be said beside, as another rule judges it."""


_EVERY_RELEASE = (
    Child(f"{_INSTANCES}/brokers", "default", {"generateResourceLimits": {"cpu": "Disabled"}}, _from("broker"),
          is_whole=False),
    Child(
        f"{_INSTANCES}/brokers/authentications", "default",
        {"authenticationMethods": [
            {"method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audiences": [_AUDIENCE]}},
        ]},
        _from("brokerAuthn"),
    ),
    Child(
        f"{_INSTANCES}/brokers/listeners", "default",
        {"serviceType": "ClusterIp", "serviceName": _SHORT, "ports": [
            {"port": _PORT, "authenticationRef": "default", "tls": {
                "mode": "Automatic", "certManagerCertificateSpec": {"issuerRef": {
                    "name": aio.CERTIFICATE_ISSUER.value,
                    "kind": "ClusterIssuer",
                    "group": "cert-manager.io",
                }},
            }},
        ]},
        _from("brokerListener"),
    ),
    Child(f"{_INSTANCES}/dataflowProfiles", "default", {}, _from("dataflowProfile"), is_whole=False),
    Child(
        f"{_INSTANCES}/dataflowEndpoints", "default",
        {"endpointType": "Mqtt", "mqttSettings": {
            # The short form is that of microsoft/edge-ai, src/100-edge/110-iot-ops: the same Service.
            "host": frozenset({f"{_SHORT}:{_PORT}", f"{_SHORT}.{aio.NAMESPACE.value}:{_PORT}"}),
            "authentication": {
                "method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audience": _AUDIENCE},
            },
            "tls": {
                "mode": "Enabled", "trustedCaCertificateConfigMapRef": aio.TRUST_CONFIG_MAP.value,
            },
        }},
        _from("dataflowEndpoint"), judged=frozenset({"mqttSettings.sessionExpirySeconds"}),  # MQTT-06
    ),
    Child(
        f"{_INSTANCES}/registryEndpoints", "default",
        {"host": "mcr.microsoft.com", "authentication": {"method": "Anonymous"}},
        _from("artifactRegistryEndpoint"),
    ),
)  # fmt: skip
_REGISTRY = "mcr.microsoft.com"


def children_of(release: Release) -> tuple[Child, ...]:
    """Return the whole set that a release creates."""
    if release.opcua_connector is None:
        return _EVERY_RELEASE
    return (*_EVERY_RELEASE, _opcua_connector(release.opcua_connector))


def _opcua_connector(version: str) -> Child:
    image = {
        "imageName": "azureiotoperations/aio-connectors/supervisor",
        "registrySettings": {
            "registrySettingsType": "ContainerRegistry",
            "containerRegistrySettings": {"registry": _REGISTRY},
        },
        "tagDigestSettings": {"tagDigestType": "Tag", "tag": version},
    }
    return Child(
        f"{_INSTANCES}/akriConnectorTemplates",
        "azureiotoperationsconnectorforopcua-",
        {
            "connectorMetadataRef": f"{_REGISTRY}/azureiotoperations/aio-connectors/opcua-metadata:{version}",
            "aioMetadata": {"aioMinVersion": "1.2.100"},
            "runtimeConfiguration": {
                "runtimeConfigurationType": "ManagedConfiguration",
                "managedConfigurationSettings": {
                    "managedConfigurationType": "ImageConfiguration",
                    "imageConfigurationSettings": image,
                },
            },
            "deviceInboundEndpointTypes": [{"endpointType": "Microsoft.OpcUa"}],
        },
        _from("connectorTemplate", "opcua-connector-template-2026-07-01.bicep"),
    )
