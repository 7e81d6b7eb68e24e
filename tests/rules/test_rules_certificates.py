"""Certificates, as the two sides of a link will see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from graph import tls_values
from tests.rules.workbench import Mistake, Workbench

_SERVER = "enterprise-vault-server-leaf-crt-g1"
_SERVER_KEY = "enterprise-vault-server-leaf-key-g1"
_CLIENT = "site-vault-site-to-enterprise-client-leaf-crt-g1"
_CLIENT_KEY = "site-vault-site-to-enterprise-client-leaf-key-g1"
_INTERMEDIATE = "site-vault-site-to-enterprise-client-intermediate-crt-g1"
_SERVER_SYNC, _CLIENT_SYNC = "enterprise-broker-tls-cert-g1", "site-client-secret-enterprise-g1"


def _server(bench: Workbench, **inputs: Any) -> None:
    """Another server certificate, with its key and its chain."""
    certificate, key = bench.issue("server", "enterprise-broker-g1", **{"ipAddresses": ["10.2.1.10"], **inputs})
    bench.publish(_SERVER, certificate + bench.intermediate("server")[0])
    bench.publish(_SERVER_KEY, key)


def _client(bench: Workbench, common_name: str = "site-to-enterprise-g1", side: str = "client", **inputs: Any) -> None:
    certificate, key = bench.issue(side, common_name, **inputs)
    bench.publish(_CLIENT, certificate + bench.intermediate(side)[0])
    bench.publish(_CLIENT_KEY, key)


def _ca(common_name: str, max_path_length: int = 3) -> str:
    key = tls_values.create("PrivateKey", {"algorithm": "ECDSA"})[1]["privateKeyPemPkcs8"]
    inputs = {
        "privateKeyPem": key,
        "subject": {"commonName": common_name},
        "isCaCertificate": True,
        "maxPathLength": max_path_length,
        "setSubjectKeyId": True,
        "allowedUses": ["cert_signing", "crl_signing"],
        "validityPeriodHours": 87600,
    }
    certificate: str = tls_values.create("SelfSignedCert", inputs)[1]["certPem"]
    return certificate


def _reverse(bench: Workbench) -> None:
    leaf, intermediate = bench.published(_SERVER).split("-----BEGIN")[1:]
    bench.publish(_SERVER, f"-----BEGIN{intermediate}-----BEGIN{leaf}")


MISTAKES = (
    Mistake(
        "server certificate without the node's address",
        "PKI-01",
        lambda two: _server(two, ipAddresses=["10.2.1.11"]),
        (_SERVER_SYNC, "10.2.1.10", "10.2.1.11", "site-to-enterprise-endpoint"),
    ),
    Mistake(
        "address as a DNS name",
        "PKI-01",
        lambda two: _server(two, ipAddresses=[], dnsNames=["10.2.1.10.example.com"]),
        (_SERVER_SYNC, "does not name 10.2.1.10"),
    ),
    Mistake(
        "Bundle with the wrong side's root",
        "PKI-02",
        lambda two: two.bundle("site-apply-objects", "server-ca-enterprise-g1", two.root("client")),
        (_SERVER_SYNC, "myorg-dev-client-root-g1", "server-ca-enterprise-g1", "site-apply-objects"),
        also=("OUT-01",),
    ),
    Mistake(
        "server certificate for clients",
        "PKI-02",
        lambda two: _server(two, allowedUses=["digital_signature", "client_auth"]),
        (_SERVER_SYNC,),
        also=("PKI-05",),
    ),
    Mistake(
        "server chain without the intermediate",
        "PKI-02",
        lambda two: two.publish(_SERVER, two.published(_SERVER).split("-----BEGIN")[1].join(["-----BEGIN", ""])),
        (_SERVER_SYNC, "does not verify"),
    ),
    Mistake(
        "authentication with the wrong side's root",
        "PKI-03",
        lambda two: two.bundle("enterprise-apply-objects", "client-ca-g1", two.root("server")),
        (_CLIENT_SYNC, "client-ca-g1", "enterprise-apply-objects"),
    ),
    Mistake(
        "client certificate from the server side",
        "PKI-03",
        lambda two: _client(two, side="server"),
        (_CLIENT_SYNC, "site-to-enterprise"),
        also=("PKI-05",),
    ),
    Mistake(
        "another root of the same name",
        "PKI-03",
        lambda two: two.bundle("enterprise-apply-objects", "client-ca-g1", _ca("myorg-dev-client-root-g1")),
        (_CLIENT_SYNC, "does not verify"),
    ),
    Mistake(
        "key of another certificate",
        "PKI-04",
        lambda two: two.publish(_SERVER_KEY, two.issue("server", "x", ipAddresses=["10.2.1.10"])[1]),
        (_SERVER_SYNC, "another key"),
    ),
    Mistake(
        "two algorithms in a chain",
        "PKI-04",
        lambda two: _server(two, algorithm="RSA"),
        (_SERVER_SYNC, "ECDSA, RSA"),
    ),
    Mistake("intermediate first", "PKI-05", _reverse, (_SERVER_SYNC, "leaf first"), also=("PKI-01",)),
    Mistake(
        "leaf signed by the root",
        "PKI-05",
        lambda two: _server(
            two,
            caCertPem=two.root("server"),
            caPrivateKeyPem=two.get("enterprise-server-root-key-g1").plain_outputs["privateKeyPemPkcs8"],
        ),
        (_SERVER_SYNC, "signed by the root itself"),
    ),
    Mistake(
        "root without a path length",
        "PKI-05",
        lambda two: two.get("enterprise-server-root-g1").outputs.update(
            certPem=_ca("myorgb-dev-server-root-g1", max_path_length=0)
        ),
        ("enterprise-server-root-g1", "path length"),
        also=("OUT-02",),
    ),
    Mistake(
        "leaf for both sides",
        "PKI-05",
        lambda two: _server(two, allowedUses=["digital_signature", "server_auth", "client_auth"]),
        (_SERVER_SYNC, "other side"),
    ),
    Mistake(
        "subject of more than a name",
        "PKI-05",
        lambda two: _server(two, subject={"organization": "myorg"}),
        (_SERVER_SYNC, "O=myorg", "one common name"),
    ),
    Mistake(
        "leaf that outlives its signer",
        "PKI-06",
        lambda two: _server(two, validityPeriodHours=24 * 365 * 30),
        (_SERVER_SYNC, "myorgb-dev-server-intermediate-g1", "Shorten"),
        also=(),
    ),
    Mistake(
        "two roots in a Bundle",
        "PKI-07",
        lambda two: two.bundle(
            "site-apply-objects", "server-ca-enterprise-g1", two.root("server") + two.root("client")
        ),
        ("site-apply-objects", "server-ca-enterprise-g1", "2 certificates"),
    ),
    Mistake(
        "no root in a Bundle",
        "PKI-07",
        lambda two: two.bundle("site-apply-objects", "server-ca-enterprise-g1", ""),
        ("site-apply-objects", "server-ca-enterprise-g1", "0 certificates"),
    ),
    Mistake(
        "intermediate as the root",
        "PKI-07",
        lambda two: two.bundle("site-apply-objects", "server-ca-enterprise-g1", two.intermediate("server")[0]),
        ("site-apply-objects", "no root"),
        also=("OUT-01",),
    ),
    Mistake(
        "ConfigMap without a key",
        "PKI-07",
        lambda two: two.encode(
            "site-apply-objects", "OBJECTS", lambda objects: objects[-1]["spec"]["target"]["configMap"].update(key="")
        ),
        ("site-apply-objects", "configMap.key"),
        also=("EDGE-02",),
    ),
    Mistake(
        "nothing where a key is published",
        "PKI-08",
        lambda two: two.publish(_SERVER_KEY, ""),
        (_SERVER_KEY, "empty"),
    ),
    Mistake(
        "no certificate where one is published",
        "PKI-08",
        lambda two: two.publish(_INTERMEDIATE, "PEM"),
        (_CLIENT_SYNC, "client_intermediate_certs.pem"),
    ),
    Mistake(
        "certificate with a subject that nobody maps",
        "MQTT-03",
        lambda two: _client(two, common_name="site-to-enterprise-g2"),
        ("enterprise-link-authentication", "CN=site-to-enterprise-g2", "0 times"),
        also=(),
    ),
    Mistake(
        "fingerprint of another certificate among the outputs",
        "OUT-02",
        lambda two: two.graph.outputs["certificates"]["link/site-to-enterprise"].update(sha256="00" * 32),
        ("certificates.link/site-to-enterprise.sha256", "0000"),
    ),
    Mistake(
        "wrong end among the outputs",
        "OUT-02",
        lambda two: two.graph.outputs["certificates"]["broker/enterprise/root"].update(
            not_after="2030-01-01T00:00:00Z"
        ),
        ("certificates.broker/enterprise/root.not_after", "2030-01-01"),
    ),
    Mistake(
        "certificate that is not among the outputs",
        "OUT-02",
        lambda two: two.graph.outputs["certificates"].pop("broker/enterprise"),
        ("enterprise-server-leaf-g1",),
    ),
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_is_reported(mistake: Mistake, two: Workbench, reported: Callable[..., None]) -> None:
    mistake.change(two)
    reported(two, mistake.rule, *mistake.said, also=mistake.also)


def test_a_name_needs_a_dns_name(three: Workbench, reported: Callable[..., None]) -> None:
    certificate, key = three.issue("server", "enterprise-broker-g1", ipAddresses=["10.20.1.10"])
    three.publish(_SERVER, certificate + three.intermediate("server")[0])
    three.publish(_SERVER_KEY, key)
    reported(three, "PKI-01", "mqtt.example.com", "10.20.1.10")
