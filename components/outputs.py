"""The stack's outputs: a contract (docs/outputs.schema.json), without a private key or a connection string."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.authorities import format_subject
from components.cluster_stamp import ClusterStamp
from components.mqtt_configuration import MqttConfiguration
from components.pki_chain import Leaf, PkiChain
from components.vnet_peering import VNetPeering
from settings.external_ca import REQUESTS, Request
from settings.high_water import Generation, broker_key, link_key
from settings.model import Link, Listener, Settings
from settings.releases import Release
from settings.rotation import Live


def collect_outputs(
    settings: Settings,
    stamps: Mapping[str, ClusterStamp],
    peerings: Mapping[str, VNetPeering],
    live: Live,
    pki: PkiChain,
    mqtt: Mapping[str, MqttConfiguration],
) -> dict[str, Any]:
    """Return all outputs by name; whoever reads them may rely on their shape."""
    found = {
        "arc_proxy_commands": {name: stamp.arc_proxy_command for name, stamp in stamps.items()},
        "broker_endpoints": {
            name: _describe_broker(cluster.listener, pki.servers[name, cluster.listener.generation])
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
        "generations": {
            "authorities": _describe_generations(live.authorities, settings.pki.revoked_generation),
            "brokers": {
                name: _describe_generations(
                    live.brokers[name], cluster.listener.revoked_generation, settings.postponed.get(broker_key(name))
                )
                for name, cluster in settings.clusters.items()
                if cluster.listener
            },
            "links": {
                name: _describe_generations(
                    live.links[name], link.revoked_generation, settings.postponed.get(link_key(name))
                )
                for name, link in settings.links.items()
            },
        },
    }
    if commands := {name: stamp.ssh_command for name, stamp in stamps.items() if stamp.ssh_command}:
        found["ssh_commands"] = commands
    if settings.pki.has_external_ca:
        found[REQUESTS] = {
            one.name: _describe_request(settings, one, pki.requests[one.name])
            for one in settings.external.requests
            if one.name in pki.requests
        }
    return found


def _describe_request(settings: Settings, request: Request, pem: pulumi.Output[str]) -> dict[str, Any]:
    """Return what is to be signed, and where the signed chain is read from."""
    return {
        "request": pem,
        "subject": format_subject(request.common_name),
        "is_ca": request.is_ca,
        "use": "server" if request.is_server else "client",
        "names": request.host_names,
        "file": request.file,
        "signed": request.name in settings.external.signed,
    }


def _describe_generations(live: Sequence[Generation], revoked: int, postponed: int | None = None) -> dict[str, Any]:
    """Return which are live, oldest first; the last is what the settings want, unless that follows later."""
    later = {} if postponed is None else {"postponed": postponed}
    counted = [{"number": one.number, "own": one.own, "pki": one.authority} for one in live]
    return {"live": [one.number for one in live], "revoked": revoked, **later, "counted": counted}


def _describe_broker(listener: Listener, leaf: Leaf) -> dict[str, Any]:
    """Return where a client connects, where that name has to lead, and the root that it must trust there."""
    return {
        "host": listener.host,
        "address": str(listener.ip_addresses[0]),
        "port": listener.port,
        "url": f"mqtts://{listener.host}:{listener.port}",
        "listener": listener.name,
        "ca_fingerprint": leaf.authority.root.sha256,
    }


def _describe_link(link: Link) -> dict[str, Any]:
    return {
        "from": link.client,
        "to": link.broker,
        "via": link.via,
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
