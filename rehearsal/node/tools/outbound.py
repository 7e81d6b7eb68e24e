"""Whether a tool gets out of its node: straight, or through the proxy that is the only way there.

Which of the variables a tool reads: curl(1), ENVIRONMENT; Debian/apt, apt-pkg/contrib/proxy.cc and methods/basehttp.cc;
psf/requests, utils.py, get_environ_proxies and should_bypass_proxies; golang/net, http/httpproxy.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network
from urllib.parse import urlsplit

from rehearsal.node.machine import Machine

_LOCAL = tuple(map(IPv4Network, ("127.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32")))
"""What only the node itself reaches: its own, and Azure's on the machine."""


def choose_proxy(url: str, environment: Mapping[str, str], *, small_only: bool = False) -> str:
    """Return the proxy that a tool asks for the address; empty where it goes there by itself.

    Args:
        url: where to.
        environment: of the tool.
        small_only: it does not read the names in capitals.
    """
    scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
    # curl reads HTTP_PROXY in small letters alone, and all others do read them first
    names = [f"{scheme}_proxy", *([] if small_only else [f"{scheme.upper()}_PROXY"])]
    exceptions = [environment.get("no_proxy", ""), *([] if small_only else [environment.get("NO_PROXY", "")])]
    if is_exception(host, next(filter(None, exceptions), "")):
        return ""
    return next((environment[name] for name in names if environment.get(name)), "")


def is_exception(host: str, no_proxy: str) -> bool:
    """Return whether the host is one of those that are reached without a proxy."""
    address = _read_address(host)
    for one in filter(None, no_proxy.replace(" ", "").split(",")):
        with suppress(ValueError):
            if address and address in IPv4Network(one):
                return True
        if host == one.lstrip(".") or host.endswith(f".{one.lstrip('.')}"):
            return True
    return False


def gets_out(machine: Machine, url: str, proxy: str) -> bool:
    """Return whether something on the node that asks this proxy, or none, has an answer."""
    address = _read_address(urlsplit(url).hostname or "")
    if address and (address.is_private or any(address in network for network in _LOCAL)):
        return not proxy  # no proxy reaches it
    only = dict(zip(("http", "https"), machine.proxies or ("", ""), strict=True))
    return proxy == only[urlsplit(url).scheme]


def _read_address(host: str) -> IPv4Address | None:
    try:
        return IPv4Address(host)
    except ValueError:
        return None
