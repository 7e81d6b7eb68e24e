"""What scripts may leave on a node, and what they may reach: whatever is not here is surplus.

Paths are without the first `/`. `*` stands for a part of one name in a path, and for any part of an address. What the
project makes carries the project's name.
"""

from __future__ import annotations

from datetime import date

from rules.facts.fact import Fact, Source

_READ = date(2026, 11, 27)
_HIERARCHY = "specifications.freedesktop.org/fhs/latest (3.0)"
_K3S = "k3s-io/docs, docs"

LIMITS = Fact("etc/sysctl.d/*-edge-stamps.conf", Source("systemd/systemd, man/sysctl.d.xml", "Synopsis", _READ))
_SOURCES_LIST = Source(
    "Debian/apt, doc/sources.list.5.xml",
    "Signed-By, DEB822-style format; as public pages quote it",
    _READ,
    primary=False,
)
KEYRING = Fact("etc/apt/keyrings/edge-stamps-*", _SOURCES_LIST)
SOURCES = Fact("etc/apt/sources.list.d/edge-stamps-*.sources", _SOURCES_LIST)
APT_PROXY = Fact(
    "etc/apt/apt.conf.d/*-edge-stamps-proxy",
    Source("Debian/apt, doc/apt.conf.5.xml", "DESCRIPTION: the APT_CONFIG::Dir::Etc::Parts directory; not opened",
           date(2026, 11, 29), primary=False),
)  # fmt: skip
K3S_DROPIN = Fact(
    "etc/systemd/system/k3s*.service.d/*-edge-stamps*.conf",
    Source("systemd/systemd, man/systemd.unit.xml", "foo.service.d/; not opened", _READ, primary=False),
)
K3S_UNIT = Fact(
    "etc/systemd/system/k3s*.service",
    Source("k3s-io/k3s, install.sh at 0136cf25", "create_systemd_service_file", _READ),
)
K3S_BINARY = Fact(
    "usr/local/bin/k3s",
    Source("k3s-io/k3s, install.sh at 0136cf25", "setup_env: BIN_DIR", date(2026, 11, 29)),
)
K3S_ENVIRONMENT = Fact(
    "etc/systemd/system/k3s*.service.env",
    Source("k3s-io/k3s, install.sh at 0136cf25", "create_env_file", _READ),
)
K3S_CONFIG = Fact(
    "etc/rancher/k3s/config.yaml.d/*-edge-stamps*.yaml",
    Source(f"{_K3S}/installation/configuration.md", "Configuration File", _READ),
)
K3S_AUDIT_POLICY = Fact(
    "etc/rancher/k3s/edge-stamps-audit-policy.yaml",
    Source(f"{_K3S}/security/hardening-guide.md", "API Server audit configuration; the place is ours",
           date(2026, 11, 28)),
)  # fmt: skip
K3S_TOKEN = Fact(
    "etc/rancher/k3s/edge-stamps-agent-token",
    Source(f"{_K3S}/cli/token.md", "Agent; the place is ours", date(2026, 11, 29)),
)
KUBELET_CONFIG = Fact(
    "var/lib/rancher/k3s/agent/kubelet.kubeconfig",
    Source("k3s-io/k3s, pkg/agent/config/config.go", "kubeconfigKubelet", date(2026, 11, 29), primary=False),
)
KUBECONFIG = Fact("etc/rancher/k3s/k3s.yaml", Source(f"{_K3S}/cluster-access.md", "first paragraph", _READ))
"""The one file that holds a private key: the administrator's."""
COMMANDS = Fact("usr/local/sbin/edge-stamps-*", Source(_HIERARCHY, "4.9 /usr/local : Local hierarchy", _READ))
NODES = Fact("var/lib/edge-stamps/nodes/*", Source(_HIERARCHY, "5.8 /var/lib : Variable state information", _READ))
STATE = Fact("var/lib/edge-stamps/*", Source(_HIERARCHY, "5.8 /var/lib : Variable state information", _READ))
LOCKS = Fact("run/edge-stamps/*.lock", Source(_HIERARCHY, "3.15 /run : Run-time variable data", _READ))

