"""AIO's extension and cluster objects, K3s' networks, options of the engine, renewal of certificates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from arm.values import Secret
from graph import tls_values
from graph.graph import Resource
from tests.rules.workbench import Mistake, Workbench

_EXTENSION = "site-aio-extension"
_ENFORCE = "pod-security.kubernetes.io/enforce"
_OBJECTS = "site-apply-objects"
_LEAF = "enterprise-server-leaf-g1"


def _setting(name: str, value: str) -> Callable[[Workbench], object]:
    def change(two: Workbench) -> None:
        two.value(_EXTENSION, "configurationSettings")[name] = value

    return change


def _object(kind: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Workbench], object]:
    """Change the first applied object of a kind."""
    return lambda two: two.encode(
        _OBJECTS, "OBJECTS", lambda found: change(next(one for one in found if one["kind"] == kind))
    )


def _replace_in_script(name: str, old: str, new: str) -> Callable[[Workbench], object]:
    def change(two: Workbench) -> None:
        script = two.value(name, "source.script")
        assert old in script
        two.set(name, "source.script", script.replace(old, new))

    return change


def _carry(two: Workbench, script: str, run: Resource) -> None:
    run.outputs = {**run.outputs, "hex": run.name}
    two.parameter(script, "SCRIPT_RUN", run.name)
    two.parameter(script, "RUN_AGAIN", f"pulumi up --replace '{run.urn}'")


def _share_script_run(two: Workbench) -> None:
    for script in ("setup-k3s", "connect-arc", "apply-objects", "await-secrets"):
        for name in ("SCRIPT_RUN", "RUN_AGAIN"):
            given = {one["name"]: one["value"] for one in two.get(f"enterprise-{script}").inputs["parameters"]}
            two.parameter(f"site-{script}", name, given[name])


def _old_form(two: Workbench) -> None:
    """Publish a key as OpenSSL writes EC keys by itself."""
    key = tls_values.create("PrivateKey", {"algorithm": "ECDSA", "ecdsaCurve": "P256"})[1]["privateKeyPem"]
    two.set("enterprise-vault-server-leaf-key-g1", "properties.value", Secret(key), kind="keyvault:Secret")


def _localhost(two: Workbench) -> None:
    names: dict[str, Any] = {"dnsNames": ["localhost"], "ipAddresses": ["10.2.1.10"]}
    certificate, key = two.issue("server", "enterprise-broker-g1", **names)
    two.publish("enterprise-vault-server-leaf-crt-g1", certificate + two.intermediate("server")[0])
    two.publish("enterprise-vault-server-leaf-key-g1", key)


_SETTINGS = {
    "connectors.values.mqttBroker.address": "mqtts://aio-broker:18883",
    "connectors.values.mqttBroker.serviceAccountTokenAudience": "aio-mqtt",
    "dataFlows.values.tinyKube.mqttBroker.hostName": "aio-broker",
    "dataFlows.values.tinyKube.mqttBroker.port": "8883",
    "dataFlows.values.tinyKube.mqttBroker.authentication.serviceAccountTokenAudience": "aio-mqtt",
    "schemaRegistry.values.mqttBroker.host": "mqtts://aio-broker.default:18883",
    "schemaRegistry.values.mqttBroker.serviceAccountTokenAudience": "aio-mqtt",
    "trustSource": "CustomerManaged",
    "trustBundleSettings.issuer.name": "my-issuer",
    "trustBundleSettings.issuer.kind": "Issuer",
    "trustBundleSettings.configMap.name": "my-trust",
    "trustBundleSettings.configMap.key": "ca.pem",
}

MISTAKES = (
    *(
        Mistake(f"extension's {name}", "REL-01", _setting(name, value), (_EXTENSION, name, repr(value)))
        for name, value in _SETTINGS.items()
    ),
    Mistake(
        "trust ConfigMap of the extension",
        "REL-01",
        _setting("dataFlows.values.wasmGraphController.mqttBroker.caCertConfigMapRef", "ca"),
        (_EXTENSION, "caCertConfigMapRef", "azure-iot-operations-aio-ca-trust-bundle"),
    ),
    Mistake(
        "issuer that AIO does not make",
        "REF-07",
        lambda two: two.set(
            "site-default-listener", "properties.ports.0.tls.certManagerCertificateSpec.issuerRef.name", "own"
        ),
        ("site-default-listener", "issuerRef", "azure-iot-operations-aio-certificate-issuer"),
    ),
    Mistake(
        "audience of the default listener",
        "REF-07",
        lambda two: two.set(
            "site-default-authentication",
            "properties.authenticationMethods.0.serviceAccountTokenSettings.audiences",
            ["other"],
        ),
        ("site-default-authentication", "audiences", "'other'"),
    ),
    Mistake(
        "default endpoint that trusts another CA",
        "REF-07",
        lambda two: two.set(
            "site-local-endpoint",
            "properties.mqttSettings.tls.trustedCaCertificateConfigMapRef",
            "server-ca-enterprise-g1",
        ),
        ("site-local-endpoint", "trustedCaCertificateConfigMapRef"),
        also=("EDGE-02",),
    ),
    Mistake(
        "no default listener",
        "REF-07",
        lambda two: two.remove("site-default-listener"),
        ("site-aio-instance", "lacks", "listeners 'default'"),
        also=("MQTT-01", "MQTT-05"),
    ),
    Mistake(
        "cert-manager elsewhere",
        "REL-01",
        lambda two: two.set("site-cert-manager-extension", "scope.cluster.releaseNamespace", "default"),
        ("site-cert-manager-extension", "'cert-manager'"),
    ),
    Mistake(
        "API version of a binding",
        "OBJ-01",
        _object("ClusterRoleBinding", lambda one: one.update(apiVersion="rbac.authorization.k8s.io/v1beta1")),
        (_OBJECTS, "edge-stamps-admins", "apiVersion", "rbac.authorization.k8s.io/v1"),
    ),
    Mistake(
        "API version of a Bundle",
        "OBJ-01",
        _object("Bundle", lambda one: one.update(apiVersion="trust.cert-manager.io/v1")),
        (_OBJECTS, "server-ca-enterprise-g1", "trust.cert-manager.io/v1alpha1"),
    ),
    Mistake(
        "binding to another group",
        "OBJ-01",
        _object("ClusterRoleBinding", lambda one: one["subjects"][0].update(name="system:authenticated")),
        (_OBJECTS, "subjects", "system:authenticated", "ad316209"),
    ),
    Mistake(
        "binding to another role",
        "OBJ-01",
        _object("ClusterRoleBinding", lambda one: one["roleRef"].update(name="view")),
        (_OBJECTS, "roleRef", "cluster-admin"),
        also=("SEC-07",),
    ),
    Mistake(
        "a namespace that enforces more than AIO is known to pass",
        "OBJ-01",
        _object("Namespace", lambda one: one["metadata"]["labels"].update({_ENFORCE: "restricted"})),
        (_OBJECTS, "Namespace azure-iot-operations: labels", f"'{_ENFORCE}': 'privileged'"),
    ),
    Mistake(
        "no namespace",
        "OBJ-01",
        lambda two: two.encode(
            _OBJECTS, "OBJECTS", lambda found: found.remove(next(one for one in found if one["kind"] == "Namespace"))
        ),
        (_OBJECTS, "Namespaces []; expected ['azure-iot-operations']"),
    ),
    Mistake(
        "a role for nobody",
        "OBJ-02",
        lambda two: two.encode(
            _OBJECTS,
            "OBJECTS",
            lambda found: found.append(
                {
                    "apiVersion": "rbac.authorization.k8s.io/v1",
                    "kind": "ClusterRole",
                    "metadata": {"name": "edge-stamps-operators"},
                    "rules": [],
                }
            ),
        ),
        (_OBJECTS, "ClusterRoles ['edge-stamps-operators']; expected []"),
    ),
    Mistake(
        "no binding",
        "OBJ-01",
        lambda two: two.encode(_OBJECTS, "OBJECTS", lambda found: found.pop(0)),
        (_OBJECTS, "0 ClusterRoleBindings"),
    ),
    Mistake(
        "Bundle with every public CA",
        "OBJ-01",
        _object("Bundle", lambda one: one["spec"]["sources"].append({"useDefaultCAs": True})),
        (_OBJECTS, "server-ca-enterprise-g1", "useDefaultCAs"),
    ),
    Mistake(
        "pods in a VNet",
        "NET-06",
        _replace_in_script("site-setup-k3s", "disable:\n", "cluster-cidr: 10.2.0.0/16\ndisable:\n"),
        ("site-setup-k3s", "10.2.0.0/16", "enterprise-virtual-network"),
    ),
    Mistake(
        "network that is none",
        "ASK-04",
        lambda two: two.set("site-virtual-network", "addressSpace.addressPrefixes", ["10.1.0.0/160"]),
        ("site-virtual-network", "10.1.0.0/160"),
        also=("NET-05",),
    ),
    Mistake(
        "no region",
        "ASK-02",
        lambda two: two.drop("site-key-vault", "location"),
        ("site-key-vault", "location: missing", "eastus2"),
    ),
    Mistake(
        "pods elsewhere than the metadata block",
        "NET-06",
        _replace_in_script("site-setup-k3s", "POD_NETWORK=10.42.0.0/16", "POD_NETWORK=10.52.0.0/16"),
        ("site-setup-k3s", "POD_NETWORK", "10.42.0.0/16"),
    ),
    Mistake(
        "service network in the pods'",
        "NET-06",
        _replace_in_script("site-setup-k3s", "disable:\n", "service-cidr: 10.42.128.0/17\ndisable:\n"),
        ("site-setup-k3s", "service-cidr"),
    ),
    Mistake(
        "script that may take longer than its Run Command",
        "LIFE-05",
        lambda two: two.set("site-connect-arc", "timeoutInSeconds", 3600),
        ("site-connect-arc", "3600", "12000"),
    ),
    Mistake(
        "gate that waits longer than its Run Command",
        "LIFE-05",
        lambda two: two.parameter("site-await-secrets", "WAIT_SECONDS", "1100"),
        ("site-await-secrets", "1280"),
    ),
    Mistake(
        "script without a timeout of the engine",
        "LIFE-05",
        lambda two: two.options("site-connect-arc", custom_timeouts={"create": "9600s"}),
        ("site-connect-arc", "custom_timeouts.update", "7200s"),
    ),
    Mistake(
        "extension without a timeout of the engine",
        "LIFE-05",
        lambda two: two.options(_EXTENSION, custom_timeouts={}),
        (_EXTENSION, "custom_timeouts.create", "AgentOperationTimeoutInMinutes"),
    ),
    Mistake(
        "ignored settings",
        "LIFE-06",
        lambda two: two.options("site-network-security-group", ignore_changes=["securityRules"]),
        ("site-network-security-group", "securityRules"),
    ),
    Mistake(
        "image that replaces the node",
        "LIFE-06",
        lambda two: two.options("site-node", ignore_changes=["osProfile"]),
        ("site-node", "storageProfile.imageReference"),
    ),
    Mistake(
        "create before delete",
        "LIFE-07",
        lambda two: two.options("site-key-vault", delete_before_replace=None),
        ("site-key-vault", "delete_before_replace"),
    ),
    Mistake(
        "script that stays when its node goes",
        "LIFE-07",
        lambda two: two.options("site-setup-k3s", deleted_with="", replace_with=()),
        ("site-setup-k3s", "site-node"),
    ),
    Mistake(
        "script that is made anew where it has run",
        "LIFE-07",
        lambda two: two.options("site-setup-k3s", replace_with=(two.get("site-node").urn, two.get("site-subnet").urn)),
        ("site-setup-k3s", "expected site-node alone", "may never run"),
    ),
    Mistake(
        "peering that stays when a network goes",
        "LIFE-07",
        lambda two: two.options("site-to-enterprise-peering", replace_with=()),
        ("site-to-enterprise-peering", "enterprise-virtual-network"),
    ),
    Mistake(
        "script that cannot run again",
        "LIFE-09",
        lambda two: two.parameter("site-connect-arc", "SCRIPT_RUN", "0"),
        ("site-connect-arc", "RandomId"),
    ),
    Mistake(
        "script whose messages do not say how it runs again",
        "LIFE-09",
        lambda two: two.parameter("site-connect-arc", "RUN_AGAIN", "pulumi up"),
        ("site-connect-arc", "URN", "site-script-run"),
    ),
    Mistake(
        "clusters whose scripts run again together",
        "LIFE-09",
        _share_script_run,
        ("enterprise-script-run", "site and enterprise"),
    ),
    Mistake(
        "scripts of one cluster that do not run again together",
        "LIFE-09",
        lambda two: _carry(two, "site-connect-arc", two.copy("site-script-run", "site-other-run")),
        ("site", "site-other-run, site-script-run"),
    ),
    Mistake(
        "scripts that run again by themselves",
        "LIFE-09",
        lambda two: two.set("site-script-run", "keepers", {"tags": "x"}),
        ("site-script-run", "keepers"),
    ),
    Mistake(
        "scripts that nothing can run again",
        "LIFE-09",
        lambda two: two.options("site-script-run", protect=True),
        ("site-script-run", "protect"),
        also=("LIFE-01",),
    ),
    Mistake(
        "protection that nobody asked for",
        "LIFE-01",
        lambda two: two.options("site-node", protect=True),
        ("site-node", "expected false"),
    ),
    Mistake(
        "leaf that is never renewed",
        "PKI-09",
        lambda two: two.drop(_LEAF, "earlyRenewalHours"),
        (_LEAF, "earlyRenewalHours: 0"),
    ),
    Mistake(
        "leaf that is always renewed",
        "PKI-09",
        lambda two: two.set(_LEAF, "earlyRenewalHours", 8760),
        (_LEAF, "8760 of 8760"),
    ),
    Mistake(
        "CA that is renewed too late for its leaves",
        "PKI-09",
        lambda two: two.set("enterprise-server-intermediate-g1", "earlyRenewalHours", 1440),
        ("enterprise-server-intermediate-g1", "1440", "8760"),
    ),
    Mistake(
        "root of another life",
        "PKI-09",
        lambda two: two.set("client-root-g1", "validityPeriodHours", 100),
        ("client-root-g1", "100", "87600"),
    ),
    Mistake(
        "key in OpenSSL's own form",
        "PKI-10",
        _old_form,
        ("enterprise-vault-server-leaf-key-g1", "EC PRIVATE KEY", "PKCS#8"),
        also=("PKI-04",),
    ),
    Mistake(
        "time-out that Azure cannot keep",
        "LIFE-05",
        lambda two: two.options("site-aio-instance", custom_timeouts={"create": "60s"}),
        ("site-aio-instance", "custom_timeouts.create: 60s", "600s"),
    ),
    Mistake(
        "time-out of two units that Azure cannot keep",
        "LIFE-05",
        lambda two: two.options("site-aio-instance", custom_timeouts={"create": "1m30s"}),
        ("site-aio-instance", "custom_timeouts.create: 1m30s", "600s"),
    ),
    Mistake(
        "time-out that is no duration",
        "LIFE-05",
        lambda two: two.options("enterprise-server-root-g1", custom_timeouts={"create": "soon"}),
        ("enterprise-server-root-g1", "custom_timeouts.create: 'soon' is no duration", "1h30m"),
    ),
    Mistake(
        "input whose change replaces",
        "LIFE-06",
        lambda two: two.options("site-node", replace_on_changes=["tags"]),
        ("site-node", "replace_on_changes", "tags"),
    ),
    Mistake(
        "vault secret that does not go with its vault",
        "LIFE-07",
        lambda two: two.options("enterprise-vault-server-leaf-key-g1", "keyvault:Secret", deleted_with=""),
        ("enterprise-vault-server-leaf-key-g1", "deleted_with", "enterprise-key-vault"),
    ),
    Mistake(
        "resource that is not deleted by itself",
        "LIFE-07",
        lambda two: two.options("site-broker", deleted_with=two.get("site-aio-instance").urn),
        ("site-broker", "deleted_with: expected none"),
        also=("PATH-02",),
    ),
    Mistake(
        "resource that is replaced with what it does not live on",
        "LIFE-07",
        lambda two: two.options("site-key-vault", replace_with=[two.get("site-subnet").urn]),
        ("site-key-vault", "replace_with: expected none"),
    ),
    Mistake(
        "resource that stays in Azure",
        "LIFE-01",
        lambda two: two.options("site-node", retain_on_delete=True),
        ("site-node", "retain_on_delete"),
    ),
    Mistake(
        "role of one name in every subscription",
        "HARD-02",
        lambda two: two.set("site-arc-disconnect-role", "roleName", "Disconnect"),
        ("site-arc-disconnect-role", "roleName: 'Disconnect'"),
    ),
    Mistake(
        "metrics without a collector",
        "REL-01",
        _setting("observability.metrics.enabled", "true"),
        (_EXTENSION, "openTelemetryCollectorAddress ''"),
    ),
    Mistake(
        "provider of another tenant",
        "REL-02",
        lambda two: two.set("azure-iotoperations", "tenantId", "00000000-1111-2222-3333-444444444444"),
        ("azure-iotoperations", "tenantId"),
    ),
    Mistake(
        "role that Azure would write otherwise",
        "REF-08",
        lambda two: two.set(
            "site-aio-schema-registry-role", "roleDefinitionId", "12675fd7-7f59-493f-9201-f7944860a2f1"
        ),
        ("site-aio-schema-registry-role", "roleDefinitionId", "as Azure returns it"),
    ),
    Mistake(
        "nodes that meet by TCP alone",
        "NET-02",
        lambda two: two.set("site-network-security-group", "securityRules.0.protocol", "Tcp"),
        ("site-network-security-group", "reach each other by everything"),
    ),
    Mistake(
        "source in two ways",
        "NET-02",
        lambda two: two.value("enterprise-network-security-group", "securityRules.0").update(
            sourceAddressPrefixes=["10.1.1.0/24"]
        ),
        ("enterprise-network-security-group", "sourceAddressPrefix and sourceAddressPrefixes"),
    ),
    Mistake(
        "token beside a certificate",
        "MQTT-03",
        lambda two: two.value("enterprise-link-authentication", "properties.authenticationMethods").append(
            {"method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audiences": ["aio-internal"]}}
        ),
        ("enterprise-link-authentication", "X509, ServiceAccountToken"),
    ),
    Mistake(
        "peering with the other one's name",
        "ASK-05",
        lambda two: two.set("site-to-enterprise-peering", "virtualNetworkPeeringName", "peer-b-to-a"),
        ("site-to-enterprise-peering", "'peer-b-to-a'", "'peer-a-to-b'"),
    ),
    Mistake(
        "too few random characters",
        "ASK-05",
        lambda two: two.set("site-storage-account-suffix", "length", 3),
        ("site-storage-account-suffix", "length: 3"),
    ),
    Mistake(
        "random characters that change with something else",
        "ASK-05",
        lambda two: two.set("site-storage-account-suffix", "keepers", {"tags": "x"}),
        ("site-storage-account-suffix", "keepers"),
    ),
    Mistake(
        "leaf among the intermediates",
        "PKI-05",
        lambda two: two.publish(
            "site-vault-site-to-enterprise-client-intermediate-crt-g1",
            two.published("site-vault-site-to-enterprise-client-leaf-crt-g1"),
        ),
        ("site-client-secret-enterprise-g1", "among the intermediates and is no CA"),
    ),
    Mistake(
        "certificate for another name too",
        "PKI-01",
        _localhost,
        ("enterprise-broker-tls-cert-g1", "localhost", "expected 10.2.1.10"),
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_mistake_is_found(mistake: Mistake, two: Workbench, reported: Callable[..., None]) -> None:
    mistake.change(two)
    reported(two, mistake.rule, *mistake.said, also=mistake.also)


@pytest.mark.parametrize("name", ["client-root-g1", "client-root-key-g1", "site-broker", "site-resource-group"])
def test_what_is_not_protected_in_production_is_found(
    name: str, prod: Workbench, reported: Callable[..., None]
) -> None:
    prod.options(name, protect=False)
    reported(prod, "LIFE-01", name, "protection.protect")
