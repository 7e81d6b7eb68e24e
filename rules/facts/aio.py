"""What AIO makes in a cluster, and under which names its parts find each other.

The templates of all API versions (instance-2025-10-01, -2026-03-01, -2026-07-01.bicep) agree in these.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from rules.facts.fact import Fact, Source

_READ, _READ_MQTT = date(2026, 11, 26), date(2026, 11, 28)
_EDGE_AI = "microsoft/edge-ai, src/100-edge/110-iot-ops/bicep/modules"
_TEMPLATES = "Azure/digital-ops-scale-kit, workspaces/iot-operations/templates"
_INSTANCE = f"{_TEMPLATES}/aio/modules/instance-2026-07-01.bicep"

NAMESPACE = Fact("azure-iot-operations", Source(f"{_TEMPLATES}/aio/instance.bicep", "clusterNamespace", _READ))
POD_SECURITY: Fact[Mapping[str, str]] = Fact(
    {"enforce": "privileged", "audit": "restricted", "warn": "restricted"},
    Source(
        "kubernetes.io/docs/concepts/security/pod-security-admission",
        "labels of a namespace; no page of learn.microsoft.com/azure/iot-operations names a level that AIO's pods pass",
        date(2026, 11, 28), primary=False,
    ),
)  # fmt: skip
"""Mode -> level of Pod Security admission in AIO's namespace; enforced is only what lets every pod in."""
API_GROUPS: Fact[frozenset[str]] = Fact(
    frozenset({
        "iotoperations.azure.com", "mqttbroker.iotoperations.azure.com", "connectivity.iotoperations.azure.com",
        "akri.microsoft.com", "deviceregistry.microsoft.com", "namespaces.deviceregistry.microsoft.com",
        "secret-sync.x-k8s.io", "secrets-store.csi.x-k8s.io",
    }),
    Source(
        "Azure/azure-iot-ops-cli-extension, azext_edge/edge/providers/edge_api",
        "group of each EdgeResourceApi: meta, mq, dataflow, akri, deviceregistry, secretstore", date(2026, 11, 28),
    ),
)  # fmt: skip
"""Of the kinds that AIO and secret sync bring."""
CERT_MANAGER_NAMESPACE = Fact(
    "cert-manager", Source(f"{_TEMPLATES}/aio/enablement.bicep", "certManagerExtension.properties.scope", _READ)
)
SECRET_SYNC_SERVICE_ACCOUNT = Fact(
    "aio-ssc-sa", Source(f"{_TEMPLATES}/common/extension-names.bicep", "aioSecretSyncServiceAccountName", _READ)
)
DATAFLOW_SERVICE_ACCOUNT = Fact(
    "aio-dataflow",
    Source(
        "Azure/azure-iot-ops-cli-extension, azext_edge/edge/providers/orchestration/resources/instances.py",
        "SERVICE_ACCOUNT_DATAFLOW", _READ,
    ),
)  # fmt: skip
SECRET_SYNC_CREDENTIAL = Fact(
    "aio-sse-ficred",
    Source(f"{_EDGE_AI}/iot-ops-instance-post.bicep", "sseFedCred", _READ),
)
"""Of the federated credential of secret sync's identity."""
DATAFLOW_CREDENTIAL = Fact(
    "aio-instance-ficred",
    Source(f"{_EDGE_AI}/iot-ops-instance-post.bicep", "aioFedCred", _READ),
)
BROKER_SERVICE = Fact("aio-broker", Source(_INSTANCE, "MQTT_SETTINGS.brokerListenerServiceName", _READ))
"""Kubernetes Service of the default listener."""
BROKER_PORT = Fact(18883, Source(_INSTANCE, "MQTT_SETTINGS.brokerListenerPort", _READ))
BROKER_AUDIENCE = Fact("aio-internal", Source(_INSTANCE, "MQTT_SETTINGS.serviceAccountAudience", _READ))
"""Of the service account tokens that AIO's own parts connect with."""
_MQTT = "learn.microsoft.com/azure/iot-operations/reference/mqtt-support"
LARGEST_PACKET_MIB = Fact(
    {"Tiny": 4, "Low": 16, "Medium": 64, "High": 256},
    Source(_MQTT, "Maximum packet size; the REST API's most for maxPacketSizeBytes, 268435456, is 256 MiB", _READ_MQTT),
)
"""Memory profile -> the largest packet of a client; with `maxPacketSizeBytes` the smaller one counts."""
RECEIVE_MAXIMUM = Fact(100, Source(_MQTT, "Receive maximum: not configurable", _READ_MQTT))
"""So many unacknowledged messages a broker takes from one client."""
CLIENT_ID_WILDCARD = Fact(
    "*",
    Source(
        "learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authorization",
        "Further limit access based on client ID: client IDs must start with", _READ,
    ),
)  # fmt: skip
"""Stands for the rest of a client id in `clientIds`."""
CERTIFICATE_ISSUER = Fact("azure-iot-operations-aio-certificate-issuer", Source(_INSTANCE, "ISSUER_NAME", _READ))
"""ClusterIssuer that AIO makes when its trust source is SelfSigned."""
TRUST_CONFIG_MAP = Fact("azure-iot-operations-aio-ca-trust-bundle", Source(_INSTANCE, "TRUST_CONFIG_MAP", _READ))
TRUST_KEY = Fact("ca.crt", Source(_INSTANCE, "TRUST_CONFIG_MAP_KEY", _READ))
"""Key in AIO's own trust ConfigMap. AIO reads every key of another one; the stack keeps to this name."""
