"""How K3s joins the server of another machine, as an agent.

docs.k3s.io/cli/agent and docs.k3s.io/cli/token; k3s-io/k3s, pkg/agent/config/config.go: an agent that cannot join tries
on, so that its unit never says that it has started (Type=notify), and whoever waits gives up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from rehearsal.node.calls import FOR_EVER
from rehearsal.node.machine import Machine
from rehearsal.node.tools.refusal import RefusalError

PORT = 6443
KUBECONFIG = "var/lib/rancher/k3s/agent/kubelet.kubeconfig"
_KUBELET = "apiVersion: v1\nkind: Config\nclusters: [{cluster: {server: https://127.0.0.1:6444}}]\n"


def read_token(machine: Machine, config: Mapping[str, Any], flag: str) -> str:
    """Return a digest of the token in the file that a flag names; empty without the flag.

    Raises:
        ValueError: there is no such file, for which K3s waits for minutes (pkg/util/file.go).
    """
    if flag not in config:
        return ""
    file = machine.file(config[flag])
    if not file.is_file() or not file.read_text().strip():
        raise ValueError(f"open {config[flag]}: no such file or directory")
    return hashlib.sha256(file.read_text().strip().encode()).hexdigest()


def join(machine: Machine, config: Mapping[str, Any]) -> None:
    """Join the server of the configuration.

    Raises:
        ValueError: the configuration names no server, or no token.
        RefusalError: it is not there, or does not take the token: the start never ends.
    """
    facts = machine.facts["k3s"]
    if "server" not in config or "token-file" not in config:
        raise ValueError("--token is required" if "server" in config else "--server is required")
    if "node-name" not in config:
        raise ValueError("the model of an agent has no host name of its own; give --node-name, or extend k3s_agent.py")
    token, url = read_token(machine, config, "token-file"), urlsplit(config["server"])
    server = machine.azure.find_server(str(url.hostname)) if url.port == PORT else None
    if server is None or token not in server.tokens:
        why = "connection refused" if server is None else "401 Unauthorized"
        raise RefusalError(
            1, f"failed to get CA certs: https://{url.hostname}:{url.port}/cacerts: {why}", took=FOR_EVER
        )
    if not machine.azure.register_node(server.node, config["node-name"]):
        why = "Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match"
        raise RefusalError(1, why, took=FOR_EVER)  # pkg/agent/config/config.go
    facts.update(joined=server.node, node_name=config["node-name"])
    machine.file(KUBECONFIG).write_text(_KUBELET, 0o600)


def has_joined(machine: Machine) -> bool:
    """Return whether its agent runs, in the cluster of a server that is there."""
    facts = machine.facts.get("k3s", {})
    url = urlsplit(str(facts.get("config", {}).get("server", "")))
    server = machine.azure.find_server(str(url.hostname)) if facts.get("running") and facts.get("joined") else None
    return server is not None and server.node == facts["joined"]
