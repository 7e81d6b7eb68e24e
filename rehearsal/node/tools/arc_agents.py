"""Arc's agents and the proxy that they are given: values global.httpsProxy and others of their chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rehearsal.node.machine import Machine
from rehearsal.node.tools.outbound import choose_proxy, gets_out, is_exception

_MANAGEMENT = "https://management.azure.com/"
_API_SERVER = "10.43.0.1"
"""First of K3s's service network."""
_FLAGS = {"https_proxy": "--proxy-https", "http_proxy": "--proxy-http", "no_proxy": "--proxy-skip-range"}


def read_proxy(given: Mapping[str, Any]) -> dict[str, str]:
    """Return what a command line gives them, by the names of variables."""
    return {name: given[flag] for name, flag in _FLAGS.items() if given[flag]}


def do_agents_work(machine: Machine, proxy: Mapping[str, str]) -> bool:
    """Return whether they reach Azure, and past a proxy the API server of their own cluster."""
    reaches_own = not proxy.get("https_proxy") or is_exception(_API_SERVER, proxy.get("no_proxy", ""))
    return reaches_own and gets_out(machine, _MANAGEMENT, choose_proxy(_MANAGEMENT, proxy))
