"""Names of everything, composed from prefix, code, environment and instance, never from order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from settings.model import Settings

KUBERNETES_NAME_LENGTH = 63
"""DNS label; ConfigMaps and Secrets may be longer, AIO's own resources may not."""

STACK_TAG = "edge-stamps-stack"
"""Tag of every resource group, by which one that a killed run was creating is told from somebody else's."""


def stack_tag(settings: Settings) -> str:
    """Return what no other stack may have: its names in Azure are made of it."""
    return f"{settings.prefix}-{settings.environment}-{settings.instance}"


def admin_username(prefix: str, code: str) -> str:
    """Return the administrator of a cluster's node."""
    return f"{prefix}{code}"


def arc_proxy_port(code: str) -> int:
    """Return a local port, 10000-56655: the code as a base-36 number, unique as codes start with a letter."""
    return 10000 + int(code, 36)


def name_disconnect_role(connected_cluster: str, guid: str) -> str:
    """Return a role name that is unique in the tenant, where another subscription may have a cluster of this name."""
    return f"Disconnect {connected_cluster} from Azure Arc ({guid[:8]})"


def link_name(client: str, broker: str) -> str:
    """Name of a link; a rule sees to it that no two are the same."""
    return f"{client}-to-{broker}"


def dataflow_names(broker: str, topics: list[tuple[str, str]]) -> list[str]:
    """Return a name per (source, destination): readable where the source allows it, else with part of a hash."""
    sources = [source for source, _ in topics]
    return [_dataflow_name(broker, *topic, shared=sources.count(topic[0]) > 1) for topic in topics]


def _dataflow_name(broker: str, source: str, destination: str, *, shared: bool) -> str:
    plain = f"to-{broker}-{source}"
    if not shared and len(plain) <= KUBERNETES_NAME_LENGTH and re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", source):
        return plain
    digest = sha256(f"{source}\0{destination}".encode()).hexdigest()[:5]
    dashed = re.sub(r"[^a-z0-9]+", "-", f"to-{broker}-{source}".lower())
    return f"{dashed[: KUBERNETES_NAME_LENGTH - 6].rstrip('-')}-{digest}"


def authority_names(prefix: str, environment: str, generation: int) -> Mapping[str, str]:
    """Return the common names in `Authorities`: no two of a company are alike, over generations too."""
    return {
        f"{side}_{level}": f"{prefix}-{environment}-{side}-{level}-g{generation}"
        for side in ("server", "client")
        for level in ("root", "intermediate")
    }


def listener_names(cluster: str, generation: int, pki_generation: int) -> Mapping[str, str]:
    """Return the names in a `Listener`. What carries key material is named by generation:

    AIO matches a certificate by its subject alone and reads no revocation list, so a new subject is what revokes
    (learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authentication).
    """
    return {
        "name": "default-loadbalancer",
        "service_name": "aio-broker-loadbalancer",
        "authentication_name": "cert-auth",
        "authorization_name": "links",
        "common_name": f"{cluster}-broker-g{generation}",
        "secret_name": f"broker-tls-cert-g{generation}",
        "certificate_secret": f"server-leaf-crt-g{generation}",
        "key_secret": f"server-leaf-key-g{generation}",
        "client_ca_config_map": f"client-ca-g{pki_generation}",
    }


def link_names(client: str, broker: str, generation: int, pki_generation: int) -> Mapping[str, str]:
    """Return the names in a `Link`. The endpoint keeps its name over generations: dataflows refer to it."""
    link = link_name(client, broker)
    return {
        "name": link,
        "common_name": f"{link}-g{generation}",
        "endpoint_name": f"mqtt-{broker}",
        "secret_name": f"client-secret-{broker}-g{generation}",
        "certificate_secret": f"{link}-client-leaf-crt-g{generation}",
        "key_secret": f"{link}-client-leaf-key-g{generation}",
        "intermediate_secret": f"{link}-client-intermediate-crt-g{generation}",
        "server_ca_config_map": f"server-ca-g{pki_generation}",
    }
