"""Verify certificate chains by `cryptography`, as a second opinion beside OpenSSL, which decides the handshakes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError

from graph import pem
from rehearsal.mqtt.authority import CLIENT, SERVER


def verify_server(chain_pem: str, trust_pem: str, host: str, at: datetime | None = None) -> str:
    """Return why a client refuses this server for this host: trust, time, use, path length, name; else empty."""
    try:
        leaf, *others = _load_chain(chain_pem)
        _build_policies(trust_pem, SERVER, at).build_server_verifier(pem.to_name(host)).verify(leaf, others)
    except (VerificationError, ValueError) as error:
        return str(error)
    return ""


def verify_client(chain_pem: str, trust_pem: str, at: datetime | None = None) -> str:
    """Return why a broker refuses this client: trust, time, use, path length; else empty."""
    try:
        leaf, *others = _load_chain(chain_pem)
        _build_policies(trust_pem, CLIENT, at).build_client_verifier().verify(leaf, others)
    except (VerificationError, ValueError) as error:
        return str(error)
    return ""


def _load_chain(chain_pem: str) -> list[x509.Certificate]:
    chain = pem.certificates(chain_pem)
    if not chain:
        raise ValueError("there is no certificate")
    return chain


def _build_policies(trust_pem: str, use: x509.ObjectIdentifier, at: datetime | None) -> PolicyBuilder:
    def has_use(_policy: Policy, _leaf: x509.Certificate, found: Any) -> None:
        if use not in found:
            raise ValueError(f"extended key usage lacks {use.dotted_string}")

    ee = ExtensionPolicy.webpki_defaults_ee().require_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, has_use)
    if use == CLIENT:
        # Clients are known by their subject, so an alternative name is not asked for.
        ee = ee.may_be_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
    return (
        PolicyBuilder()
        .store(Store(_load_chain(trust_pem)))
        .time(at or datetime.now(UTC))
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ee)
    )
