"""nodes/await-secrets.sh against stand-ins, with real certificates and the real openssl."""

from __future__ import annotations

import base64
import datetime
import functools
import hashlib
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.nodes.node_stand_in import Node, encoded


@dataclass(frozen=True)
class Pair:
    certificate: str
    key: str
    sha256: str


SIGNED_BY = {"leaf": "intermediate", "other": "other intermediate"}


@functools.cache
def key_of(_: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def pair(common_name: str) -> Pair:
    signer = SIGNED_BY.get(common_name, common_name)
    key = key_of(common_name)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, signer)])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=signer == common_name, path_length=None), critical=True)
        .sign(key_of(signer), hashes.SHA256())
    )
    return Pair(
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest(),
    )


def secret(**data: str) -> dict[str, object]:
    encoded_data = {key.replace("_", "."): base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"metadata": {"name": "broker-g1"}, "data": encoded_data}


def config_map(**data: str) -> dict[str, object]:
    return {"metadata": {"name": "client-ca"}, "data": {key.replace("_", "."): value for key, value in data.items()}}


def expected_secret(common_name: str = "leaf") -> dict[str, object]:
    certificate = {"key": "tls.crt", "sha256": pair(common_name).sha256.upper()}
    return {"kind": "Secret", "name": "broker-g1", "keys": ["tls.crt", "tls.key"], "certificate": certificate}


def expected_config_map() -> dict[str, object]:
    certificate = {"key": "ca.crt", "sha256": pair("root").sha256}
    return {"kind": "ConfigMap", "name": "client-ca", "keys": ["ca.crt"], "certificate": certificate}


def parameters(*expected: object) -> dict[str, str]:
    return {"EXPECTED": encoded(list(expected)), "NAMESPACE": "azure-iot-operations", "WAIT_SECONDS": "100"}


def good_secret() -> dict[str, object]:
    chain = pair("leaf").certificate + pair("intermediate").certificate
    return secret(tls_crt=chain, tls_key=pair("leaf").key)


def test_all_in_place(node: Node) -> None:
    node.put_cluster(
        {"secret/broker-g1": good_secret(), "configmap/client-ca": config_map(ca_crt=pair("root").certificate)}
    )
    run = node.run("await-secrets", parameters(expected_secret(), expected_config_map()))
    assert run.fact == {"seen": ["Secret/broker-g1", "ConfigMap/client-ca"]}
    assert node.clock == 0
    assert all("--namespace azure-iot-operations get" in call for call in node.calls if call.startswith("kubectl"))


def test_missing_secret_times_out_with_the_reason_of_its_sync(node: Node) -> None:
    condition = {"type": "SecretSync", "reason": "ProviderError", "message": "403 from\nvault"}
    node.put(**{"secretsync-served": ""})
    node.put_cluster(
        {"secretsync/broker-g1": {"metadata": {"name": "broker-g1"}, "status": {"conditions": [condition]}}}
    )
    error = node.run("await-secrets", parameters(expected_secret())).error
    assert "Secret broker-g1: not there [SecretSync SecretSync: ProviderError: 403 from vault]" in error
    assert "check the vault secret, the vault role and the federated credential" in error
    assert node.has_waited(100)


def test_missing_secret_where_secret_sync_is_not_installed(node: Node) -> None:
    error = node.run("await-secrets", parameters(expected_secret())).error
    assert "Secret broker-g1: not there -> check the SecretSync" in error


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (secret(tls_crt="x"), "keys missing or empty: tls.key"),
        (secret(tls_crt="", tls_key="x"), "keys missing or empty: tls.crt"),
        (secret(tls_crt="x", tls_key="x"), "tls.crt holds no certificate in PEM"),
        (secret(tls_crt=pair("other").certificate, tls_key=pair("other").key), f"expected {pair('leaf').sha256}"),
        (secret(tls_crt=pair("leaf").certificate, tls_key=pair("other").key), "tls.key is not the private key of"),
        (secret(tls_crt=pair("leaf").certificate, tls_key="x"), "tls.key is not the private key of"),
    ],
    ids=["no key", "empty key", "no certificate", "other certificate", "other key", "no private key"],
)
def test_wrong_secret_fails_and_shows_no_key(node: Node, found: dict[str, object], message: str) -> None:
    node.put_cluster({"secret/broker-g1": found})
    run = node.run("await-secrets", parameters(expected_secret()))
    assert message in run.error
    for line in (pair("leaf").key + pair("other").key).splitlines()[1:-1]:
        assert line not in run.stderr
    assert "PRIVATE KEY" not in run.stderr


