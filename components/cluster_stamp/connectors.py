"""Connectors of an instance: the registry that images come from, and the template of AIO's OPC UA connector.

As `az iot ops create` makes them (https://github.com/Azure/digital-ops-scale-kit,
workspaces/iot-operations/templates/aio/modules).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.context import StampContext
from components.packages import AkriConnectorTemplate, RegistryEndpoint, iot_operations

_REGISTRY = "mcr.microsoft.com"


def create_connectors(context: StampContext, place: Mapping[str, Any]) -> None:
    """Create the default registry endpoint and, where the release has one, the OPC UA connector template."""
    package = iot_operations(context.settings.release)
    RegistryEndpoint(
        context.logical_name("registry-endpoint"),
        package,
        {
            **place,
            "registryEndpointName": "default",
            "properties": {
                "host": _REGISTRY,
                "authentication": {"method": "Anonymous", "anonymousSettings": {}},
            },
        },
        context.options(),
    )
    if version := context.settings.release.opcua_connector_version:
        AkriConnectorTemplate(
            context.logical_name("opcua-connector-template"),
            package,
            {
                **place,
                "akriConnectorTemplateName": context.names.opcua_connector_template,
                "properties": _build_opcua_connector(version),
            },
            context.options(),
        )


def _build_opcua_connector(version: str) -> dict[str, Any]:
    """Return the template by which AIO starts a connector for every device with an OPC UA endpoint."""
    return {
        "connectorMetadataRef": f"{_REGISTRY}/azureiotoperations/aio-connectors/opcua-metadata:{version}",
        "aioMetadata": {"aioMinVersion": "1.2.100"},
        "runtimeConfiguration": {
            "runtimeConfigurationType": "ManagedConfiguration",
            "managedConfigurationSettings": {
                "managedConfigurationType": "ImageConfiguration",
                "imageConfigurationSettings": {
                    "registrySettings": {
                        "registrySettingsType": "ContainerRegistry",
                        "containerRegistrySettings": {"registry": _REGISTRY},
                    },
                    "imageName": "azureiotoperations/aio-connectors/supervisor",
                    "tagDigestSettings": {"tagDigestType": "Tag", "tag": version},
                },
            },
        },
        "deviceInboundEndpointTypes": [{"endpointType": "Microsoft.OpcUa"}],
    }
