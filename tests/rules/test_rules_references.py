"""Ids and names that lead nowhere, and bodies that Azure would refuse."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from arm.types.storage import BLOB_CONTAINER
from rules import expected
from tests.rules.workbench import Mistake, Workbench

_GROUP = "/subscriptions/5ab5c21e-0000-4000-8000-000000000001/resourceGroups/rg-myorga-dev-001"
_REGISTRY = "properties.schemaRegistryRef.resourceId"


def _without_key(bench: Workbench, secret: str, key: str) -> None:
    mapping = bench.value(secret, "objectSecretMapping")
    bench.set(secret, "objectSecretMapping", [one for one in mapping if one["targetKey"] != key])


MISTAKES = (
    Mistake(
        "misspelt property of a body",
        "SHAPE-01",
        lambda two: two.set("enterprise-broker", "properties.memoryProfil", "Low"),
        ("enterprise-broker", "properties.memoryProfil", "did you mean 'memoryProfile'?"),
    ),
    Mistake(
        "wrong case of an enum",
        "SHAPE-01",
        lambda two: two.set("site-broker", "properties.memoryProfile", "low"),
        ("site-broker", "properties.memoryProfile", "'low'"),
        also=("ASK-04",),
    ),
    Mistake(
        "unknown type",
        "SHAPE-01",
        lambda two: setattr(two.get("site-nat-public-ip"), "type", "azure-native:network:PublicIpAddress"),
        ("site-nat-public-ip", "did you mean"),
        also=("ASK-01",),
    ),
    Mistake(
        "id of nothing",
        "REF-01",
        lambda two: two.set(
            "site-aio-instance", _REGISTRY, f"{_GROUP}/providers/Microsoft.DeviceRegistry/schemaRegistries/sr-x"
        ),
        ("site-aio-instance", _REGISTRY, "did you mean", "sr-myorga-dev-001"),
        also=("ID-02", "ID-03"),
    ),
    Mistake(
        "id in another case",
        "REF-01",
        lambda two: two.set(
            "site-node",
            "networkProfile.networkInterfaces.0.id",
            two.value("site-node", "networkProfile.networkInterfaces.0.id").replace(
                "Microsoft.Network", "microsoft.network"
            ),
        ),
        ("site-node", "networkProfile.networkInterfaces[0].id", "upper and lower case"),
        also=("NET-03",),
    ),
    Mistake(
        "id in a group of nobody",
        "REF-01",
        lambda two: two.set(
            "site-custom-location",
            "hostResourceId",
            two.value("site-custom-location", "hostResourceId").replace("rg-myorga", "rg-other"),
        ),
        ("site-custom-location", "hostResourceId", "did you mean", "rg-myorga-dev-001"),
    ),
    Mistake(
        "role of nobody",
        "REF-01",
        lambda two: two.set(
            "site-arc-onboarding-role",
            "roleDefinitionId",
            two.value("site-arc-onboarding-role", "roleDefinitionId")[:-4] + "0000",
        ),
        ("site-arc-onboarding-role", "roleDefinitionId"),
        also=("ID-02",),
    ),
    Mistake(
        "broker of another name",
        "REF-02",
        lambda two: two.set("enterprise-link-listener", "brokerName", "other"),
        ("enterprise-link-listener", "brokerName", "did you mean", "brokers/default"),
        also=("REF-03",),
    ),
    Mistake(
        "command on another VM",
        "REF-02",
        lambda two: two.set("site-apply-objects", "vmName", "vm-other"),
        ("site-apply-objects", "vmName", "vm-myorga-aio-dev-001-0"),
    ),
    Mistake(
        "extension on a cluster that no script makes",
        "REF-02",
        lambda two: two.set("site-cert-manager-extension", "clusterName", "arck-other"),
        ("site-cert-manager-extension", "clusterName", "arck-myorga-dev-001"),
    ),
    Mistake(
        "authentication of another name",
        "REF-03",
        lambda two: two.set("enterprise-link-listener", "properties.ports.0.authenticationRef", "certauth"),
        ("enterprise-link-listener", "ports[0].authenticationRef", "did you mean cert-auth?"),
    ),
    Mistake(
        "authorization of another name",
        "REF-03",
        lambda two: two.set("enterprise-link-listener", "properties.ports.0.authorizationRef", "link"),
        ("enterprise-link-listener", "ports[0].authorizationRef", "did you mean links?"),
    ),
    Mistake(
        "local endpoint of another name",
        "REF-03",
        lambda two: two.set(
            "site-to-enterprise-input", "properties.operations.0.sourceSettings.endpointRef", "defualt"
        ),
        ("site-to-enterprise-input", "operations[0].sourceSettings.endpointRef", "did you mean default?"),
    ),
    Mistake(
        "provider class of another vault",
        "REF-04",
        lambda two: two.set("site-client-secret-enterprise-g1-provider-class", "keyvaultName", "kv-other"),
        ("site-client-secret-enterprise-g1-provider-class", "keyvaultName", "kv-other"),
        also=("SEC-02",),
    ),
    Mistake(
        "object that nobody publishes",
        "REF-04",
        lambda two: two.set(
            "enterprise-broker-tls-cert-g1-provider-class",
            "objects",
            two.value("enterprise-broker-tls-cert-g1-provider-class", "objects").replace("leaf-crt", "leef-crt"),
        ),
        ("enterprise-broker-tls-cert-g1-provider-class", "objects", "server-leef-crt-g1", "nobody publishes"),
    ),
    Mistake(
        "object that is a key of the vault",
        "REF-04",
        lambda two: two.set(
            "enterprise-broker-tls-cert-g1-provider-class",
            "objects",
            two.value("enterprise-broker-tls-cert-g1-provider-class", "objects").replace(
                "objectType: secret", "objectType: key"
            ),
        ),
        ("enterprise-broker-tls-cert-g1-provider-class", "objects", "objectType 'key'; expected 'secret'"),
    ),
    Mistake(
        "object that is a map and no text",
        "REF-04",
        lambda two: two.set("enterprise-broker-tls-cert-g1-provider-class", "objects", "array: [{objectName: a}]"),
        ("enterprise-broker-tls-cert-g1", "'server-leaf-crt-g1'", "not among the objects"),
    ),
    Mistake(
        "key from a secret that is not among the objects",
        "REF-04",
        lambda two: two.set("enterprise-broker-tls-cert-g1", "objectSecretMapping.0.sourcePath", "other"),
        ("enterprise-broker-tls-cert-g1", "'other'"),
        also=("SEC-02",),
    ),
    Mistake(
        "provider class of another cluster",
        "REF-04",
        lambda two: two.set("site-client-secret-enterprise-g1", "secretProviderClassName", "broker-tls-cert-g1"),
        ("site-client-secret-enterprise-g1", "secretProviderClassName", "broker-tls-cert-g1"),
        also=("SEC-02",),
    ),
    Mistake(
        "container of another account",
        "REF-04",
        lambda two: two.set(
            "site-schema-registry", "storageAccountContainerUrl", "https://x.blob.core.windows.net/schemas"
        ),
        ("site-schema-registry", "storageAccountContainerUrl"),
        also=("ID-03",),
    ),
    Mistake(
        "listener with a Secret of nobody",
        "REF-05",
        lambda two: two.set("enterprise-link-listener", "properties.ports.0.tls.manual.secretRef", "broker-tls-g1"),
        ("enterprise-link-listener", "tls.manual.secretRef", "'broker-tls-g1'"),
        also=("EDGE-02",),
    ),
    Mistake(
        "listener's Secret of the wrong type",
        "REF-05",
        lambda two: two.set("enterprise-broker-tls-cert-g1", "kubernetesSecretType", "Opaque"),
        ("enterprise-link-listener", "Opaque", "kubernetes.io/tls", "enterprise-broker-tls-cert-g1"),
    ),
    Mistake(
        "client's Secret without a key",
        "REF-05",
        lambda two: _without_key(two, "site-client-secret-enterprise-g1", "client_key.pem"),
        ("site-to-enterprise-endpoint", "secretRef", "client_key.pem"),
        also=("SEC-02",),
    ),
    Mistake(
        "authentication with a ConfigMap of nobody",
        "REF-05",
        lambda two: two.set(
            "enterprise-link-authentication",
            "properties.authenticationMethods.0.x509Settings.trustedClientCaCert",
            "client-ca",
        ),
        ("enterprise-link-authentication", "trustedClientCaCert", "did you mean client-ca-g1?"),
        also=("PKI-07",),
    ),
    Mistake(
        "endpoint with a ConfigMap of nobody",
        "REF-05",
        lambda two: two.set(
            "site-to-enterprise-endpoint",
            "properties.mqttSettings.tls.trustedCaCertificateConfigMapRef",
            "client-ca-g1",
        ),
        ("site-to-enterprise-endpoint", "trustedCaCertificateConfigMapRef", "server-ca-enterprise-g1"),
        also=("PKI-07",),
    ),
    Mistake(
        "Bundle for another namespace",
        "REF-05",
        lambda two: two.encode(
            "site-apply-objects",
            "OBJECTS",
            lambda objects: objects[-1]["spec"]["target"].update(
                namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "default"}}
            ),
        ),
        ("site-to-enterprise-endpoint", "'default'", "'azure-iot-operations'"),
    ),
    Mistake(
        "listener outside the custom location",
        "REF-06",
        lambda two: two.drop("enterprise-link-listener", "extendedLocation.name"),
        ("enterprise-link-listener", "extendedLocation.name", "cl-arck-myorgb-dev-001"),
        also=("SHAPE-01",),
    ),
    Mistake(
        "endpoint that trusts its own cluster's authority",
        "REF-05",
        lambda two: two.set(
            "site-to-enterprise-endpoint",
            "properties.mqttSettings.tls.trustedCaCertificateConfigMapRef",
            "azure-iot-operations-aio-ca-trust-bundle",
        ),
        ("site-to-enterprise-endpoint", "cluster site's own broker", "expected one of server-ca-enterprise-g1"),
        also=("PKI-07",),
    ),
    Mistake(
        "custom location on a resource group",
        "REF-06",
        lambda two: two.set(
            "site-custom-location",
            "hostResourceId",
            two.value("site-custom-location", "hostResourceId").partition("/providers/")[0],
        ),
        ("site-custom-location", "hostResourceId", "arck-myorga-dev-001"),
    ),
    Mistake(
        "custom location of another cluster",
        "REF-06",
        lambda two: two.set(
            "site-custom-location", "hostResourceId", two.value("enterprise-custom-location", "hostResourceId")
        ),
        ("site-custom-location", "hostResourceId", "arck-myorga-dev-001"),
        also=("EDGE-01",),
    ),
    Mistake(
        "AIO in another namespace",
        "REF-06",
        lambda two: two.set("site-aio-extension", "scope.cluster.releaseNamespace", "default"),
        ("site-aio-extension", "'azure-iot-operations'"),
    ),
    Mistake(
        "resource in another region",
        "ASK-02",
        lambda two: two.set("site-node", "location", "westeurope"),
        ("site-node", "westeurope", "eastus2"),
    ),
    Mistake(
        "script for another tenant",
        "ASK-02",
        lambda two: two.parameter("site-connect-arc", "CUSTOM_LOCATIONS_OBJECT_ID", "other"),
        ("site-connect-arc", "CUSTOM_LOCATIONS_OBJECT_ID"),
    ),
    Mistake(
        "no endpoint",
        "ASK-01",
        lambda two: two.remove("site-to-enterprise-endpoint"),
        ("site", "'mqtt-enterprise'", "site-to-enterprise"),
        also=("REF-03", "PKI-07"),
    ),
    Mistake(
        "no listener",
        "ASK-01",
        lambda two: two.remove("enterprise-link-listener"),
        ("enterprise", "LoadBalancer", "site-to-enterprise"),
    ),
    Mistake(
        "two instances in a cluster",
        "ASK-01",
        lambda two: two.copy("site-aio-instance", "site-aio-instance-2", instanceName="second"),
        ("site", "2 times Microsoft.IoTOperations/instances;"),
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_is_reported(mistake: Mistake, two: Workbench, reported: Callable[..., None]) -> None:
    mistake.change(two)
    reported(two, mistake.rule, *mistake.said, also=mistake.also)


@pytest.mark.parametrize("bench", ["two", "three", "brokers", "prod"])
def test_correct_deployments_have_no_findings(bench: str, request: pytest.FixtureRequest) -> None:
    workbench: Workbench = request.getfixturevalue(bench)
    assert workbench.findings() == []


def test_a_type_that_is_expected_nowhere_is_reported(two: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    without = tuple(one for one in expected._ONE_EACH if one is not BLOB_CONTAINER)
    monkeypatch.setattr(expected, "_ONE_EACH", without)
    found = {(one.rule, one.resource, one.message) for one in two.findings()}
    message = f"nothing asks for {BLOB_CONTAINER.arm_type}: remove it, or add it to rules/expected.py"
    assert found == {("ASK-03", f"{cluster}-schemas-container", message) for cluster in ("site", "enterprise")}
