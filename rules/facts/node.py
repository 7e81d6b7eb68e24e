"""What a node is made of, and the networks that K3s takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from ipaddress import IPv4Network

from rules.facts.fact import Fact, Source

_READ = date(2026, 11, 26)
_K3S_SERVER = Source("docs.k3s.io/cli/server (k3s-io/docs, docs/cli/server.md)", "Networking", _READ)

K3S_POD_NETWORK = Fact(IPv4Network("10.42.0.0/16"), _K3S_SERVER)
"""Default of --cluster-cidr."""
K3S_SERVICE_NETWORK = Fact(IPv4Network("10.43.0.0/16"), _K3S_SERVER)
"""Default of --service-cidr."""

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

TOOLS: Mapping[str, Fact[str]] = {
    "K3S_VERSION": K3S_VERSION,
    "K3S_INSTALL_COMMIT": K3S_INSTALL_COMMIT,
    "K3S_INSTALL_SHA256": K3S_INSTALL_SHA256,
    "AZURE_CLI_VERSION": AZURE_CLI_VERSION,
    "CONNECTEDK8S_VERSION": CONNECTEDK8S_VERSION,
}
"""Parameter of setup-k3s.sh -> what it is to be."""
