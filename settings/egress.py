"""What a cluster's node has to reach: every host with its port, who needs it, why, and where that stands.

For whoever keeps the firewall that the node stands behind. Hosts are written as their owners write them, wildcards too.
Microsoft tells no difference between releases of AIO. The stack itself closes no way out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlsplit

from settings.hosts import Proxy
from settings.model import Cluster, Settings
from settings.proxies import is_past_proxy

_READ = date(2026, 11, 29)
_ARC = "learn.microsoft.com/azure/azure-arc/kubernetes/network-requirements, Azure Cloud"
_AIO = "learn.microsoft.com/azure/iot-operations/deploy-iot-ops/overview-deploy, Azure IoT Operations endpoints"
_ACR = "learn.microsoft.com/azure/container-registry/container-registry-firewall-rules"
_VM = "learn.microsoft.com/azure/virtual-machines/extensions/features-linux, Network access"
_PLATFORM = "learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16"
_CONNECT = "AzureArcForKubernetes/connectedk8s, src/connectedk8s/azext_connectedk8s/custom.py"
_DOCKER = "docs.docker.com/desktop/setup/allow-list, Docker Pull/Push"
_GITHUB = "docs.github.com/actions/reference/runners/self-hosted-runners, Accessible domains by function"
_NO_PAGE = "no page of its owner names it: public logs of"
_BESIDE = "Azure's host, no firewall beside the node is asked"

_SERVERS = "learn.microsoft.com/azure/azure-arc/servers/network-requirements, URLs"
_ENABLE, _MACHINE_AGENT = "enable-arc.sh", "Arc agent of the machine"
_SETUP, _CONNECT_ARC, _AGENTS, _EXTENSIONS = "setup-k3s.sh", "connect-arc.sh", "Arc agents", "Arc extensions"
_K3S, _UBUNTU, _VM_AGENT, _NAMES, _ON_VM = "K3s", "Ubuntu", "Azure VM agent", "node and pods", "connect-arc.sh on a VM"
_IN_IMAGE = frozenset({_SETUP, _K3S})
"""Who needs nothing where an image of `node.image` brings what would be fetched."""

_MACHINES, _VM_ONLY, _ARC_ONLY = (
    frozenset({"azure-vm", "arc-machine"}),
    frozenset({"azure-vm"}),
    frozenset({"arc-machine"}),
)
_KINDS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys((_SETUP, _CONNECT_ARC, _K3S), _MACHINES),
    **dict.fromkeys((_UBUNTU, _VM_AGENT, _NAMES, _ON_VM), _VM_ONLY),
    **dict.fromkeys((_ENABLE, _MACHINE_AGENT), _ARC_ONLY),
}
"""Who is only on a node of these kinds; who is not here is on every cluster. Which archives the Ubuntu of a machine
that is there already asks, and who tells it names, is its owner's to know."""


@dataclass(frozen=True)
class Egress:
    """One host that a node has to reach."""

    host: str
    port: int
    protocol: str
    needed_by: str
    why: str
    source: str
    read: date | None
    """Day on which the source was read; None where the settings say it."""
    through: str | None = None
    """The proxy that the node asks for it, as `host:port`: then only that one's firewall is asked. None: no proxy."""


@dataclass(frozen=True)
class _Need:
    """Hosts, by words, that one part needs for one reason."""

    needed_by: str
    hosts: str
    """`{region}`, `{vault}` and `{storage_account}` are the cluster's own, here and in `why`."""
    why: str
    source: str
    port: int = 443
    protocol: str = "HTTPS"


