"""Parse certificates and keys, and verify chains as a TLS client and a TLS server do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from settings.external_ca import find_extension

PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----\s[A-Za-z0-9+/=:,\s-]{40}")
"""A private key with its contents; scripts and messages may name the marker alone."""

_ALGORITHMS = {
    "RSA": rsa.RSAPublicKey,
    "ECDSA": ec.EllipticCurvePublicKey,
    "Ed25519": ed25519.Ed25519PublicKey,
    "Ed448": ed448.Ed448PublicKey,
    "DSA": dsa.DSAPublicKey,
}
KEY_USES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def key_usage(*uses: str) -> x509.KeyUsage:
    """Return the extension that allows these uses, named as in `KEY_USES`, and no other."""
    return x509.KeyUsage(**{use: use in uses for use in KEY_USES})


def certificates(pem: str) -> list[x509.Certificate]:
    """Return all certificates of a PEM text in their order; none if it is something else."""
    return [*_parse(pem)]


@lru_cache(maxsize=10_000)  # who looks at clusters after every step reads the same certificates each time
def _parse(pem: str) -> tuple[x509.Certificate, ...]:
    try:
        return (*x509.load_pem_x509_certificates(pem.encode()),)
    except ValueError:
        return ()


def key_of_private(pem: str) -> bytes | None:
    """Return what identifies a private key: its public key, DER."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@lru_cache(maxsize=10_000)
def key_of(certificate: x509.Certificate) -> bytes:
    """Return what identifies a certificate's key: its public key, DER."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def algorithm(certificate: x509.Certificate) -> str:
    """Return the kind of key, as a message names it."""
    key = certificate.public_key()
    return next((name for name, kind in _ALGORITHMS.items() if isinstance(key, kind)), type(key).__name__)


def sha256(certificate: x509.Certificate) -> str:
    """Return the SHA-256 fingerprint, lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def subject(name: x509.Name) -> str:
    """Return a distinguished name as text, `CN=site-g1`."""
    return name.rfc4514_string()


def is_ca(certificate: x509.Certificate) -> bool:
    """Return whether it may sign others."""
    found = find_extension(certificate, x509.BasicConstraints)
    return bool(found and found.ca)


def path_length(certificate: x509.Certificate) -> int | None:
    """Return how many CAs may follow below it; None: any number."""
    found = find_extension(certificate, x509.BasicConstraints)
    return found.path_length if found else None


def extended_uses(certificate: x509.Certificate) -> set[x509.ObjectIdentifier]:
    """Return what the certificate may be used for."""
    return set(find_extension(certificate, x509.ExtendedKeyUsage) or ())


def alternative_names(signed: x509.Certificate | x509.CertificateSigningRequest) -> list[x509.GeneralName]:
    """Return every subject alternative name."""
    return list(find_extension(signed, x509.SubjectAlternativeName) or ())


def hosts(certificate: x509.Certificate) -> list[str]:
    """Return every DNS name and IP address among the subject alternative names."""
    names = alternative_names(certificate)
    return [str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress)]


def is_ip(host: str) -> bool:
    """Return whether the host is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def to_name(host: str) -> x509.IPAddress | x509.DNSName:
    """Return the host as certificates name it."""
    return x509.IPAddress(ip_address(host)) if is_ip(host) else x509.DNSName(host)


def names_host(certificate: x509.Certificate, host: str) -> bool:
    """Return whether the certificate is for this host: an IP address only as such, a name only as a name."""
    return to_name(host) in alternative_names(certificate)


def why_no_server_chain(leaf: x509.Certificate, others: Sequence[x509.Certificate], root: x509.Certificate) -> str:
    """Return why a client that trusts the root refuses the server, whatever host it asked for; empty if it does not."""
    known = hosts(leaf)
    if not known:
        return "the certificate names no host"
    try:
        _policy(leaf, root).build_server_verifier(to_name(known[0])).verify(leaf, list(others))
    except (VerificationError, ValueError) as error:
        return str(error)
    return ""


def why_no_client_chain(leaf: x509.Certificate, others: Sequence[x509.Certificate], root: x509.Certificate) -> str:
    """Return why a server that trusts the root refuses the client; empty if it does not."""
    # MQTT clients are known by their subject, so an alternative name is not asked for.
    ee = ExtensionPolicy.webpki_defaults_ee().may_be_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
    policy = _policy(leaf, root).extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ee)
    try:
        policy.build_client_verifier().verify(leaf, list(others))
    except (VerificationError, ValueError) as error:
        return str(error)
    return ""


def _policy(leaf: x509.Certificate, root: x509.Certificate) -> PolicyBuilder:
    # At the time it was issued: a graph may be judged at any later time.
    return PolicyBuilder().store(Store([root])).time(leaf.not_valid_before_utc)