@pytest.mark.parametrize("certificate_key", ["tls.crt", "client_cert.pem"])
@pytest.mark.parametrize(
    ("above", "is_right"),
    [
        (("intermediate",), True),
        (("other intermediate", "intermediate"), True),
        ((), False),
        (("other intermediate",), False),
        (("leaf",), False),
    ],
)
def test_the_intermediate_has_signed_the_certificate(
    node: Node, certificate_key: str, above: tuple[str, ...], is_right: bool
) -> None:
    """Vault secrets are read one by one: an intermediate may still be of another generation."""
    leaf, chain = pair("leaf"), "".join(pair(name).certificate for name in above)
    if certificate_key == "tls.crt":
        data = {"tls.crt": leaf.certificate + chain, "tls.key": leaf.key}
    else:
        data = {"client_cert.pem": leaf.certificate, "client_key.pem": leaf.key}
        data["client_intermediate_certs.pem"] = chain or "none"
    encoded_data = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    node.put_cluster({"secret/broker-g1": {"metadata": {"name": "broker-g1"}, "data": encoded_data}})
    expected = {**expected_secret(), "keys": [*data]}
    expected["certificate"] = {"key": certificate_key, "sha256": leaf.sha256}
    run = node.run("await-secrets", parameters(expected))
    if is_right:
        assert run.fact == {"seen": ["Secret/broker-g1"]}
    else:
        assert f"has no certificate that has signed the first one in {certificate_key}" in run.error


def test_client_key_is_compared_too(node: Node) -> None:
    found = secret()
    found["data"] = {
        "client_cert.pem": base64.b64encode(pair("leaf").certificate.encode()).decode(),
        "client_key.pem": base64.b64encode(pair("other").key.encode()).decode(),
    }
    node.put_cluster({"secret/broker-g1": found})
    expected = {"kind": "Secret", "name": "broker-g1", "keys": ["client_cert.pem", "client_key.pem"]}
    assert "client_key.pem is not the private key" in node.run("await-secrets", parameters(expected)).error


def test_neither_certificate_nor_key_is_not_a_pair(node: Node) -> None:
    node.put_cluster({"secret/broker-g1": secret(tls_crt="x", tls_key="x")})
    expected = {"kind": "Secret", "name": "broker-g1", "keys": ["tls.crt", "tls.key"]}
    assert "tls.key is not the private key" in node.run("await-secrets", parameters(expected)).error


def test_surplus_key_is_fine_in_a_secret_but_not_in_a_config_map(node: Node) -> None:
    more = {"ca_crt": pair("root").certificate, "evil_crt": pair("other").certificate}
    surplus = good_secret()
    assert isinstance(surplus["data"], dict)
    surplus["data"]["more"] = "eA=="
    node.put_cluster({"secret/broker-g1": surplus, "configmap/client-ca": config_map(**more)})
    error = node.run("await-secrets", parameters(expected_secret(), expected_config_map())).error
    assert "ConfigMap client-ca: has keys that nobody expects: evil.crt" in error
    assert "broker-g1" not in error


def test_other_certificate_in_a_config_map(node: Node) -> None:
    node.put_cluster({"configmap/client-ca": config_map(ca_crt=pair("other").certificate)})
    assert f"expected {pair('root').sha256}" in node.run("await-secrets", parameters(expected_config_map())).error


def test_second_certificate_in_a_config_map_would_be_trusted_too(node: Node) -> None:
    both = pair("root").certificate + pair("other").certificate
    node.put_cluster({"configmap/client-ca": config_map(ca_crt=both)})
    assert "more than one certificate" in node.run("await-secrets", parameters(expected_config_map())).error


def test_api_that_does_not_answer_is_named(node: Node) -> None:
    node.put(**{"fail-kubectl": "The connection to the server was refused"})
    assert "connection to the server was refused" in node.run("await-secrets", parameters(expected_secret())).error


def test_where_nothing_is_to_be_seen_the_api_has_to_answer_all_the_same(node: Node) -> None:
    assert node.run("await-secrets", parameters()).fact == {"seen": []}
    node.put(**{"fail-kubectl": "The connection to the server was refused"})
    assert "connection to the server was refused" in node.run("await-secrets", parameters()).error


@pytest.mark.parametrize(
    "expected",
    [
        {},
        ["x"],
        [{"kind": "Pod", "name": "x", "keys": ["x"]}],
        [{"kind": "Secret", "name": "x", "keys": []}],
        [{"kind": "Secret", "name": "x", "keys": ["a"], "certificate": {"key": "b", "sha256": "00" * 32}}],
        [{"kind": "Secret", "name": "x", "keys": ["tls.crt"], "certificate": {"key": "tls.crt", "sha256": "00"}}],
        [{"kind": "Secret", "name": "x", "keys": ["a"], "certificate": {"key": "a", "sha256": "00" * 32}}],
    ],
)
def test_unusable_expectation_is_refused_at_once(node: Node, expected: object) -> None:
    run = node.run("await-secrets", {**parameters(), "EXPECTED": encoded(expected)})
    assert "EXPECTED is not usable" in run.error and "Traceback" not in run.stderr
    assert node.calls == []


@pytest.mark.parametrize("seconds", ["0", "x", "1.5", "-1", "100000"])
def test_wait_is_a_bounded_number(node: Node, seconds: str) -> None:
    error = node.run("await-secrets", {**parameters(expected_secret()), "WAIT_SECONDS": seconds}).error
    assert f"WAIT_SECONDS is '{seconds}'" in error
