"""Certificates that are not for what they are used for, or whose names tell another generation."""

from __future__ import annotations

from typing import Any

import pytest

from graph import tls_values
from rules.certificate_uses import fit_for_use
from rules.lookup import View
from tests.rules.workbench import Workbench

_LEAF = "enterprise-server-leaf-g1"


def _found(bench: Workbench) -> dict[str, str]:
    return dict(fit_for_use(View(bench.graph, bench.settings)))


def _reissue(bench: Workbench, **inputs: Any) -> None:
    certificate, _ = bench.issue("server", "enterprise-broker-g1", **inputs)
    bench.get(_LEAF, "LocallySignedCert").outputs["certPem"] = certificate


def _new_root(bench: Workbench, **inputs: Any) -> None:
    key = tls_values.create("PrivateKey", {"algorithm": "ECDSA", "ecdsaCurve": "P256"})[1]["privateKeyPemPkcs8"]
    given = {
        "privateKeyPem": key, "subject": {"commonName": "r-g1"}, "isCaCertificate": True, "maxPathLength": 3,
        "setSubjectKeyId": True, "allowedUses": ["cert_signing"], "validityPeriodHours": 24, **inputs,
    }  # fmt: skip
    root = bench.get("enterprise-server-root-g1", "SelfSignedCert")
    root.outputs["certPem"] = tls_values.create("SelfSignedCert", given)[1]["certPem"]


def test_the_programs_own_are_fit(two: Workbench) -> None:
    assert _found(two) == {}


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"allowedUses": ["key_encipherment", "server_auth"]}, "digital_signature"),
        ({"allowedUses": ["digital_signature", "cert_signing", "server_auth"]}, "a leaf with the key usage of a CA"),
        ({"setSubjectKeyId": False}, "no subject key id"),
    ],
)
def test_a_leaf_that_is_not_fit_is_found(inputs: dict[str, Any], said: str, two: Workbench) -> None:
    _reissue(two, **inputs)
    assert said in _found(two)[_LEAF]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"allowedUses": ["digital_signature"]}, "cert_signing"),
        ({"subject": {"commonName": "r-g1", "organization": "o"}}, "more in its subject"),
    ],
)
def test_a_root_that_is_not_fit_is_found(inputs: dict[str, Any], said: str, two: Workbench) -> None:
    _new_root(two, **inputs)
    assert said in _found(two)["enterprise-server-root-g1"]


def test_two_authorities_of_one_name_are_found(two: Workbench) -> None:
    _new_root(two, subject={"commonName": "myorg-dev-client-root-g1"})
    assert "is the name of client-root-g1 too" in _found(two)["enterprise-server-root-g1"]


def test_a_key_of_another_generation_is_found(two: Workbench) -> None:
    two.get("enterprise-server-root-key-g1").name = "enterprise-server-root-key"
    assert "enterprise-server-root-key none" in _found(two)["enterprise-server-root-g1"]


def test_a_certificate_whose_subject_has_another_generation_is_found(two: Workbench) -> None:
    two.set("enterprise-server-leaf-request-g1", "subject.commonName", "enterprise-broker-g2")
    assert "its subject enterprise-broker-g2 g2" in _found(two)["enterprise-server-leaf-request-g1"]
