"""AIO's own parts find the default broker: what the extension is told is what the default listener offers.

Names and values are those of `az iot ops create` (github.com/Azure/azure-iot-ops-cli-extension, template of the
instance); learn.microsoft.com/azure/iot-operations/secure-iot-ops/howto-manage-certificates says what trust AIO makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arm.types.iotoperations import BROKER_LISTENER, DATAFLOW_ENDPOINT
from graph.graph import Resource
from graph.inputs import at, list_at, map_at, text_at, texts_at
from rules.edges import extensions
from rules.lookup import Hits, View

_MQTT = "properties.mqttSettings"


@dataclass(frozen=True)
class DefaultListener:
    """What the default listener offers inside its cluster."""

    resource: Resource
    namespace: str
    service: str
    port: str
    authentication: Resource | None
    audience: str
    """Empty unless there is exactly one."""
    issuer: Mapping[str, str]

    @property
    def host(self) -> str:
        """Return the name that every namespace of the cluster resolves."""
        return f"{self.service}.{self.namespace}"


def default_listener(view: View, cluster: str) -> DefaultListener | None:
    """Return the cluster's listener inside the cluster; None if there is none or more than one."""
    found = _inside(view, cluster)
    if len(found) != 1 or not view.ports(found[0]):
        return None
    listener, port = found[0], view.ports(found[0])[0]
    path = f"{view.path(listener).rsplit('/listeners/', 1)[0]}/authentications/{port.get('authenticationRef')}"
    authentication = view.by_path.get(path)
    methods = list_at(view.inputs(authentication), "properties.authenticationMethods") if authentication else []
    audiences = [each for one in methods for each in texts_at(one, "serviceAccountTokenSettings.audiences")]
    return DefaultListener(
        listener,
        view.namespace(cluster),
        text_at(view.inputs(listener), "properties.serviceName"),
        str(port.get("port")),
        authentication,
        audiences[0] if len(audiences) == 1 else "",
        map_at(port, "tls.certManagerCertificateSpec.issuerRef"),
    )


def _inside(view: View, cluster: str) -> list[Resource]:
    listeners = view.all(BROKER_LISTENER, cluster=cluster)
    return [one for one in listeners if text_at(view.inputs(one), "properties.serviceType") == "ClusterIp"]


def _expected(listener: DefaultListener) -> dict[str, str]:
    """Return setting of the extension -> its value."""
    address = f"mqtts://{listener.host}:{listener.port}"
    return {
        "connectors.values.mqttBroker.address": address,
        "connectors.values.mqttBroker.serviceAccountTokenAudience": listener.audience,
        "dataFlows.values.tinyKube.mqttBroker.hostName": listener.host,
        "dataFlows.values.tinyKube.mqttBroker.port": listener.port,
        "dataFlows.values.tinyKube.mqttBroker.authentication.serviceAccountTokenAudience": listener.audience,
        "schemaRegistry.values.mqttBroker.host": address,
        "schemaRegistry.values.mqttBroker.serviceAccountTokenAudience": listener.audience,
        "trustSource": "SelfSigned",
        "trustBundleSettings.issuer.name": _made_by_aio(listener.namespace)["issuer"],
        "trustBundleSettings.issuer.kind": "",
        "trustBundleSettings.configMap.name": "",
        "trustBundleSettings.configMap.key": "",
    }


def _made_by_aio(namespace: str) -> dict[str, str]:
    """Return what AIO makes for itself when its trust source is SelfSigned."""
    return {
        "issuer": f"{namespace}-aio-certificate-issuer",
        "trust": f"{namespace}-aio-ca-trust-bundle",
        "trust key": "ca.crt",
    }


def meet_default_listener(view: View) -> Hits:
    """Require that extension, default listener and default endpoint say the same of host, port, audience and trust."""
    for cluster in view.clusters:
        listener = default_listener(view, cluster)
        if not _inside(view, cluster):
            yield cluster, f"cluster {cluster} has no ClusterIp listener, which AIO's own parts connect to"
        if listener is None:  # two of them are MQTT-02
            continue
        yield from _listener(listener)
        for extension in extensions(view, cluster, "microsoft.iotoperations"):
            yield from _extension(view, extension, listener)
        for endpoint in view.all(DATAFLOW_ENDPOINT, cluster=cluster):
            if text_at(view.inputs(endpoint), "dataflowEndpointName") == "default":
                yield from _endpoint(view, endpoint, listener)
    yield from _namespaces(view)


def _listener(listener: DefaultListener) -> Hits:
    expected = {"name": _made_by_aio(listener.namespace)["issuer"], "kind": "ClusterIssuer", "group": "cert-manager.io"}
    if listener.issuer and dict(listener.issuer) != expected:  # none at all is MQTT-02
        where = "properties.ports[0].tls.certManagerCertificateSpec.issuerRef"
        yield listener.resource.name, f"{where}: {dict(listener.issuer)}; expected {expected}, which AIO makes"
    if not listener.audience and listener.authentication:
        message = "authenticationRef: expected an authentication with service account tokens of one audience"
        yield listener.resource.name, message


def _extension(view: View, extension: Resource, listener: DefaultListener) -> Hits:
    given = map_at(view.inputs(extension), "configurationSettings")
    for key, expected in _expected(listener).items():
        unknown = "Audience" in key and not listener.audience
        if given.get(key) != expected and not unknown:
            message = (
                f"configurationSettings.{key}: {given.get(key)!r}; expected {expected!r}, as"
                f" {listener.resource.name} has it"
            )
            yield extension.name, message
    made = _made_by_aio(listener.namespace)
    for key, value in given.items():
        expected = made["trust"] if key.endswith("caCertConfigMapRef") else made["trust key"]
        if key.endswith(("caCertConfigMapRef", "caCertFileName")) and value != expected:
            yield extension.name, f"configurationSettings.{key}: {value!r}; expected {expected!r}, which AIO makes"


def _endpoint(view: View, endpoint: Resource, listener: DefaultListener) -> Hits:
    expected = {
        f"{_MQTT}.host": f"{listener.service}:{listener.port}",
        f"{_MQTT}.authentication.method": "ServiceAccountToken",
        f"{_MQTT}.tls.mode": "Enabled",
        f"{_MQTT}.tls.trustedCaCertificateConfigMapRef": _made_by_aio(listener.namespace)["trust"],
    }
    if listener.audience:
        expected[f"{_MQTT}.authentication.serviceAccountTokenSettings.audience"] = listener.audience
    for where, value in expected.items():
        if (given := at(view.inputs(endpoint), where)) != value:
            yield endpoint.name, f"{where}: {given!r}; expected {value!r}, as {listener.resource.name} has it"


def _namespaces(view: View) -> Hits:
    """Require that trust-manager reads its Bundles where cert-manager is; AIO's namespace is REF-06."""
    for cluster in view.clusters:
        for extension in extensions(view, cluster, "microsoft.certmanagement"):
            given = text_at(view.inputs(extension), "scope.cluster.releaseNamespace")
            if given != "cert-manager":
                yield extension.name, f"scope.cluster.releaseNamespace: {given!r}; expected 'cert-manager'"
