"""What a node is made of, and the networks that K3s takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from ipaddress import IPv4Network

from rules.facts.fact import Fact, Source

_READ = date(2026, 11, 26)
_READ_LATER = date(2026, 11, 27)
_PREPARE = "learn.microsoft.com/azure/iot-operations/deploy-iot-ops/howto-prepare-cluster"
_K3S_SERVER = Source("docs.k3s.io/cli/server (k3s-io/docs, docs/cli/server.md)", "Networking", _READ)

K3S_POD_NETWORK = Fact(IPv4Network("10.42.0.0/16"), _K3S_SERVER)
"""Default of --cluster-cidr."""
K3S_SERVICE_NETWORK = Fact(IPv4Network("10.43.0.0/16"), _K3S_SERVER)
"""Default of --service-cidr."""

_SERVICE_LB = Source("k3s-io/k3s, pkg/cloudprovider/servicelb.go", "newDaemonSet; DefaultLBNS", date(2026, 11, 28))
SERVICE_LB_NAMESPACE = Fact("kube-system", _SERVICE_LB)
"""Of the pods that open a Service's ports on the node; k3s-io/klipper-lb, which they run, masquerades."""
SERVICE_LB_NAME = Fact("svccontroller.k3s.cattle.io/svcname", _SERVICE_LB)
"""Their label with the name of the Service."""
SERVICE_LB_OF_NAMESPACE = Fact("svccontroller.k3s.cattle.io/svcnamespace", _SERVICE_LB)
"""Their label with its namespace."""

IMAGE: Fact[Mapping[str, str]] = Fact(
    {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"},
    Source(
        "microsoft/edge-ai, src/000-cloud/051-vm-host/terraform/modules/virtual-machine/main.tf",
        "source_image_reference", _READ,
    ),
)  # fmt: skip

K3S_VERSION = Fact(
    "v1.35.9+k3s1",
    Source(
        "github.com/k3s-io/k3s/releases", "not read itself; several public projects install this release", _READ,
        primary=False,
    ),
)  # fmt: skip
K3S_INSTALL_COMMIT = Fact(
    "6a4781ad53ee5cad273bedcd9462ae36ac97d798",
    Source("github.com/k3s-io/k3s", "gitCommit that K3s v1.35.5+k3s1 reports at /version", _READ, primary=False),
)
K3S_INSTALL_SHA256 = Fact(
    "8598e002e61d658fed7b7542fc6d2c66d8da6eae69e088830105d2ee1ffb6d91",
    Source(
        "github.com/k3s-io/k3s, install.sh.sha256sum",
        "not read for this commit; public projects pin it for install.sh of v1.35.2, v1.35.3 and v1.35.5", _READ,
        primary=False,
    ),
)  # fmt: skip
AZURE_CLI_VERSION = Fact(
    "2.88.0",
    Source("microsoft/edge-ai, src/100-edge/100-cncf-cluster/scripts/deploy-script-secrets.sh",
           "AZ_CLI_INSTALL_VER", _READ),
)  # fmt: skip
CONNECTEDK8S_VERSION = Fact(
    "1.11.1",
    Source("AzureArcForKubernetes/connectedk8s, docs/release-guide.md", "step 7, past examples", _READ),
)
ARC_AGENT_VERSION = Fact(
    "1.60.03293.809",
    Source("packages.microsoft.com/ubuntu/24.04/prod", "suite noble, in a public listing of it", date(2026, 11, 29),
           primary=False),
)  # fmt: skip
"""Of the package azcmagent."""

MICROSOFT_KEY = Fact(
    "BC528686B50D79E339D3721CEB3E94ADBE1229CF",
    Source("learn.microsoft.com/linux/packages", "How to use the GPG Repository Signing Key", _READ_LATER),
)
"""Fingerprint of https://packages.microsoft.com/keys/microsoft.asc. The key of 2025 is for newer repositories only."""
KERNEL_LIMITS: Fact[Mapping[str, int]] = Fact(
    {"fs.inotify.max_user_instances": 8192, "fs.inotify.max_user_watches": 524288, "fs.file-max": 100000},
    Source(_PREPARE, "Create and Arc-enable a cluster, Ubuntu: limits of users and of file descriptors", _READ_LATER),
)
"""What a node has to allow at least."""
KERNEL_DEFAULTS: Fact[Mapping[str, int]] = Fact(
    {"fs.inotify.max_user_instances": 128, "fs.inotify.max_user_watches": 125_000, "fs.file-max": 2**63 - 1},
    Source("torvalds/linux, fs/notify/inotify/inotify_user.c", "inotify_user_setup, for 16 GiB of memory", _READ_LATER),
)
"""What Ubuntu 24.04 allows while nobody says otherwise."""
TOKEN_LIFE = Fact("24h", Source(_PREPARE, "Arc-enable your cluster: content of config.yaml", _READ_LATER))
"""Of service account tokens, at most: service-account-max-token-expiration of the API server."""
K3S_RENEWAL_DAYS = Fact(
    90,
    Source("docs.k3s.io/advanced", "Client and Server certificates", date(2026, 11, 28)),
)
"""K3s renews its own certificates, which last 365 days, only when it starts and fewer days than these are left."""
AUDIT_LIMITS: Fact[Mapping[str, int]] = Fact(
    {"audit-log-maxage": 30, "audit-log-maxbackup": 10, "audit-log-maxsize": 100},
    Source("k3s-io/docs, docs/security/hardening-guide.md", "kube-apiserver-arg, v1.29 and newer", date(2026, 11, 28)),
)
"""Days, files and megabytes of one file, at most; 0 is no limit."""
AUDIT_SENSITIVE: Fact[Mapping[str, str]] = Fact(
    {"secrets": "", "serviceaccounts/token": "", "tokenreviews": "authentication.k8s.io"},
    Source(
        "kubernetes/kubernetes, cluster/gce/gci/configure-helper.sh",
        "create-master-audit-policy: only Metadata, as they can contain sensitive data", date(2026, 11, 28),
    ),
)  # fmt: skip
"""Resource -> its API group: what of a request or its answer never belongs into a log."""

PLATFORM_SERVICES: Fact[Mapping[str, tuple[int, ...]]] = Fact(
    {"169.254.169.254": (80,), "168.63.129.16": (80, 32526)},
    Source(
        "learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16",
        "Scope of IP address 168.63.129.16: ports of WireServer; the metadata service is plain HTTP", _READ_LATER,
    ),
)  # fmt: skip
"""What hands out a machine's tokens and extension settings to whoever reaches it: address -> TCP ports."""
RESOLVER = Fact(
    "168.63.129.16",
    Source(
        "learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16",
        "Scope of IP address 168.63.129.16: DNS virtual server; not opened again for this", _READ_LATER, primary=False,
    ),
)  # fmt: skip
"""Whom a machine asks for names, and so do its pods by way of coredns."""

TOOLS: Mapping[str, Fact[str]] = {
    "K3S_INSTALL_COMMIT": K3S_INSTALL_COMMIT,
    "K3S_INSTALL_SHA256": K3S_INSTALL_SHA256,
    "AZURE_CLI_VERSION": AZURE_CLI_VERSION,
    "CONNECTEDK8S_VERSION": CONNECTEDK8S_VERSION,
}
"""Parameter of setup-k3s.sh -> what it is to be, whatever the settings say."""
