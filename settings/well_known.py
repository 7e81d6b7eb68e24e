"""Identifiers that somebody else chose and that are the same everywhere: Microsoft's, K3s' and AIO's."""

from __future__ import annotations

from ipaddress import IPv4Network

CUSTOM_LOCATIONS_APPLICATION_ID = "bc313c14-388c-4e7d-a58e-70017303ee3b"
"""Entra application of Custom Locations; its *object* id differs per tenant.

Source: learn.microsoft.com/azure/azure-arc/kubernetes/custom-locations."""
K8_BRIDGE_APPLICATION_ID = "319f651f-7ddb-4fc6-9857-7aef9250bd05"
"""Entra application "K8 Bridge", sometimes taken for Custom Locations."""

AIO_NAMESPACE = "azure-iot-operations"
AIO_API_GROUPS = (
    "iotoperations.azure.com", "mqttbroker.iotoperations.azure.com", "connectivity.iotoperations.azure.com",
    "akri.microsoft.com", "deviceregistry.microsoft.com", "namespaces.deviceregistry.microsoft.com",
    "secret-sync.x-k8s.io", "secrets-store.csi.x-k8s.io",
)  # fmt: skip
"""Kinds of AIO and of secret sync on a cluster; what they hold are names and settings, keys are in Secrets alone.

Source: Azure/azure-iot-ops-cli-extension, azext_edge/edge/providers/edge_api."""
AIO_POD_SECURITY = {"enforce": "privileged", "audit": "restricted", "warn": "restricted"}
"""Mode -> level of Pod Security admission in AIO's namespace. Microsoft says of no stricter level that AIO's pods pass
it, so none is enforced; what violates one is in the audit log.

Source: kubernetes.io/docs/concepts/security/pod-security-admission."""
CERT_MANAGER_NAMESPACE = "cert-manager"
SECRET_SYNC_SERVICE_ACCOUNT = "aio-ssc-sa"
DATAFLOW_SERVICE_ACCOUNT = "aio-dataflow"
TOKEN_EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"
"""Audience of every federated credential of Azure's public cloud."""

SERVICE_LB_NAMESPACE = "kube-system"
SERVICE_LB_NAME = "svccontroller.k3s.cattle.io/svcname"
SERVICE_LB_OF_NAMESPACE = "svccontroller.k3s.cattle.io/svcnamespace"
"""Where K3s runs the pods that open a Service's ports on the node, and their labels with its name and namespace.

Source: k3s-io/k3s, pkg/cloudprovider/servicelb.go."""

K3S_POD_NETWORK = IPv4Network("10.42.0.0/16")
K3S_SERVICE_NETWORK = IPv4Network("10.43.0.0/16")

BROKER_PORT = 18883
"""Port of AIO's default listener, inside the cluster."""
BROKER_AUDIENCE = "aio-internal"
"""Audience of the service account tokens that AIO's own parts connect with."""
CLIENT_ID_WILDCARD = "*"
"""Stands for the rest of a client id in a rule of AIO's broker.

Source: learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authorization."""
PROBE_CLIENT = "probe"
"""Follows a link's prefix in the client id that tries the link: one that AIO does not make, as no session of its own
shall end. Microsoft calls what follows a prefix the name of a data flow instance; ours begin with `to-`."""
LINK_KEEP_ALIVE_SECONDS, LINK_MESSAGES_IN_FLIGHT, LINK_SESSION_HOURS = 60, 100, 1
"""What a link asks of the broker at its other end, whose limits leave that room: AIO's defaults for an endpoint.

Source: learn.microsoft.com/azure/iot-operations/connect-to-cloud/howto-configure-mqtt-endpoint, Advanced settings."""
AIO_CERTIFICATE_ISSUER = "azure-iot-operations-aio-certificate-issuer"
"""ClusterIssuer that AIO makes when its trust source is SelfSigned.

Source: learn.microsoft.com/azure/iot-operations/secure-iot-ops/howto-manage-certificates."""
AIO_TRUST_CONFIG_MAP = "azure-iot-operations-aio-ca-trust-bundle"
CA_CERTIFICATE_KEY = "ca.crt"
"""The one key of every ConfigMap with a CA certificate."""
