"""Federated credentials, roles, and where private keys are."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from arm.values import Secret
from tests.rules.workbench import Mistake, Workbench

_TLS_KEY = "enterprise-server-leaf-key-g1"
_CLIENT_KEY = "site-vault-site-to-enterprise-client-leaf-key-g1"
_SERVER_KEY = "enterprise-vault-server-leaf-key-g1"


def _private_key(bench: Workbench, name: str) -> str:
    key: str = bench.get(name, "PrivateKey").plain_outputs["privateKeyPemPkcs8"]
    return key


def _der(pem: str) -> bytes:
    return base64.b64decode("".join(pem.splitlines()[1:-1]))


_FORMS: dict[str, Callable[[str], object]] = {
    "PEM": str,
    "PEM as a literal": repr,
    "PEM in hex": lambda pem: pem.encode().hex(),
    "PEM in base64": lambda pem: base64.b64encode(pem.encode()).decode(),
    "DER in hex": lambda pem: _der(pem).hex().upper(),
    "DER in base64": lambda pem: base64.b64encode(_der(pem)).decode(),
}


def _unmark(bench: Workbench, secret: str) -> None:
    bench.set(secret, "properties.value", bench.published(secret), kind="keyvault:Secret")


def _move_to_other_vault(bench: Workbench) -> None:
    """The client's key goes to the enterprise's vault, and with it nothing is there for the site."""
    one, vault = bench.get(_CLIENT_KEY, "keyvault:Secret"), bench.get("enterprise-key-vault", "Vault")
    group = bench.get("enterprise-resource-group")
    old = one.inputs
    one.inputs = {**old, "vaultName": vault.inputs["vaultName"], "resourceGroupName": group.inputs["resourceGroupName"]}
    one.dependencies = [vault.urn, group.urn]
    one.property_dependencies = {"vaultName": [vault.urn], "resourceGroupName": [group.urn]}


def _copy_to_other_vault(bench: Workbench) -> None:
    bench.set(_SERVER_KEY, "properties.value", Secret(bench.published(_CLIENT_KEY)), kind="keyvault:Secret")


MISTAKES = (
    Mistake(
        "credential for another service account",
        "ID-01",
        lambda two: two.set(
            "site-secret-sync-credential", "subject", "system:serviceaccount:azure-iot-operations:default"
        ),
        ("site-secret-sync-credential", "subject", "azure-iot-operations:aio-ssc-sa"),
    ),
    Mistake(
        "credential for another namespace",
        "ID-01",
        lambda two: two.set("site-aio-credential", "subject", "system:serviceaccount:default:aio-dataflow"),
        ("site-aio-credential", "azure-iot-operations:aio-dataflow"),
    ),
    Mistake(
        "credential with the issuer of another cluster",
        "ID-01",
        lambda two: two.set("site-aio-credential", "issuer", two.value("enterprise-aio-credential", "issuer")),
        ("site-aio-credential", "issuer", "cluster site"),
    ),
    Mistake(
        "credential with another audience",
        "ID-01",
        lambda two: two.set("site-aio-credential", "audiences", ["api://AzureADTokenexchange"]),
        ("site-aio-credential", "audiences", "api://AzureADTokenExchange"),
    ),
    Mistake(
        "no credential",
        "ID-01",
        lambda two: two.remove("enterprise-secret-sync-credential"),
        ("enterprise-secret-sync-identity", "aio-ssc-sa"),
    ),
    Mistake(
        "client id of nobody",
        "ID-01",
        lambda two: two.set("site-default-secret-provider-class", "clientId", "00000000-0000-4000-8000-000000000000"),
        ("site-default-secret-provider-class", "clientId"),
    ),
    Mistake(
        "vault reader without the role",
        "ID-02",
        lambda two: two.remove("site-secret-sync-secrets-user-role"),
        ("site-secret-sync-identity", "Key Vault Secrets User", "kv-myorga-dev-001"),
    ),
    Mistake(
        "schema registry without the role",
        "ID-02",
        lambda two: two.remove("site-schema-registry-storage-role"),
        ("site-schema-registry", "Storage Blob Data Contributor", "containers/schemas"),
    ),
    Mistake(
        "AIO without the role",
        "ID-02",
        lambda two: two.remove("enterprise-aio-schema-registry-role"),
        ("enterprise-aio-extension", "Azure Device Registry Administrator"),
    ),
    Mistake(
        "node that may not onboard",
        "ID-02",
        lambda two: two.remove("site-arc-onboarding-role"),
        ("site-arc-identity", "Arc Onboarding"),
    ),
    Mistake(
        "node that may not delete its predecessor",
        "ID-02",
        lambda two: two.remove("site-arc-disconnect-role-assignment"),
        ("site-arc-identity", "connectedClusters/delete"),
    ),
    Mistake(
        "admins who may not connect",
        "ID-02",
        lambda two: two.remove("site-admins-arc-cluster-user-role"),
        ("site (the admin group)", "Cluster User Role"),
    ),
    Mistake(
        "role of another cluster's identity",
        "ID-02",
        lambda two: two.set(
            "site-secret-sync-reader-role",
            "principalId",
            two.value("enterprise-secret-sync-reader-role", "principalId"),
        ),
        ("site-secret-sync-identity", "Key Vault Reader"),
        also=("ID-03", "EDGE-04"),
    ),
    Mistake(
        "script that signs in as an identity that the node lacks",
        "ID-02",
        lambda two: two.set("site-node", "identity.userAssignedIdentities", []),
        ("site-connect-arc", "IDENTITY_CLIENT_ID", "site-arc-identity"),
    ),
    Mistake(
        "vault that heeds no roles",
        "ID-02",
        lambda two: two.drop("site-key-vault", "properties.enableRbacAuthorization", kind="keyvault:Vault"),
        ("site-key-vault", "enableRbacAuthorization"),
    ),
    Mistake(
        "role of a whole group where a vault is enough",
        "ID-03",
        lambda two: two.set("site-secret-sync-reader-role", "scope", two.value("site-arc-onboarding-role", "scope")),
        ("site-secret-sync-reader-role", "kv-myorga-dev-001"),
    ),
    Mistake(
        "role that nobody needs",
        "ID-03",
        lambda two: two.copy(
            "site-arc-onboarding-role",
            "site-more",
            roleAssignmentName="11111111-1111-4111-8111-111111111111",
            roleDefinitionId=two.value("site-schema-registry-storage-role", "roleDefinitionId"),
        ),
        ("site-more", "Storage Blob Data Contributor", "remove it"),
        also=("EDGE-07",),
    ),
    Mistake(
        "program that writes a file",
        "SEC-06",
        lambda two: two.does("components/pki_chain.py:9", "writes /srv/key.pem"),
        ("components/pki_chain.py:9", "/srv/key.pem", "previews"),
    ),
    Mistake(
        "custom role with more rights",
        "ID-03",
        lambda two: two.value("site-arc-disconnect-role", "permissions.0.actions").append("Microsoft.Kubernetes/*"),
        ("site-arc-disconnect-role", "Microsoft.Kubernetes/*"),
    ),
    Mistake(  # of a principal who needs nothing no type is expected: one cause, told as that
        "role of another principal",
        "ID-02",
        lambda two: two.set("site-admins-arc-viewer-role", "principalId", two.settings.tenant.tenant_id),
        ("the admin group", "Azure Arc Kubernetes Viewer"),
        also=("ID-03",),
    ),
    Mistake(
        "no principal type",
        "ID-04",
        lambda two: two.drop("site-arc-onboarding-role", "principalType"),
        ("site-arc-onboarding-role", "principalType", "ServicePrincipal"),
    ),
    Mistake(
        "group as a service principal",
        "ID-04",
        lambda two: two.set("site-admins-arc-viewer-role", "principalType", "ServicePrincipal"),
        ("site-admins-arc-viewer-role", "expected Group"),
    ),
    Mistake(
        "the same assignment twice",
        "ID-04",
        lambda two: two.copy(
            "site-schema-registry-storage-role", "site-again", roleAssignmentName="11111111-1111-4111-8111-111111111111"
        ),
        ("site-again", "Azure refuses"),
    ),
    Mistake(
        "vault secret that is not marked",
        "SEC-01",
        lambda two: _unmark(two, _CLIENT_KEY),
        (_CLIENT_KEY, "inputs.properties.value", "Output.secret"),
    ),
    Mistake(
        "certificate of a vault that is not marked",
        "SEC-01",
        lambda two: _unmark(two, _CLIENT_KEY.replace("-key-", "-crt-")),
        (_CLIENT_KEY.replace("-key-", "-crt-"), "inputs.properties.value: goes into a vault", "Output.secret"),
    ),
    Mistake(
        "tls output that is not marked",
        "SEC-01",
        lambda two: two.get("client-root-key-g1").outputs.update(privateKeyPem=_private_key(two, "client-root-key-g1")),
        ("client-root-key-g1", "outputs.privateKeyPem"),
    ),
    Mistake(
        "key in base64 that is not marked",
        "SEC-01",
        lambda two: two.set(
            "site-resource-group",
            "tags",
            {"key": base64.b64encode(_private_key(two, "client-root-key-g1").encode()).decode()},
        ),
        ("site-resource-group", "tags.key"),
        also=("ASK-04",),
    ),
    Mistake(
        "key in another cluster's vault",
        "SEC-02",
        _move_to_other_vault,
        (_CLIENT_KEY, "kv-myorgb-dev-001", "cluster enterprise"),
        also=("REF-04", "EDGE-08", "LIFE-07"),
    ),
    Mistake(
        "one key in two vaults",
        "SEC-02",
        _copy_to_other_vault,
        ("kv-myorga-dev-001", "kv-myorgb-dev-001", "once"),
        also=("PKI-04",),
    ),
    Mistake(
        "CA key in a vault",
        "SEC-02",
        lambda two: two.set(
            _SERVER_KEY,
            "properties.value",
            Secret(_private_key(two, "enterprise-server-root-key-g1")),
            kind="keyvault:Secret",
        ),
        (_SERVER_KEY, "enterprise-server-root-g1", "No vault"),
        also=("PKI-04",),
    ),
    Mistake(
        "secret that nobody syncs",
        "SEC-02",
        lambda two: two.copy("site-vault-site-to-enterprise-client-leaf-crt-g1", "site-spare", secretName="spare"),
        ("site-spare", "'spare'", "kv-myorga-dev-001"),
    ),
    Mistake(
        "secret stack output",
        "SEC-03",
        lambda two: two.graph.outputs["links"].update(more=Secret("x")),
        ("links.more",),
        also=("OUT-01",),
    ),
    Mistake(
        "private key in hex as stack output",
        "SEC-03",
        lambda two: two.graph.outputs["certificates"]["client-root"].update(
            key=_private_key(two, "client-root-key-g1").encode().hex()
        ),
        ("certificates.client-root.key",),
    ),
    Mistake(
        "private key as stack output",
        "SEC-03",
        lambda two: two.graph.outputs["certificates"]["client-root"].update(
            key=_private_key(two, "client-root-key-g1")
        ),
        ("certificates.client-root.key",),
    ),
    Mistake(
        "secret parameter of a Run Command",
        "SEC-04",
        lambda two: two.parameter("site-setup-k3s", "K3S_VERSION", Secret("x")),
        ("site-setup-k3s", "K3S_VERSION", "Key Vault"),
        also=("REL-03",),
    ),
    Mistake(
        "private key in base64 for a Run Command",
        "SEC-04",
        lambda two: two.encode(
            "site-apply-objects",
            "OBJECTS",
            lambda objects: objects.append(
                {"kind": "Secret", "metadata": {"name": "x"}, "stringData": {"k": _private_key(two, _TLS_KEY)}}
            ),
        ),
        ("site-apply-objects", "OBJECTS"),
        also=("OBJ-01",),
    ),
    Mistake(
        "private key in a script",
        "SEC-04",
        lambda two: two.set("site-setup-k3s", "source.script", "echo " + _private_key(two, _TLS_KEY)),
        ("site-setup-k3s", "source.script"),
        also=("NET-06",),
    ),
)


@pytest.mark.parametrize("form", _FORMS)
def test_a_key_that_the_program_says_is_found_in_whatever_form(
    form: str, two: Workbench, reported: Callable[..., None]
) -> None:
    two.says("info", f"key: {_FORMS[form](_private_key(two, 'client-root-key-g1'))}.")
    reported(two, "SEC-03", "info", "a private key")


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_is_reported(mistake: Mistake, two: Workbench, reported: Callable[..., None]) -> None:
    mistake.change(two)
    reported(two, mistake.rule, *mistake.said, also=mistake.also)
