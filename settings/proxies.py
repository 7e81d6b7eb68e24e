"""What the settings say of a proxy, and what is never sent to one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from settings.addressing import RESERVED_NETWORKS
from settings.fields import refused
from settings.well_known import K3S_POD_NETWORK, K3S_SERVICE_NETWORK

_HOST = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
_URL = re.compile(rf"http://(?P<host>{_HOST}):(?P<port>[1-9]\d{{0,4}})")
_PAST_IT = re.compile(rf"\.?{_HOST}(/\d{{1,2}})?")
_SHAPE = "http://<host>:<port>, in lower case"
WHY_NO_CERTIFICATE = (
    "Azure IoT Operations does not support proxies that require a trusted certificate, so neither https:// ones nor"
    " those that open TLS (learn.microsoft.com/azure/iot-operations/deploy-iot-ops/howto-prepare-cluster)"
)
NEVER = (
    "localhost",
    "127.0.0.1",
    "127.0.0.0/8",
    str(K3S_POD_NETWORK),
    str(K3S_SERVICE_NETWORK),
    "kubernetes.default.svc",
    ".svc.cluster.local",
    ".svc",
    "169.254.169.254",
    "168.63.129.16",
)
"""What no node asks a proxy for: itself, its cluster, and Azure's own on the machine, as one tool or another reads it.

learn.microsoft.com/azure/azure-arc/kubernetes/quickstart-connect-cluster, --proxy-skip-range; 169.254.169.254: AIO's
page above."""


def _proxy_url(text: str) -> str:
    if "@" in text:
        reason = "whoever may read the node's Run Commands would read them; let the proxy know the node by its address"
        raise refused(f"{_SHAPE}, without user name and password", reason, "http://proxy.example.com:3128", hide=True)
    if urlsplit(text).scheme != "http":
        raise refused(_SHAPE, WHY_NO_CERTIFICATE if text.startswith("https:") else "")
    found = _URL.fullmatch(text)
    if not found or int(found["port"]) > 65535:
        raise refused(_SHAPE)
    for network, owner in RESERVED_NETWORKS.items():
        if (address := _read_address(found["host"])) and address in network:
            raise refused(f"{_SHAPE}, of a host outside {network}, which is for {owner}")
    return text


def _past_proxy(text: str) -> str:
    is_network = "/" in text and _read_network(text) is None
    if not _PAST_IT.fullmatch(text) or is_network:
        raise refused("a host, a domain that begins with a dot, an IPv4 address, or a network in CIDR notation")
    return text


def is_past_proxy(host: str, no_proxy: Iterable[str]) -> bool:
    """Return whether a host is reached without the proxy: by its name, domain, address, or the network of that."""
    address = _read_address(host)
    return any(
        host == one.lstrip(".")
        or host.endswith(f".{one.lstrip('.')}")
        or (address is not None and (network := _read_network(one)) is not None and address in network)
        for one in no_proxy
    )


def _read_address(host: str) -> IPv4Address | None:
    try:
        return IPv4Address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return None


def _read_network(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text)
    except ValueError:
        return None


ProxyUrl = Annotated[str, AfterValidator(_proxy_url)]
PastProxy = Annotated[str, AfterValidator(_past_proxy)]
