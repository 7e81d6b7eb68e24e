"""Each deployed property, changed or removed: the link no longer delivers, or is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509

from rehearsal.cluster.model import Secret
from rehearsal.mqtt.authority import SERVER, build_leaf, common_name, key_to_pem, new_key, to_pem
from rehearsal.mqtt.proof import prove
from tests.conftest import TWO_CLUSTERS
from tests.rehearsal.mqtt.plant import Pki, Plant, new_pki

Deployed = Callable[[dict[str, Any]], Plant]
Change = Callable[[Any], None]
_REMOVED = object()

_SITE_LINK = "site-to-enterprise"
_BROKER = {
    "listener": ("listeners", "default-loadbalancer"),
    "authentication": ("authentications", "cert-auth"),
    "authorization": ("authorizations", "links"),
}
_PORT, _X509, _RULE = "ports.0", "authenticationMethods.0.x509Settings", "authorizationPolicies.rules.0"
_ENTRY = f"{_X509}.authorizationAttributes.{_SITE_LINK}-g1"

_MUTATIONS: list[tuple[str, str, Any, str]] = [
    ("listener", "serviceType", _REMOVED, "no cluster has a LoadBalancer listener"),
    ("listener", "serviceType", "ClusterIp", "no cluster has a LoadBalancer listener"),
    ("listener", "serviceType", "NodePort", "no cluster has a LoadBalancer listener"),
    ("listener", "serviceName", _REMOVED, "'serviceName' is a required property"),
    ("listener", "ports", [], "no cluster has a LoadBalancer listener"),
    ("listener", f"{_PORT}.port", 8883, "no cluster has a LoadBalancer listener"),
    ("listener", f"{_PORT}.protocol", "WebSockets", "'WebSockets' is not one of"),
    ("listener", f"{_PORT}.protocol", _REMOVED, "'protocol' is a required property"),
    ("listener", f"{_PORT}.nodePort", 31883, "'nodePort' was unexpected"),
    ("listener", f"{_PORT}.authenticationRef", _REMOVED, "'authenticationRef' is a dependency of 'authorizationRef'"),
    ("listener", f"{_PORT}.authenticationRef", "other", "authentication other: is missing"),
    ("listener", f"{_PORT}.authorizationRef", "other", "authorization other: is missing"),
    ("listener", f"{_PORT}.tls", _REMOVED, "'tls' is a dependency of 'authenticationRef'"),
    ("listener", f"{_PORT}.tls.mode", "Automatic", "'Automatic' is not one of"),
    ("listener", f"{_PORT}.tls.mode", "manual", "'manual' is not one of"),
    ("listener", f"{_PORT}.tls.manual.secretRef", "other", "Secret other: is missing"),
    ("authentication", "authenticationMethods", [], "[] should be non-empty"),
    ("authentication", "authenticationMethods.0.method", "ServiceAccountToken", "'ServiceAccountToken' is not one of"),
    ("authentication", f"{_X509}.trustedClientCaCert", "other", "ConfigMap other: is missing"),
    ("authentication", f"{_X509}.trustedClientCaCert", _REMOVED, "'trustedClientCaCert' is a required property"),
    ("authentication", f"{_X509}.additionalValidation", "AzureDeviceRegistry", "'additionalValidation' was unexpected"),
    ("authentication", f"{_X509}.authorizationAttributes", {}, "refused with reason code 135"),
    ("authentication", f"{_ENTRY}.subject", "CN = site-to-enterprise-g2", "refused with reason code 135"),
    ("authentication", f"{_ENTRY}.subject", "CN = site-to-enterprise-g1, OU = x", "does not match"),
    ("authentication", f"{_ENTRY}.attributes", {"link": "another"}, "refused with reason code 135"),
    ("authentication", f"{_ENTRY}.attributes", {}, "{} should be non-empty"),
    ("authorization", "authorizationPolicies.cache", "On", "'On' is not one of"),
    ("authorization", "authorizationPolicies.rules", [], "refused with reason code 135"),
    ("authorization", "authorizationPolicies.rules", _REMOVED, "'rules' is a required property"),
    ("authorization", f"{_RULE}.principals", {"clientIds": ["site.to-enterprise-input"]}, "'clientIds' was unexpected"),
    ("authorization", f"{_RULE}.principals.usernames", ["x"], "'usernames' was unexpected"),
    ("authorization", f"{_RULE}.principals.attributes", [{"link": "another"}], "refused with reason code 135"),
    ("authorization", f"{_RULE}.principals.attributes", [{"link": _SITE_LINK, "shift": "2"}], "reason code 135"),
    ("authorization", f"{_RULE}.principals.attributes", [], "[] should be non-empty"),
    ("authorization", f"{_RULE}.stateStoreResources", [], "'stateStoreResources' was unexpected"),
    ("authorization", f"{_RULE}.brokerResources", [], "refused with reason code 135"),
    ("authorization", f"{_RULE}.brokerResources.0", _REMOVED, "refused with reason code 135"),
    ("authorization", f"{_RULE}.brokerResources.0.clientIds", ["another"], "no rule lets it connect"),
    ("authorization", f"{_RULE}.brokerResources.0.clientIds", _REMOVED, "'clientIds' is a required property"),
    ("authorization", f"{_RULE}.brokerResources.1", _REMOVED, "refused with reason code 135"),
    ("authorization", f"{_RULE}.brokerResources.1.topics", ["another/output"], "refused with reason code 135"),
    ("authorization", f"{_RULE}.brokerResources.1.method", "Subscribe", "refused with reason code 135"),
    ("authorization", f"{_RULE}.brokerResources.1.topics", ["{principal.attributes.link}/output"], "does not match"),
    ("authorization", f"{_RULE}.brokerResources.1.topics", ["site/out#"], "does not match"),
    ("endpoint", "endpointType", "Kafka", "'Kafka' is not one of"),
    ("endpoint", "endpointType", _REMOVED, "'endpointType' is a required property"),
    ("endpoint", "hostType", "EventGrid", "'EventGrid' is not one of"),
    ("endpoint", "hostType", _REMOVED, "'hostType' is a required property"),
    ("endpoint", "mqttSettings", _REMOVED, "no cluster has a LoadBalancer listener"),
    ("endpoint", "mqttSettings.host", "10.2.1.11:28883", "no cluster has a LoadBalancer listener"),
    ("endpoint", "mqttSettings.host", "10.2.1.10:28884", "no cluster has a LoadBalancer listener"),
    ("endpoint", "mqttSettings.host", "10.2.1.10", "no cluster has a LoadBalancer listener"),
    ("endpoint", "mqttSettings.protocol", "WebSockets", "'WebSockets' is not one of"),
    ("endpoint", "mqttSettings.authentication.method", "Anonymous", "'Anonymous' is not one of"),
    ("endpoint", "mqttSettings.authentication.x509CertificateSettings.secretRef", "x", "Secret x: is missing"),
    ("endpoint", "mqttSettings.tls.mode", "Disabled", "'Disabled' is not one of"),
    ("endpoint", "mqttSettings.tls.trustedCaCertificateConfigMapRef", "x", "ConfigMap x: is missing"),
    ("endpoint", "mqttSettings.tls.trustedCaCertificateConfigMapRef", _REMOVED, "is a required property"),
    ("endpoint", "mqttSettings.clientIdPrefix", "another-", "no rule lets it connect"),
    ("endpoint", "mqttSettings.clientIdPrefix", _REMOVED, "'clientIdPrefix' is a required property"),
    ("endpoint", "mqttSettings.cloudEventAttributes", "CreateOrRemap", "'CreateOrRemap' is not one of"),
    ("endpoint", "mqttSettings.keepAliveSeconds", 0, "0 is less than the minimum of 1"),
    ("endpoint", "mqttSettings.keepAliveSeconds", _REMOVED, "'keepAliveSeconds' is a required property"),
    ("endpoint", "mqttSettings.maxInflightMessages", "100", "is not of type 'integer'"),
    ("endpoint", "mqttSettings.qos", 0, "messages are sent at QoS 0"),
    ("endpoint", "mqttSettings.qos", 2, "2 is greater than the maximum of 1"),
    ("endpoint", "mqttSettings.retain", "Sometimes", "'Sometimes' is not one of"),
    ("endpoint", "mqttSettings.sessionExpirySeconds", -1, "-1 is less than the minimum of 0"),
    ("endpoint", "mqttSettings.newSetting", True, "'newSetting' was unexpected"),
    ("dataflow", "mode", "Disabled", "'Disabled' is not one of"),
    ("dataflow", "requestDiskPersistence", _REMOVED, "'requestDiskPersistence' is a required property"),
    ("dataflow", "operations.0", _REMOVED, "is too short"),
    ("dataflow", "operations.0.sourceSettings.endpointRef", "mqtt-enterprise", "no endpoint of the local broker"),
    ("dataflow", "operations.0.sourceSettings.dataSources", [], "[] should be non-empty"),
    ("dataflow", "operations.0.sourceSettings.serializationFormat", "Json", "'serializationFormat' was unexpected"),
    ("dataflow", "operations.0.sourceSettings.schemaRef", "x", "'schemaRef' was unexpected"),
    ("dataflow", "operations.1.operationType", "Source", "no dataflow sends to it"),
    ("dataflow", "operations.1.destinationSettings.endpointRef", "default", "no dataflow sends to it"),
    ("dataflow", "operations.1.destinationSettings.dataDestination", "another", "refused with reason code 135"),
    ("dataflow", "operations.1.destinationSettings.dataDestination", "${inputTopic}", "does not match"),
]  # fmt: skip


def _set(parent: Any, path: str, value: Any) -> None:
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        parent = parent[step]
    if value is _REMOVED:
        del parent[last]
    else:
        parent[last] = value


def _mutation(what: str, path: str, value: Any) -> tuple[str, Change]:
    """The cluster, and the change to its view."""

    def change(view: Any) -> None:
        if what == "endpoint":
            _set(view.endpoints["mqtt-enterprise"], path, value)
        elif what == "dataflow":
            (flow,) = view.dataflows.values()
            if path == "name":
                view.dataflows[flow.name] = replace(flow, name=value)
            else:
                _set(flow.properties, path, value)
        else:
            kind, key = _BROKER[what]
            _set(getattr(view, kind)[key], path, value)

    return "enterprise" if what in _BROKER else "site", change


@pytest.mark.parametrize(("what", "path", "value", "reason"), _MUTATIONS)
def test_a_changed_body_stops_the_messages(deployed: Deployed, what: str, path: str, value: Any, reason: str) -> None:
    proof = prove(deployed(TWO_CLUSTERS).with_change(*_mutation(what, path, value)), messages=4)

    assert not proof.ok
    assert [link.delivered for link in proof.links] == [False]
    assert any(reason in problem for problem in proof.problems), proof.problems


def _secret(change: Callable[[dict[str, str], Pki], None], kind: str | None = None) -> Callable[[Any, Pki], None]:
    def apply(view: Any, pki: Pki) -> None:
        (secret,) = view.secrets.values()
        data = dict(secret.data)
        change(data, pki)
        view.secrets[secret.name] = Secret(secret.name, kind or secret.type, data)

    return apply


def _config_map(change: Callable[[dict[str, str], Pki], None]) -> Callable[[Any, Pki], None]:
    def apply(view: Any, pki: Pki) -> None:
        (config_map,) = view.config_maps.values()
        data = dict(config_map.data)
        change(data, pki)
        view.config_maps[config_map.name] = replace(config_map, data=data)

    return apply


def _key_of_another(key: str) -> Callable[[dict[str, str], Pki], None]:
    return lambda data, _: data.update({key: key_to_pem(new_key())})


def _removed(key: str) -> Callable[[dict[str, str], Pki], None]:
    def change(data: dict[str, str], _pki: Pki) -> None:
        del data[key]

    return change


def _nothing(_data: dict[str, str], _pki: Pki) -> None:
    pass


def _leaf_alone(data: dict[str, str], _pki: Pki) -> None:
    end = "-----END CERTIFICATE-----\n"
    data["tls.crt"] = data["tls.crt"].split(end)[0] + end


def _broker_for_another_host(data: dict[str, str], pki: Pki) -> None:
    key = new_key()
    builder = build_leaf(common_name("broker"), key, uses=(SERVER,), hosts=[x509.DNSName("other.example.com")])
    data.update({"tls.crt": to_pem(pki.server.sign(builder)), "tls.key": key_to_pem(key)})


def _client(side: str = "client", **options: Any) -> Callable[[dict[str, str], Pki], None]:
    """Another certificate of the same subject, with its key."""

    def change(data: dict[str, str], pki: Pki) -> None:
        key = new_key()
        chain = getattr(pki, side).sign(build_leaf(common_name("site-to-enterprise-g1"), key, **options))
        data.update({"client_cert.pem": to_pem(chain), "client_key.pem": key_to_pem(key)})

    return change


def _another_root(data: dict[str, str], _pki: Pki) -> None:
    data["ca.crt"] = to_pem([new_pki().client_root])


_HELD: list[tuple[str, str, Callable[[Any, Pki], None], str]] = [
    ("enterprise", "broker Secret of another type", _secret(_nothing, "Opaque"), "type Opaque is not mapped"),
    ("enterprise", "broker Secret without tls.key", _secret(_removed("tls.key")), "keys ['tls.crt']"),
    ("enterprise", "broker Secret with ca.crt", _secret(lambda d, _: d.update({"ca.crt": "x"})), "keys ['ca.crt'"),
    ("enterprise", "broker Secret with another key", _secret(_key_of_another("tls.key")), "rror"),
    ("enterprise", "broker Secret that is no PEM", _secret(lambda d, _: d.update({"tls.crt": "x"})), "rror"),
    ("enterprise", "broker Secret with the leaf alone", _secret(_leaf_alone), "unable to get local issuer certificate"),
    ("enterprise", "broker certificate for another host", _secret(_broker_for_another_host), "IP address mismatch"),
    ("enterprise", "client trust without a certificate", _config_map(lambda d, _: d.update({"ca.crt": "x"})), "ca.crt"),
    ("enterprise", "client trust with a second text", _config_map(lambda d, _: d.update({"note": "x"})), "note holds"),
    ("enterprise", "empty client trust", _config_map(_removed("ca.crt")), "is empty"),
    ("enterprise", "client trust in another root", _config_map(_another_root), "certificate verify failed"),
    (
        "site",
        "client Secret of another type",
        _secret(_nothing, "kubernetes.io/tls"),
        "kubernetes.io/tls is not mapped",
    ),
    ("site", "client Secret without a key", _secret(_removed("client_key.pem")), "keys ['client_cert.pem'"),
    ("site", "client Secret with more", _secret(lambda d, _: d.update({"x": "y"})), "'x'"),
    ("site", "client Secret with another key", _secret(_key_of_another("client_key.pem")), "are no pair"),
    ("site", "expired client certificate", _secret(_client(days=(-2, -1))), "certificate verify failed"),
    ("site", "client certificate without a use", _secret(_client(uses=())), "strict verification"),
    ("site", "client certificate by the server side", _secret(_client("server")), "certificate verify failed"),
    ("site", "server trust in another root", _config_map(_another_root), "unable to get local issuer certificate"),
    ("site", "empty server trust", _config_map(_removed("ca.crt")), "is empty"),
]


@pytest.mark.parametrize(
    ("cluster", "change", "reason"), [(one[0], one[2], one[3]) for one in _HELD], ids=[one[1] for one in _HELD]
)
def test_a_changed_secret_or_config_map_stops_the_messages(
    deployed: Deployed, cluster: str, change: Callable[[Any, Pki], None], reason: str
) -> None:
    made = deployed(TWO_CLUSTERS)

    proof = prove(made.with_change(cluster, lambda view: change(view, made.pki)), messages=4)

    assert not proof.ok
    assert [link.delivered for link in proof.links] == [False]
    assert any(reason in problem for problem in proof.problems), proof.problems
    assert "PRIVATE KEY" not in "".join(proof.problems)


def test_what_the_table_changes_is_delivered_unchanged(deployed: Deployed) -> None:
    assert prove(deployed(TWO_CLUSTERS).all, messages=4).ok
