"""Names of everything, composed from prefix, code, environment and instance, never from order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from settings.model import Settings
from settings.schema import StackSection

KUBERNETES_NAME_LENGTH = 63
"""DNS label; ConfigMaps and Secrets may be longer, AIO's own resources may not."""

STACK_TAG = "edge-stamps-stack"
"""Tag of every resource group, by which one that a killed run was creating is told from somebody else's."""


def stack_tag(stack: Settings | StackSection) -> str:
    """Return what no other stack may have: its names in Azure are made of it."""
    return f"{stack.prefix}-{stack.environment}-{stack.instance}"


COMMON_NAME_LENGTH = 64
"""ub-common-name (RFC 5280, appendix A.1)."""


def _name_leaf(stack: Settings | StackSection, name: str) -> str:
    """Return the common name of a leaf: it tells the stack where others may ask the same CA.

    No part of a name has two dashes in a row, so that no other stack and leaf come out the same.
    """
    return f"{stack_tag(stack)}--{name}" if stack.pki.has_external_ca else name


def _environment(stack: Settings | StackSection) -> str:
    """Return what stands in the common name of an authority, with the instance where others may ask the same CA."""
    return f"{stack.environment}-{stack.instance}" if stack.pki.has_external_ca else stack.environment


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


def authority_names(stack: Settings | StackSection, generation: int) -> Mapping[str, str]:
    """Return the common names in `Authorities`: no two of a company are alike, over generations too."""
    owner = f"{stack.prefix}-{_environment(stack)}"
    return {
        "client_root": f"{owner}-client-root-g{generation}",
        "client_intermediate": f"{owner}-client-intermediate-g{generation}",
    }


def client_ca_config_map(authority: int) -> str:
    """Return the ConfigMap with the client root of a generation."""
    return f"client-ca-g{authority}"


def count_generation(own: int, authority: int) -> int:
    """Return the generation of a leaf, which rises with its own setting and with that of the authorities."""
    return own + authority - 1


def server_authority_names(stack: Settings | StackSection, code: str, generation: int) -> Mapping[str, Any]:
    """Return the common names of a broker's own authority."""
    owner = f"{stack.prefix}{code}-{_environment(stack)}"
    return {
        "root_name": f"{owner}-server-root-g{generation}",
        "intermediate_name": f"{owner}-server-intermediate-g{generation}",
    }


def listener_names(stack: Settings | StackSection, cluster: str, generation: int, authority: int) -> Mapping[str, Any]:
    """Return the names in a `Listener`. What carries key material is named by generation:

    AIO matches a certificate by its subject alone and reads no revocation list, so a new subject is what revokes
    (learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authentication).
    """
    return {
        "name": "default-loadbalancer",
        "service_name": "aio-broker-loadbalancer",
        "authentication_name": "cert-auth",
        "authorization_name": "links",
        "common_name": _name_leaf(stack, f"{cluster}-broker-g{generation}"),
        "secret_name": f"broker-tls-cert-g{generation}",
        "certificate_secret": f"server-leaf-crt-g{generation}",
        "key_secret": f"server-leaf-key-g{generation}",
        "client_ca_config_map": client_ca_config_map(authority),
        "server_ca_config_map": server_ca_config_map(cluster, generation),
    }


def server_ca_config_map(cluster: str, generation: int) -> str:
    """Return the ConfigMap with the root of a broker's generation."""
    return f"server-ca-{cluster}-g{generation}"


def link_names(stack: Settings | StackSection, client: str, broker: str, generation: int) -> Mapping[str, Any]:
    """Return the names in a `Link`. The endpoint keeps its name over generations: dataflows refer to it."""
    link = link_name(client, broker)
    return {
        "name": link,
        "common_name": _name_leaf(stack, f"{link}-g{generation}"),
        "endpoint_name": f"mqtt-{broker}",
        "secret_name": f"client-secret-{broker}-g{generation}",
        "certificate_secret": f"{link}-client-leaf-crt-g{generation}",
        "key_secret": f"{link}-client-leaf-key-g{generation}",
        "intermediate_secret": f"{link}-client-intermediate-crt-g{generation}",
    }


CLIENT_TRUST = "-link-authentication"
"""End of the logical name of a broker's authentication, by which the stack's state is read."""
ENDPOINT = "-endpoint"
"""The same of a link's endpoint."""
PROVE = "prove-"
"""Begin of the name of a script that connects with new keys; the rotation follows."""
SETTLE = "settle-"
"""The same of a script that sees a site's dataflows use new keys."""
SUCCEEDED = "-succeeded"
"""End of the logical name of what is made of a script's success, where Azure does not tell that."""