AZ_PYTHON = Fact(
    "opt/az/bin/python3",
    Source("Azure/azure-cli, scripts/release/debian/prepare.sh", "usr/bin/az; not opened", date(2026, 11, 29),
           primary=False),
)  # fmt: skip
K3S_IMAGES = Fact(
    "var/lib/rancher/k3s/agent/images/k3s-airgap-images-*.tar.zst",
    Source(f"{_K3S}/installation/airgap.md", "Prepare the Images Directory", date(2026, 11, 29), primary=False),
)

FILES = (AZ_PYTHON, LIMITS, KEYRING, SOURCES, APT_PROXY, K3S_DROPIN, K3S_UNIT, K3S_BINARY, K3S_ENVIRONMENT, K3S_CONFIG,
         K3S_AUDIT_POLICY, K3S_IMAGES, K3S_TOKEN, KUBELET_CONFIG, KUBECONFIG, COMMANDS, NODES, STATE,
         LOCKS)  # fmt: skip
"""Every file beside those of the image."""
OF_THE_IMAGE = frozenset({"etc/os-release", "etc/machine-id"})
"""Of its files, those that a rehearsed node has."""

MICROSOFT_PACKAGES = Fact(
    "https://packages.microsoft.com/*", Source("learn.microsoft.com/linux/packages", "the whole", _READ)
)
K3S_INSTALLER = Fact(
    "https://raw.githubusercontent.com/k3s-io/k3s/*/install.sh",
    Source(f"{_K3S}/installation/configuration.md", "Configuration with install script", _READ),
)
K3S_RELEASES = Fact(
    "https://github.com/k3s-io/k3s/releases/download/*",
    Source("k3s-io/k3s, install.sh at 0136cf25", "download_binary, download_hash", date(2026, 11, 29)),
)
K3S_SERVER = Fact(
    "https://127.0.0.1:6443",
    Source(f"{_K3S}/cluster-access.md", "field server; its value from transcripts", _READ, primary=False),
)
KUBELET_SERVER = Fact(
    "https://127.0.0.1:6444",
    Source(f"{_K3S}/cli/agent.md", "--lb-server-port", date(2026, 11, 29), primary=False),
)
"""The agent's own load balancer in front of its servers."""
K3S_TOKENS = Fact(
    "https://kubernetes.default.svc.cluster.local",
    Source("k3s-io/k3s, pkg/daemons/control/server.go", "apiServer: service-account-issuer", _READ),
)

MANAGEMENT = Fact(
    "https://management.azure.com/",
    Source("learn.microsoft.com/rest/api/azure", "Request URI: the global service", date(2026, 11, 29)),
)
"""Whose clock a node asks for."""

K3S_PING = Fact(
    "https://*:6443/ping",
    Source("k3s-io/k3s, pkg/server/handlers/router.go", "/ping", date(2026, 11, 29), primary=False),
)
"""Who answers whether a server is there, before anybody has a token."""

DOWNLOADS = (MICROSOFT_PACKAGES, K3S_INSTALLER, K3S_RELEASES, MANAGEMENT, K3S_PING)
"""Every address that a script fetches from."""
NAMED = (*DOWNLOADS, K3S_SERVER, KUBELET_SERVER, K3S_TOKENS)
"""Every address that a file may name, beside the issuer that Arc has given the cluster."""

VARIABLES = frozenset(
    {
        *("HOME", "KUBECONFIG", "DEBIAN_FRONTEND", "NEEDRESTART_SUSPEND", "SCRIPT_RUN", "MACHINE_ID", "LC_CTYPE"),
        *("AZURE_CORE_COLLECT_TELEMETRY", "AZURE_CORE_ONLY_SHOW_ERRORS", "AZURE_EXTENSION_USE_DYNAMIC_INSTALL"),
        *("PIP_NO_INDEX", "PIP_FIND_LINKS"),
        *("INSTALL_K3S_SKIP_DOWNLOAD", "INSTALL_K3S_FORCE_RESTART"),
    }
)
"""Every variable that a script may set for its tools, beside the parameters that it reads.

LC_CTYPE is Python's, for what it starts (PEP 538). Whatever is not here may steer a tool as no rehearsal has seen:
PIP_INDEX_URL, GITHUB_URL and AZURE_CLI_DISABLE_CONNECTION_VERIFICATION do.
"""
PROXY_PARAMETERS = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""Parameters that name a node's proxy; a script that has them may set the same in small letters."""
