"""A CA that signs whatever it is asked, in the place of a company's own: for recordings and rehearsals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from graph import pem
from settings.external_ca import Request
from settings.schema import PkiSection

_ROOT = "stand-in company root"
_CA_FILE = "stand-in-ca.pem"
"""Root with its key; no request has this name."""


@dataclass(frozen=True)
class StandInCa:
    """Root and key, and how long what it signs lives."""

    pki: PkiSection
    root: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    @classmethod
    def open(cls, pki: PkiSection, folder: Path) -> StandInCa:
        """Return the CA of a folder; it is made there where there is none."""
        file = folder / _CA_FILE
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            file.touch(0o600)
            file.write_text(_make_root(pki))
        text = file.read_text()
        key = serialization.load_pem_private_key(text.encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
        return cls(pki, pem.certificates(text)[0], key)

    def sign(self, request: Request, signing_request: str) -> str:
        """Return what a company's CA gives back: the certificate, then each issuer, the root last, PEM."""
        asked = x509.load_pem_x509_csr(signing_request.encode())
        if request.is_ca:
            chain = [_issue(self.root.subject, self.key, asked, self.pki.intermediate_days, is_ca=True)]
        else:
            issuer_key = _generate(self.pki)
            name = f"stand-in company issuer of {'servers' if request.is_server else 'clients'}"
            issuer = _issue(self.root.subject, self.key, _ask(name, issuer_key), self.pki.intermediate_days, is_ca=True)
            use = ExtendedKeyUsageOID.SERVER_AUTH if request.is_server else ExtendedKeyUsageOID.CLIENT_AUTH
            chain = [_issue(issuer.subject, issuer_key, asked, self.pki.leaf_days, use=use), issuer]
        return "".join(one.public_bytes(Encoding.PEM).decode() for one in [*chain, self.root])


def sign_made_up(pki: PkiSection, requests: Iterable[Request], folder: Path) -> Mapping[str, str]:
    """Write a signed chain for each request; return the keys that were made up for them, PEM, by logical name."""
    authority, keys = StandInCa.open(pki, folder), {}
    for request in requests:
        key = _generate(pki)
        asked = _ask(request.common_name, key, [pem.to_name(host) for host in request.host_names])
        text = authority.sign(request, asked.public_bytes(Encoding.PEM).decode())
        (folder / f"{request.name}.pem").write_text(text)
        keys[request.key_name] = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return keys


def _generate(pki: PkiSection) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    if pki.algorithm == "rsa":
        return rsa.generate_private_key(65537, 3072)
    return ec.generate_private_key(ec.SECP256R1())


def _make_root(pki: PkiSection) -> str:
    key = _generate(pki)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _ROOT)])
    root = _issue(name, key, _ask(_ROOT, key), pki.root_days, is_ca=True)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (root.public_bytes(Encoding.PEM) + secret).decode()


def _ask(
    name: str, key: CertificateIssuerPrivateKeyTypes, names: list[x509.IPAddress | x509.DNSName] | None = None
) -> x509.CertificateSigningRequest:
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256())


def _issue(
    issuer: x509.Name,
    issuer_key: CertificateIssuerPrivateKeyTypes,
    asked: x509.CertificateSigningRequest,
    days: int,
    *,
    is_ca: bool = False,
    use: x509.ObjectIdentifier | None = None,
) -> x509.Certificate:
    start = datetime.now(UTC).replace(microsecond=0)
    uses = ("key_cert_sign", "crl_sign") if is_ca else ("digital_signature",)
    builder = (
        x509.CertificateBuilder()
        .subject_name(asked.subject)
        .issuer_name(issuer)
        .public_key(asked.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(pem.key_usage(*uses), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(asked.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if use:
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    if names := pem.alternative_names(asked):
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
