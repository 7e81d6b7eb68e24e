"""Bodies of a link: pure functions from settings to the `properties` of AIO resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from settings.model import Link, Listener, Topic
from settings.well_known import (
    CLIENT_ID_WILDCARD,
    LINK_KEEP_ALIVE_SECONDS,
    LINK_MESSAGES_IN_FLIGHT,
    LINK_SESSION_HOURS,
)

_READ_AS_JSON = {
    "operationType": "BuiltInTransformation",
    "builtInTransformationSettings": {
        "serializationFormat": "Json",
        "datasets": [],
        "filter": [],
        "map": [{"type": "PassThrough", "inputs": ["*"], "output": "*"}],
    },
}


def authenticate_links(listener: Listener, links: Sequence[Link]) -> dict[str, Any]:
    """Accept X.509 only; each link's live generations, and no others, get the attributes that their rules ask for.

    The subject is written with spaces, as in
    https://learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authentication.
    """
    return {
        "authenticationMethods": [
            {
                "method": "X509",
                "x509Settings": {
                    "trustedClientCaCert": listener.client_ca_config_map,
                    "authorizationAttributes": {
                        link.common_name: {
                            "subject": f"CN = {link.common_name}",
                            "attributes": _identify(link),
                        }
                        for link in links
                    },
                },
            }
        ]
    }


def authorize_links(links: Sequence[Link]) -> dict[str, Any]:
    """Allow each link to connect with its own client ids and to publish its own topics, and nothing else.

    By attribute alone: entries of `principals` are OR-ed, so a client id there would grant by itself. What follows the
    prefix in a client id is AIO's own, so every id that begins with the prefix may connect, unless the settings name
    the ids; then the probe's comes beside (https://learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authorization).
    """
    return {
        "authorizationPolicies": {
            "cache": "Enabled",
            "rules": [
                {
                    "principals": {"attributes": [_identify(link)]},
                    "brokerResources": [
                        {"method": "Connect", "clientIds": _list_client_ids(link)},
                        {"method": "Publish", "topics": sorted({topic.destination for topic in link.topics})},
                    ],
                }
                for link in links
            ],
        }
    }


def _identify(link: Link) -> dict[str, str]:
    """Return the attributes of one generation of a link.

    With its number, a generation that goes takes a rule along. Of rules alone Microsoft says that a running broker
    takes up a change, and disconnects its clients (howto-configure-authorization, "Update authorization").
    """
    return {"link": link.name, "generation": str(link.generation)}


def _list_client_ids(link: Link) -> list[str]:
    covered = any(one.endswith(CLIENT_ID_WILDCARD) for one in link.client_ids)
    return [*link.client_ids, *([] if covered else [link.probe_client_id])]


def connect_to_broker(link: Link, broker: Listener) -> dict[str, Any]:
    """Name the broker at the other end; the client certificate is the identity, only the server's root is trusted."""
    return {
        "endpointType": "Mqtt",
        "hostType": "CustomMqtt",
        "mqttSettings": {
            "host": f"{broker.host}:{broker.port}",
            "protocol": "Mqtt",
            "authentication": {
                "method": "X509Certificate",
                "x509CertificateSettings": {"secretRef": link.secret_name},
            },
            "tls": {"mode": "Enabled", "trustedCaCertificateConfigMapRef": link.server_ca_config_map},
            "clientIdPrefix": link.client_id_prefix,
            "cloudEventAttributes": "Propagate",
            "keepAliveSeconds": LINK_KEEP_ALIVE_SECONDS,
            "maxInflightMessages": LINK_MESSAGES_IN_FLIGHT,
            "qos": 1,
            "retain": "Keep",
            "sessionExpirySeconds": LINK_SESSION_HOURS * 3600,
        },
    }


def pass_through(
    topic: Topic, local: pulumi.Input[str], remote: pulumi.Input[str], *, persistent: bool
) -> dict[str, Any]:
    """Pass every message through as it is; where the settings say so, only JSON.

    A transformation reads JSON and writes JSON, so other payloads pass only without one
    (https://learn.microsoft.com/azure/iot-operations/connect-to-cloud/howto-create-dataflow, Transformation;
    howto-configure-dataflow-destination, Serialize the output).
    """
    only_json = topic.payload == "json"
    return {
        "mode": "Enabled",
        "requestDiskPersistence": "Enabled" if persistent else "Disabled",
        "operations": [
            {
                "operationType": "Source",
                "sourceSettings": {
                    "endpointRef": local,
                    "dataSources": [topic.source],
                    **({"serializationFormat": "Json"} if only_json else {}),
                },
            },
            *([_READ_AS_JSON] if only_json else []),
            {
                "operationType": "Destination",
                "destinationSettings": {"endpointRef": remote, "dataDestination": topic.destination},
            },
        ],
    }
