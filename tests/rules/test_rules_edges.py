"""The path rule, and who waits for whom."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.workbench import Mistake, Workbench

_PATHS = (
    ("site-broker", "instanceName", "site-aio-instance"),
    ("site-default-listener", "brokerName", "site-broker"),
    ("site-to-enterprise-input", "dataflowProfileName", "site-dataflow-profile"),
    ("site-setup-k3s", "vmName", "site-node"),
    ("site-node", "resourceGroupName", "site-resource-group"),
    ("site-subnet", "virtualNetworkName", "site-virtual-network"),
    ("site-schemas-container", "accountName", "site-storage-account"),
    ("site-vault-site-to-enterprise-client-leaf-key-g1", "vaultName", "site-key-vault"),
    ("site-aio-credential", "resourceName", "site-aio-identity"),
    ("site-secret-sync-reader-role", "scope", "site-key-vault"),
    ("site-arc-onboarding-role", "scope", "site-resource-group"),
    ("site-cert-manager-extension", "resourceGroupName", "site-resource-group"),
)


@pytest.mark.parametrize(("name", "parameter", "owner"), _PATHS)
def test_a_text_in_a_path_is_reported(
    name: str, parameter: str, owner: str, two: Workbench, reported: Callable[..., None]
) -> None:
    one = next(one for one in two.graph.resources.values() if one.name == name and parameter in one.inputs)
    one.property_dependencies = {**one.property_dependencies, parameter: []}
    only_way_to_the_node = name in ("site-broker", "site-setup-k3s")
    reported(two, "PATH-01", name, parameter, owner, also=("PATH-03",) if only_way_to_the_node else ())


def _unbind(bench: Workbench, name: str, parameter: str) -> None:
    """The parameter is a plain text."""
    one = bench.get(name)
    one.property_dependencies = {**one.property_dependencies, parameter: []}


def _unordered(bench: Workbench) -> None:
    """Two subnets of one VNet side by side."""
    bench.copy("site-subnet", "site-subnet-2", subnetName="snet-2", addressPrefix="10.1.2.0/24")


def _second_credential(bench: Workbench) -> None:
    bench.copy("site-aio-credential", "site-aio-credential-2", federatedIdentityCredentialResourceName="second")


MISTAKES = (
    Mistake(
        "deleted with a vault and not replaced with it",
        "PATH-02",
        lambda two: two.options("enterprise-vault-server-leaf-key-g1", kind="keyvault:Secret", replace_with=[]),
        ("enterprise-vault-server-leaf-key-g1", "enterprise-key-vault", "replace_with"),
    ),
    Mistake(
        "AIO resource that outlives its node",
        "PATH-03",
        lambda two: _unbind(two, "enterprise-aio-instance", "instanceName"),
        ("enterprise-aio-instance", "enterprise-node"),
    ),
    Mistake(
        "extension that outlives its node",
        "PATH-03",
        lambda two: _unbind(two, "site-aio-extension", "clusterName"),
        ("site-aio-extension", "site-node"),
    ),
    Mistake(
        "custom location that is deleted out of order",
        "PATH-03",
        lambda two: two.options("site-custom-location", replace_with=[two.get("site-node").urn]),
        ("site-custom-location", "out of order"),
        also=("LIFE-07",),
    ),
    Mistake(
        "dataflow that does not wait for its endpoint",
        "EDGE-01",
        lambda two: two.forget("site-to-enterprise-input", "site-to-enterprise-endpoint"),
        ("site-to-enterprise-input", "destinationSettings.endpointRef", "site-to-enterprise-endpoint"),
    ),
    Mistake(
        "node that does not wait for its interface, and so not for the way out",
        "EDGE-01",
        lambda two: two.forget("site-node", "site-network-interface"),
        ("site-node", "networkInterfaces[0].id", "site-network-interface"),
    ),
    Mistake(
        "interface that does not wait for its subnet",
        "EDGE-01",
        lambda two: two.forget("site-network-interface", "site-subnet"),
        ("site-network-interface", "site-subnet"),
    ),
    Mistake(
        "listener that does not wait for its authorization",
        "EDGE-01",
        lambda two: two.forget("enterprise-link-listener", "enterprise-link-authorization"),
        ("enterprise-link-listener", "authorizationRef", "enterprise-link-authorization"),
    ),
    Mistake(
        "custom location that does not wait for an extension",
        "EDGE-01",
        lambda two: two.forget("site-custom-location", "site-secret-store-extension"),
        ("site-custom-location", "clusterExtensionIds", "site-secret-store-extension"),
    ),
    Mistake(
        "extension that does not wait for Arc",
        "EDGE-01",
        lambda two: two.forget("site-cert-manager-extension", "site-connect-arc"),
        ("site-cert-manager-extension", "clusterName", "site-connect-arc"),
    ),
    Mistake(
        "admin's role that does not wait for Arc",
        "EDGE-01",
        lambda two: two.forget("site-admins-arc-viewer-role", "site-connect-arc"),
        ("site-admins-arc-viewer-role", "scope", "site-connect-arc"),
    ),
    Mistake(
        "listener that does not wait for the gate",
        "EDGE-02",
        lambda two: two.forget(
            "enterprise-link-listener",
            "enterprise-await-secrets",
            "enterprise-link-authentication",
            "enterprise-link-authorization",
        ),
        ("enterprise-link-listener", "Secret 'broker-tls-cert-g1'", "depends_on"),
        also=("EDGE-01",),
    ),
    Mistake(
        "endpoint that does not wait for the gate",
        "EDGE-02",
        lambda two: two.forget("site-to-enterprise-endpoint", "site-await-secrets"),
        ("site-to-enterprise-endpoint", "client-secret-enterprise-g1", "depends_on"),
    ),
    Mistake(
        "authentication that does not wait for the gate",
        "EDGE-02",
        lambda two: two.forget("enterprise-link-authentication", "enterprise-await-secrets"),
        ("enterprise-link-authentication", "ConfigMap 'client-ca-g1'"),
    ),
    Mistake(
        "gate that looks for too little",
        "EDGE-02",
        lambda two: two.encode("enterprise-await-secrets", "EXPECTED", lambda expected: expected.pop(0)),
        ("enterprise-link-listener", "enterprise-await-secrets does not look for"),
    ),
    Mistake(
        "gate that misses a key",
        "EDGE-02",
        lambda two: two.encode(
            "enterprise-await-secrets", "EXPECTED", lambda expected: expected[0]["keys"].remove("tls.key")
        ),
        ("enterprise-await-secrets", "tls.key"),
    ),
    Mistake(
        "gate with the fingerprint of another certificate",
        "EDGE-02",
        lambda two: two.encode(
            "enterprise-await-secrets", "EXPECTED", lambda expected: expected[0]["certificate"].update(sha256="00" * 32)
        ),
        ("enterprise-await-secrets", "broker-tls-cert-g1", "0000", "tls.crt"),
    ),
    Mistake(
        "gate that does not wait for its SecretSync",
        "EDGE-03",
        lambda two: two.forget("enterprise-await-secrets", "enterprise-broker-tls-cert-g1"),
        ("enterprise-await-secrets", "enterprise-broker-tls-cert-g1"),
    ),
    Mistake(
        "gate that looks for what nobody makes",
        "EDGE-03",
        lambda two: two.encode(
            "site-await-secrets",
            "EXPECTED",
            lambda expected: expected.append(
                {"kind": "Secret", "name": "other", "keys": ["a"], "certificate": {"key": "a", "sha256": ""}}
            ),
        ),
        ("site-await-secrets", "'other'", "in vain"),
    ),
    Mistake(
        "gate that gives up before a role has spread",
        "EDGE-03",
        lambda two: two.parameter("site-await-secrets", "WAIT_SECONDS", "15"),
        ("site-await-secrets", "WAIT_SECONDS: 15", "at least 720"),
    ),
    Mistake(
        "gate in another namespace",
        "EDGE-03",
        lambda two: two.parameter("site-await-secrets", "NAMESPACE", "default"),
        ("site-await-secrets", "NAMESPACE"),
    ),
    Mistake(
        "sync before the vault secrets",
        "EDGE-04",
        lambda two: setattr(
            two.get("enterprise-broker-tls-cert-g1-provider-class"),
            "dependencies",
            [
                urn
                for urn in two.get("enterprise-broker-tls-cert-g1-provider-class").dependencies
                if "server-leaf-key" not in urn
            ],
        ),
        ("enterprise-broker-tls-cert-g1", "enterprise-vault-server-leaf-key-g1"),
    ),
    Mistake(
        "sync before a role",
        "EDGE-04",
        lambda two: two.forget("site-client-secret-enterprise-g1-provider-class", "site-secret-sync-secrets-user-role"),
        ("site-client-secret-enterprise-g1", "site-secret-sync-secrets-user-role"),
    ),
    Mistake(
        "sync before the credential",
        "EDGE-04",
        lambda two: two.forget("site-client-secret-enterprise-g1-provider-class", "site-secret-sync-credential"),
        ("site-client-secret-enterprise-g1", "site-secret-sync-credential"),
    ),
    Mistake(
        "two subnets at a time",
        "EDGE-06",
        _unordered,
        ("site-subnet-2", "vnet-myorga-dev-001"),
        also=("ASK-01", "EDGE-05", "NET-02"),
    ),
    Mistake(
        "two credentials at a time",
        "EDGE-06",
        _second_credential,
        ("site-aio-credential-2", "id-myorga-aio"),
        also=("ID-01",),
    ),
    Mistake(
        "Arc before K3s",
        "EDGE-07",
        lambda two: two.forget("site-connect-arc", "site-setup-k3s"),
        ("site-connect-arc", "site-setup-k3s"),
        also=("EDGE-06",),
    ),
    Mistake(
        "Arc before its roles",
        "EDGE-07",
        lambda two: two.forget("site-connect-arc", "site-arc-onboarding-role"),
        ("site-connect-arc", "site-arc-onboarding-role"),
    ),
    Mistake(
        "AIO before cert-manager",
        "EDGE-07",
        lambda two: two.forget("site-aio-extension", "site-cert-manager-extension"),
        ("site-aio-extension", "site-cert-manager-extension"),
    ),
    Mistake(
        "Bundles before trust-manager",
        "EDGE-07",
        lambda two: two.forget("site-apply-objects", "site-cert-manager-extension"),
        ("site-apply-objects",),
    ),
    Mistake(
        "custom location without the secret store",
        "EDGE-07",
        lambda two: two.value("site-custom-location", "clusterExtensionIds").pop(0),
        ("site-custom-location", "clusterExtensionIds", "site-secret-store-extension"),
    ),
    Mistake(
        "a cluster that waits for another",
        "EDGE-08",
        lambda two: two.depend("site-to-enterprise-endpoint", "enterprise-link-listener"),
        ("site-to-enterprise-endpoint", "cluster site waits for cluster enterprise", "enterprise-link-listener"),
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_is_reported(mistake: Mistake, two: Workbench, reported: Callable[..., None]) -> None:
    mistake.change(two)
    reported(two, mistake.rule, *mistake.said, also=mistake.also)


def test_a_peering_that_does_not_wait_for_a_subnet_is_reported(two: Workbench, reported: Callable[..., None]) -> None:
    for one in two.graph.resources.values():
        if one.type.endswith(":VirtualNetworkPeering"):
            one.dependencies = [urn for urn in one.dependencies if not urn.endswith("::site-subnet")]
    reported(two, "EDGE-05", "site-subnet", "enterprise-to-site")


def test_peerings_of_one_network_at_a_time(three: Workbench, reported: Callable[..., None]) -> None:
    for one in three.graph.resources.values():
        if one.type.endswith(":VirtualNetworkPeering"):
            one.dependencies = [urn for urn in one.dependencies if "VirtualNetworkPeering" not in urn]
    reported(three, "EDGE-06", "peer")


def test_only_the_first_of_those_who_wait_for_another_cluster_is_reported(two: Workbench) -> None:
    two.depend("site-node", "enterprise-node")
    assert [(one.rule, one.resource) for one in two.findings()] == [("EDGE-08", "site-node")]


def test_a_wait_for_another_cluster_by_way_of_something_shared_is_reported(two: Workbench) -> None:
    leaf = two.get("site-to-enterprise-client-leaf-request-g1")
    leaf.dependencies = [*leaf.dependencies, two.get("enterprise-network-interface").urn]
    assert {one.rule for one in two.findings()} == {"EDGE-08"}
    assert {one.resource.split("-")[0] for one in two.findings()} == {"site"}