_NEEDS = (
    # --- the node scripts, and what they run ---
    _Need(_SETUP, "packages.microsoft.com", "Azure CLI, and the key that signs it", "nodes/setup-k3s.sh"),
    _Need(
        _UBUNTU, "azure.archive.ubuntu.com", "security updates; apt-get of setup-k3s.sh asks every archive",
        f"{_NO_PAGE} apt-get on Ubuntu 24.04 in Azure", 80, "HTTP",
    ),
    _Need(_SETUP, "raw.githubusercontent.com", "installer of K3s", "nodes/setup-k3s.sh"),
    _Need(_SETUP, "github.com", "K3s and its checksum", "k3s-io/k3s, install.sh, GITHUB_URL"),
    _Need(_SETUP, "objects.githubusercontent.com", "github.com hands out files of releases there", _GITHUB),
    _Need(
        _SETUP, "release-assets.githubusercontent.com", "github.com hands out files of releases there",
        f"{_NO_PAGE} downloads",
    ),
    _Need(
        _SETUP, "aka.ms", "where the index of Azure CLI extensions is",
        "Azure/azure-cli, src/azure-cli-core/azure/cli/core/extension/_index.py, DEFAULT_INDEX_URL",
    ),
    _Need(
        _SETUP, "*.blob.core.windows.net", "the index and the extension: azcliextensionsync and azcliprod",
        "learn.microsoft.com/cli/azure/azure-cli-endpoints; both accounts: public logs of az extension add",
    ),
    _Need(
        _SETUP, "pypi.org files.pythonhosted.org", "Python packages that the extension connectedk8s depends on",
        "AzureArcForKubernetes/connectedk8s, src/connectedk8s/setup.py, DEPENDENCIES;"
        " learn.microsoft.com/cli/azure/azure-cli-endpoints",
    ),
    _Need(
        _CONNECT_ARC, "login.microsoftonline.com management.azure.com", "Azure CLI: login and Azure Resource Manager",
        "learn.microsoft.com/cli/azure/azure-cli-endpoints",
    ),
    _Need(_CONNECT_ARC, "mcr.microsoft.com *.data.mcr.microsoft.com", "Helm", f"{_CONNECT}, install_helm_client"),
    _Need(_CONNECT_ARC, "dl.k8s.io", "kubectl", f"{_ARC}; {_CONNECT}, install_kubectl_client"),
    _Need(
        _CONNECT_ARC, "cdn.dl.k8s.io", "dl.k8s.io hands out its files there",
        "kubernetes/k8s.io, apps/k8s-io/configmap-nginx.yaml, server dl.k8s.io",
    ),
    _Need(
        _CONNECT_ARC, "api.github.com github.com release-assets.githubusercontent.com objects.githubusercontent.com",
        "kubelogin, which az aks install-cli fetches beside kubectl",
        "Azure/azure-cli, src/azure-cli/azure/cli/command_modules/acs/custom.py, k8s_install_kubelogin",
    ),
    _Need(
        _CONNECT_ARC, "graph.microsoft.com", "object id of Custom Locations, looked up although it is given",
        f"{_CONNECT}, get_custom_locations_oid",
    ),
    _Need(
        _ON_VM, "169.254.169.254", f"tokens of the node's identity; {_BESIDE}",
        "learn.microsoft.com/azure/virtual-machines/instance-metadata-service", 80, "HTTP",
    ),
    # --- the machine ---
    _Need(
        _VM_AGENT, "168.63.129.16", f"Run Command; {_BESIDE}",
        f"{_PLATFORM}; {_VM}", 80, "HTTP",
    ),
    _Need(
        _VM_AGENT, "168.63.129.16", f"Run Command; {_BESIDE}",
        f"{_PLATFORM}; {_VM}", 32526, "HTTP",
    ),
    _Need(
        _VM_AGENT, "*.blob.windows.net *.blob.storage.azure.net",
        "extension packages; without it they come later, by way of 168.63.129.16", _VM,
    ),
    _Need(
        _NAMES, "168.63.129.16", f"names; {_BESIDE}", _PLATFORM,
        53, "DNS",
    ),
    _Need(
        _K3S, "registry-1.docker.io auth.docker.io", "images rancher/*: coredns, metrics-server and others",
        f"{_DOCKER}; k3s-io/k3s, scripts/airgap/image-list.txt",
    ),
    _Need(
        _K3S, "production.cloudflare.docker.com"
        " docker-images-prod.6aa30f8b08e16409b46e0173d6de2f56.r2.cloudflarestorage.com",
        "layers of these images", _DOCKER,
    ),
    # --- Azure Arc ---
    _Need(_AGENTS, "management.azure.com", "to connect, and to register the cluster", _ARC),
    _Need(
        _AGENTS, "{region}.dp.kubernetesconfiguration.azure.com", "to tell status and to fetch configuration",
        _ARC,
    ),
    _Need(
        _AGENTS, "login.microsoftonline.com {region}.login.microsoft.com login.windows.net",
        "tokens of Azure Resource Manager", _ARC,
    ),
    _Need(_AGENTS, "mcr.microsoft.com *.data.mcr.microsoft.com", "images of the agents", _ARC),
    _Need(_AGENTS, "gbl.his.arc.azure.com *.his.arc.azure.com", "certificates of their identity", _ARC),
    _Need(
        _AGENTS, "guestnotificationservice.azure.com *.guestnotificationservice.azure.com sts.windows.net",
        "cluster connect and the custom location", _ARC,
    ),
    _Need(
        _AGENTS, "*.servicebus.windows.net",
        "cluster connect and the custom location; guestnotificationservice.azure.com/urls/allowlist"
        "?api-version=2020-01-01&location={region} names its hosts of today",
        _ARC, protocol="HTTPS and WebSocket",
    ),
    _Need(_AGENTS, "*.arc.azure.net", "connected clusters in the Azure portal", _ARC),
    _Need(
        _AGENTS, "{region}.obo.arc.azure.com", "cluster connect, of people by their Entra group",
        f"{_ARC}; learn.microsoft.com/azure/azure-arc/kubernetes/arc-gateway-simplify-networking", 8084,
    ),
    # --- IoT Operations and what it depends on ---
    _Need(_EXTENSIONS, "linuxgeneva-microsoft.azurecr.io", "images", _ARC),
    _Need(
        _EXTENSIONS, "gcs.prod.monitoring.core.windows.net *.prod.microsoftmetrics.com"
        " *.prod.hot.ingest.monitor.core.windows.net *.prod.warm.ingest.monitor.core.windows.net",
        "health and usage of IoT Operations, cert-manager and secret store, for Microsoft",
        f"{_ARC}; {_AIO}",
    ),
    _Need("IoT Operations", "mcr.microsoft.com *.data.mcr.microsoft.com", "its images", _ARC),
    _Need("IoT Operations", "*.azurecr.io", "its images", f"{_AIO}; {_ACR}, Allow access to REST and data endpoints"),
    _Need(
        "IoT Operations", "*.blob.core.windows.net",
        "layers of images of *.azurecr.io, and the schema registry's {storage_account}.blob.core.windows.net",
        f"{_AIO}; {_ACR}, Allow access to REST and data endpoints",
    ),
    _Need("IoT Operations", "graph.windows.net", "Microsoft asks for it, and does not say why", _AIO),
    _Need("secret sync", "{vault}.vault.azure.net", "keys and certificates of the cluster", _AIO),
    _Need("secret sync", "login.microsoftonline.com", "token for the vault", _ARC),
    # --- an Arc-enabled machine ---
    _Need(_ENABLE, "packages.microsoft.com", "the agent, and the key that signs it", "nodes/enable-arc.sh"),
    _Need(_MACHINE_AGENT, "management.azure.com", "to connect the machine", _SERVERS),
    _Need(
        _MACHINE_AGENT, "login.microsoftonline.com *.login.microsoft.com pas.windows.net", "tokens of its identity",
        _SERVERS,
    ),
    _Need(_MACHINE_AGENT, "*.his.arc.azure.com", "metadata, and its identity", _SERVERS),
    _Need(_MACHINE_AGENT, "*.guestconfiguration.azure.com", "extensions, and Run Command", _SERVERS),
    _Need(
        _MACHINE_AGENT,
        "guestnotificationservice.azure.com *.guestnotificationservice.azure.com *.servicebus.windows.net",
        "notifications, and SSH over Arc", _SERVERS,
    ),
    _Need(_MACHINE_AGENT, "*.blob.core.windows.net", "extension packages", _SERVERS),
)  # fmt: skip


