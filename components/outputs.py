"""The stack's outputs: a contract (docs/outputs.schema.json), without a private key or a connection string."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.cluster_stamp import ClusterStamp
from components.mqtt_configuration import MqttConfiguration
from components.pki_chain import PkiChain
from components.vnet_peering import VNetPeering
from settings.model import Link, Listener, Settings
from settings.releases import Release


def collect_outputs(
    settings: Settings,
    stamps: Mapping[str, ClusterStamp],
    peerings: Mapping[str, VNetPeering],
    pki: PkiChain,
    mqtt: Mapping[str, MqttConfiguration],
) -> dict[str, Any]:
    """Return all outputs by name; whoever reads them may rely on their shape."""
    return {
        "arc_proxy_commands": {name: stamp.arc_proxy_command for name, stamp in stamps.items()},
        "broker_endpoints": {
            name: _describe_broker(cluster.listener, pki)
            for name, cluster in settings.clusters.items()
            if cluster.listener
        },
        "clusters": {name: stamp.outputs for name, stamp in stamps.items()},
        "vnet_peerings": {name: peering.outputs for name, peering in peerings.items()},
        "links": {name: _describe_link(link) for name, link in settings.links.items()},
        "certificates": pki.certificates,
        "secret_sync": {
            name: [
                {"secret": secret.name, "type": secret.type, "keys": dict(secret.keys)}
                for secret in configuration.synced
            ]
            for name, configuration in mqtt.items()
        },
        "release": _describe_release(settings.release),
    }


def _describe_broker(listener: Listener, pki: PkiChain) -> dict[str, Any]:
    """Return where a client connects, where that name has to lead, and the root that it must trust there."""
    return {
        "host": listener.host,
        "address": str(listener.ip_addresses[0]),
        "port": listener.port,
        "url": f"mqtts://{listener.host}:{listener.port}",
        "listener": listener.name,
        "ca_fingerprint": pki.server_root.sha256,
    }


def _describe_link(link: Link) -> dict[str, Any]:
    return {
        "from": link.client,
        "to": link.broker,
        "topics": [{"from": topic.source, "to": topic.destination, "shared": topic.shared} for topic in link.topics],
        "endpoint": link.endpoint_name,
        "client_ids": list(link.client_ids),
    }


def _describe_release(release: Release) -> dict[str, str]:
    return {
        "name": release.name,
        "aio": release.aio_version,
        "cert_manager": release.cert_manager_version,
        "secret_store": release.secret_store_version,
        "iot_operations_api": release.iot_operations_api,
        "device_registry_api": release.device_registry_api,
    }
