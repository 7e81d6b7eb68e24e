"""AIO releases: which versions belong together, and what a release sends beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from rules.facts import aio
from rules.facts.extensions import AIO, CERT_MANAGER, SECRET_STORE
from rules.facts.fact import Fact, Source

_READ = date(2026, 11, 26)
_SCALE_KIT = "Azure/digital-ops-scale-kit, workspaces/iot-operations"

CONNECTED_CLUSTER_API = Fact(
    "2024-12-01-preview",
    Source("microsoft/edge-ai, src/100-edge/110-iot-ops/terraform/modules/iot-ops-init/main.tf", "line 11", _READ),
)
"""Of Microsoft.Kubernetes/connectedClusters, with issuer and workload identity. No release prescribes one."""


@dataclass(frozen=True)
class Release:
    """One row; the train is `stable` in every one."""

    name: str
    aio: str
    iot_operations_api: str
    device_registry_api: str
    cert_manager: str
    secret_store: str
    train: str = "stable"
    cert_manager_settings: Mapping[str, str] = field(default_factory=dict)
    """Beside those that every release sends."""
    aio_settings: Mapping[str, str] = field(default_factory=dict)
    opcua_connector: str | None = None
    """Version of the OPC UA connector template that the release creates, if it creates one."""

    @property
    def source(self) -> Source:
        """Return the row's file."""
        return Source(f"{_SCALE_KIT}/parameters/aio-releases/{self.name}.yaml", "whole file", _READ)

    @property
    def versions(self) -> Mapping[str, str]:
        """Return the version of each extension, by its type."""
        return {CERT_MANAGER.type: self.cert_manager, SECRET_STORE.type: self.secret_store, AIO.type: self.aio}

    @property
    def settings(self) -> Mapping[str, Mapping[str, str]]:
        """Return the settings of each extension, by its type."""
        return {
            CERT_MANAGER.type: {**CERT_MANAGER.settings, **self.cert_manager_settings},
            SECRET_STORE.type: SECRET_STORE.settings,
            AIO.type: {**AIO.settings, **self.aio_settings},
        }

    @property
    def apis(self) -> Mapping[str, str]:
        """Return the API version of each module of azure-native whose default will not do."""
        return {
            "iotoperations": self.iot_operations_api,
            "deviceregistry": self.device_registry_api,
            "kubernetes": CONNECTED_CLUSTER_API.value,
        }


# Keys and values: templates/aio/modules/instance-*.bicep of the same repository. Which release sends which: its
# workspace test test_security_pki_defaults_follow_released_aio_behavior.
_APPLICATION_URI = {"connectors.values.securityPki.applicationUri": "urn:microsoft.com:aio:opc:ua:broker:{suffix}"}
_OPC_UA = {**_APPLICATION_URI, "connectors.values.securityPki.subjectName": "CN=aio-opc-opcuabroker-{suffix}"}
_WASM_GRAPH_TRUST = {
    "dataFlows.values.wasmGraphController.mqttBroker.caCertConfigMapRef": aio.TRUST_CONFIG_MAP.value,
    "dataFlows.values.wasmGraphController.mqttBroker.caCertFileName": aio.TRUST_KEY.value,
}
_SECRET_TARGETS_OFF = {
    "trust-manager.secretTargets.enabled": "false",
    "trust-manager.secretTargets.authorizedSecretsAll": "false",
}

RELEASES: Mapping[str, Release] = {
    row.name: row
    for row in (
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
            opcua_connector="1.4.10",
        ),
    )
}  # fmt: skip


def of_value(read: str, kind: str, value: object) -> list[str]:
    """Return the releases whose `read` (`versions`, `apis`, `settings`) has this value for an extension or module."""
    return [name for name, row in RELEASES.items() if getattr(row, read).get(kind) == value]