def list_egress(settings: Settings, cluster: Cluster) -> list[Egress]:
    """Return what the node of a cluster has to reach."""
    names = cluster.names
    own = {
        "region": cluster.location,
        "vault": names.key_vault,
        "storage_account": f"{names.storage_account_prefix}<5 random>{names.storage_account_suffix}",
    }
    needed = (need for need in _NEEDS if cluster.hosting in _KINDS.get(need.needed_by, {cluster.hosting}))
    rows = [
        row for need in needed if not (cluster.image and need.needed_by in _IN_IMAGE) for row in _fill_in(need, own)
    ]
    if cluster.proxy:
        rows = [_send_through(row, cluster.proxy) for row in rows] + _list_proxies(cluster.proxy)
    return [*rows, *_list_brokers(settings, cluster)]


def _send_through(row: Egress, proxy: Proxy) -> Egress:
    if is_past_proxy(row.host.removeprefix("*."), proxy.no_proxy):
        return row
    return replace(row, through=urlsplit(proxy.http if row.port == 80 else proxy.https).netloc)


def _list_proxies(proxy: Proxy) -> list[Egress]:
    found = [urlsplit(url) for url in dict.fromkeys((proxy.https, proxy.http))]
    why = "all that goes through it, WebSockets too"
    return [
        Egress(str(one.hostname), one.port or 80, "HTTP proxy", "proxy", why, "the settings", None) for one in found
    ]


def _fill_in(need: _Need, own: dict[str, str]) -> Iterator[Egress]:
    for host in need.hosts.format_map(own).split():
        why = need.why.format_map(own)
        yield Egress(host, need.port, need.protocol, need.needed_by, why, need.source, _READ)


def _list_brokers(settings: Settings, cluster: Cluster) -> Iterator[Egress]:
    for link in settings.links_from(cluster.name):
        listener = settings.listener_of(link)
        why = f"messages to cluster {link.broker}"
        yield Egress(listener.host, listener.port, "MQTT over TLS", f"link {link.name}", why, "the settings", None)
