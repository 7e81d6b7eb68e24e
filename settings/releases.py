"""AIO releases as data: the one place for extension versions, release trains and API versions.

Source: Azure/digital-ops-scale-kit, workspaces/iot-operations/parameters/aio-releases/*.yaml (August 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

K3S_OLDEST, K3S_NEWEST = "v1.31.1+k3s1", "v1.35.9+k3s1"
"""The oldest that Microsoft has validated AIO with, and the newest that was tried here: a release of 2026-09-30
(learn.microsoft.com/azure/iot-operations/deploy-iot-ops/overview-deploy, Supported environments)."""


@dataclass(frozen=True)
class Release:
    """Versions that were released together; all trains are `stable`."""

    name: str
    aio_version: str
    iot_operations_api: str
    device_registry_api: str
    cert_manager_version: str
    secret_store_version: str
    train: str = "stable"
    connected_cluster_api: str = "2024-12-01-preview"
    """First version with oidcIssuerProfile and securityProfile; AIO releases do not prescribe one."""
    cert_manager_settings: Mapping[str, str] = field(default_factory=dict)
    aio_settings: Mapping[str, str] = field(default_factory=dict)
    """`{suffix}` stands for five characters of the cluster's own."""
    opcua_connector_version: str | None = None
    """None: the extension brings its OPC UA connector along."""
    k3s_version: str = K3S_NEWEST
    """What a cluster gets whose settings do not say; no release of AIO prescribes one."""


_SECRET_TARGETS_OFF = {
    "trust-manager.secretTargets.enabled": "false",
    "trust-manager.secretTargets.authorizedSecretsAll": "false",
}
_APPLICATION_URI = {"connectors.values.securityPki.applicationUri": "urn:microsoft.com:aio:opc:ua:broker:{suffix}"}
_OPC_UA = {**_APPLICATION_URI, "connectors.values.securityPki.subjectName": "CN=aio-opc-opcuabroker-{suffix}"}
_WASM_GRAPH_TRUST = {
    "dataFlows.values.wasmGraphController.mqttBroker.caCertConfigMapRef": "azure-iot-operations-aio-ca-trust-bundle",
    "dataFlows.values.wasmGraphController.mqttBroker.caCertFileName": "ca.crt",
}

RELEASES: Mapping[str, Release] = {
    release.name: release
    for release in (
        Release("2512", "1.2.154", "2025-10-01", "2025-10-01", "0.7.0", "1.1.5"),
        Release("2602", "1.2.189", "2025-10-01", "2025-10-01", "0.9.0", "1.1.6"),
        Release("2603", "1.3.38", "2026-03-01", "2026-04-01", "0.10.2", "1.3.0", aio_settings=_APPLICATION_URI),
        Release("2604", "1.3.70", "2026-03-01", "2026-04-01", "0.11.0", "1.4.0", aio_settings=_APPLICATION_URI),
        Release("2605", "1.3.105", "2026-03-01", "2026-04-01", "0.12.0", "1.4.1", aio_settings=_OPC_UA),
        Release("2606", "1.3.137", "2026-03-01", "2026-04-01", "0.13.3", "1.5.0", aio_settings=_OPC_UA),
        Release(
            "2607", "1.4.41", "2026-07-01", "2026-04-01", "0.14.0", "1.5.1",
            cert_manager_settings=_SECRET_TARGETS_OFF,
            aio_settings=_OPC_UA,
        ),
        Release(
            "2608", "1.4.73", "2026-07-01", "2026-04-01", "1.0.0", "1.5.2",
            cert_manager_settings=_SECRET_TARGETS_OFF,
            aio_settings={**_OPC_UA, **_WASM_GRAPH_TRUST},
            opcua_connector_version="1.4.10",
        ),
    )
}  # fmt: skip

DEFAULT_RELEASE = "2608"


@dataclass(frozen=True)
class NodeTools:
    """Software that the node scripts install, pinned; checksums are of the file that is downloaded."""

    k3s_install_commit: str
    """Commit of k3s-io/k3s whose install.sh is run."""
    k3s_install_sha256: str
    azure_cli_version: str
    """Debian package version without the distribution suffix."""
    connectedk8s_version: str
    """Version of the Azure CLI extension `connectedk8s`."""
    arc_agent_version: str
    """Debian package version of `azcmagent`, for a machine that has none."""

    def list_parameters(self, k3s_version: str, k3s_sha256: str | None) -> dict[str, str]:
        """Return the parameters of nodes/software.sh, by which a node and an image of one have the same."""
        return {**self.list_k3s_parameters(k3s_version, k3s_sha256), **self.list_cli_parameters()}

    def list_k3s_parameters(self, k3s_version: str, k3s_sha256: str | None) -> dict[str, str]:
        """Return those of K3s, which every node has."""
        return {
            "K3S_VERSION": k3s_version,
            **({"K3S_SHA256": k3s_sha256} if k3s_sha256 else {}),
            "K3S_INSTALL_COMMIT": self.k3s_install_commit,
            "K3S_INSTALL_SHA256": self.k3s_install_sha256,
        }

    def list_cli_parameters(self) -> dict[str, str]:
        """Return those of the Azure CLI, which the node needs that connects its cluster."""
        return {
            "AZURE_CLI_VERSION": self.azure_cli_version,
            "CONNECTEDK8S_VERSION": self.connectedk8s_version,
        }


NODE_TOOLS = NodeTools(
    # Commit of tag v1.35.5+k3s1; install.sh is the same file in v1.35.3 to v1.35.9 and installs any version. The
    # checksum is what independent projects pin for it; to check: sha256sum of
    # https://raw.githubusercontent.com/k3s-io/k3s/<commit>/install.sh
    k3s_install_commit="6a4781ad53ee5cad273bedcd9462ae36ac97d798",
    k3s_install_sha256="8598e002e61d658fed7b7542fc6d2c66d8da6eae69e088830105d2ee1ffb6d91",
    # What microsoft/edge-ai's blueprint runs; minimum of connectedk8s is 2.70.0.
    azure_cli_version="2.88.0",
    # Azure/azure-cli-extensions#9818 (April 2026).
    connectedk8s_version="1.11.1",
    # Of packages.microsoft.com/ubuntu/24.04/prod, suite noble; Run Command asks for 1.33 or newer.
    arc_agent_version="1.60.03293.809",
)
"""The one set of node software; another one needs a run of the node tests and of one real node."""
