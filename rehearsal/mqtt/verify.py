"""A second opinion on certificate chains, by `cryptography`; the handshakes have OpenSSL's (field-review §5.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError

from graph import pem
from rehearsal.mqtt.authority import CLIENT, SERVER


def why_not_server(chain_pem: str, trust_pem: str, host: str, at: datetime | None = None) -> str:
    """Why a client refuses this server for this host: trust, validity, use, path length, name; empty if it does not."""
    try:
        wanted: x509.IPAddress | x509.DNSName = x509.IPAddress(ip_address(host))
    except ValueError:
        wanted = x509.DNSName(host)
    try:
        leaf, *others = _chain(chain_pem)
        _policies(trust_pem, SERVER, at).build_server_verifier(wanted).verify(leaf, others)
    except (VerificationError, ValueError) as error:
        return str(error)
    return ""


def why_not_client(chain_pem: str, trust_pem: str, at: datetime | None = None) -> str:
    """Why a broker refuses this client: trust, validity, use, path length; empty if it does not."""
    try:
        leaf, *others = _chain(chain_pem)
        _policies(trust_pem, CLIENT, at).build_client_verifier().verify(leaf, others)
    except (VerificationError, ValueError) as error:
        return str(error)
    return ""


def _chain(chain_pem: str) -> list[x509.Certificate]:
    chain = pem.certificates(chain_pem)
    if not chain:
        raise ValueError("there is no certificate")
    return chain


def _policies(trust_pem: str, use: x509.ObjectIdentifier, at: datetime | None) -> PolicyBuilder:
    def has_use(_policy: Policy, _leaf: x509.Certificate, found: Any) -> None:
        if use not in found:
            raise ValueError(f"extended key usage lacks {use.dotted_string}")

    ee = ExtensionPolicy.webpki_defaults_ee().require_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, has_use)
    if use == CLIENT:
        # Clients are known by their subject, so an alternative name is not asked for.
        ee = ee.may_be_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
    return (
        PolicyBuilder()
        .store(Store(_chain(trust_pem)))
        .time(at or datetime.now(UTC))
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ee)
    )
