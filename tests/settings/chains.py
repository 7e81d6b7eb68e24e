"""Chains as an external CA would give them back, each part as a test wants it: right ones, and those with one flaw."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from settings.external_ca import Request, SignedChain

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
HOST = IPv4Address("10.2.1.10")
BROKER = Request(
    "broker/enterprise", "enterprise-server-leaf", 1, "enterprise-broker-g1", is_server=True, is_ca=False,
    dns_names=("broker.example",), ip_addresses=(HOST,),
)  # fmt: skip
LINK = Request("link/a", "a-client-leaf", 1, "a-g1", is_server=False, is_ca=False)
SIGNER = Request("authorities", "client-intermediate", 1, "client-intermediate-g1", is_server=False, is_ca=True)
_KEY_USES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


@cache
def key(kind: str, owner: str) -> Any:
    """Return a key; the same one for the same owner."""
    del owner
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p224": ec.SECP224R1(), "p384": ec.SECP384R1()}[kind])


@dataclass(frozen=True)
class Part:
    """One certificate."""

    name: str
    kind: str = "p256"
    signer: str = ""
    """Whose key signs it, if it is not that of the issuer."""
    says: str = ""
    """Whom it names as its issuer, if not the issuer."""
    days: tuple[int, int] = (-1, 100)
    digest: Any = field(default_factory=hashes.SHA256)
    is_ca: bool | None = True
    path_length: int | None = None
    uses: tuple[str, ...] = ("key_cert_sign", "crl_sign")
    extended: tuple[x509.ObjectIdentifier, ...] = ()
    hosts: tuple[x509.GeneralName, ...] = ()
    also: tuple[tuple[x509.ObjectIdentifier, str], ...] = ()
    """What the subject has beside its common name."""
    extra: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    """Further extensions, and whether they are critical."""

    @property
    def subject(self) -> x509.Name:
        attributes = [(NameOID.COMMON_NAME, self.name), *self.also]
        return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])

    def change(self, **changes: Any) -> Part:
        return replace(self, **changes)


def right(request: Request) -> list[Part]:
    """Return a chain that is fit: what was asked for, an issuer where it is a leaf, the root."""
    root = Part("root", days=(-10, 3650))
    if request.is_ca:
        return [Part(request.common_name, days=(-1, 1000)), root]
    hosts = tuple(x509.DNSName(name) for name in request.dns_names) + tuple(
        x509.IPAddress(one) for one in request.ip_addresses
    )
    leaf = Part(
        request.common_name, is_ca=False, uses=("digital_signature",),
        extended=(SERVER if request.is_server else CLIENT,), hosts=hosts,
    )  # fmt: skip
    return [leaf, Part("issuer", days=(-5, 1000)), root]


def issue(parts: list[Part]) -> list[x509.Certificate]:
    """Return the certificates, each signed by the next, the last by itself."""
    return [_issue(one, issuer) for one, issuer in zip(parts, [*parts[1:], parts[-1]], strict=True)]


def to_pem(certificates: list[x509.Certificate]) -> str:
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)


def public_key(part: Part) -> str:
    """Return the key that the stack has made for it, PEM."""
    found = key(part.kind, part.name).public_key()
    return str(found.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def openssl_accepts(request: Request, chain: SignedChain) -> bool:
    """Ask as a TLS side does that trusts the root alone, at the time of the tests' chains."""
    purpose = "any" if request.is_ca else "sslserver" if request.is_server else "sslclient"
    leaf, *between, root = chain.pems
    with TemporaryDirectory() as folder:
        files = {name: Path(folder) / name for name in ("leaf", "between", "root")}
        for name, text in {"leaf": leaf, "between": "".join(between), "root": root}.items():
            files[name].write_text(text)
        command = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-attime", str(int(NOW.timestamp()))]
        command += ["-CAfile", str(files["root"]), *(["-untrusted", str(files["between"])] if between else [])]
        return subprocess.run([*command, str(files["leaf"])], capture_output=True, timeout=30).returncode == 0


def _issue(part: Part, issuer: Part) -> x509.Certificate:
    own, signing = key(part.kind, part.name).public_key(), key(issuer.kind, part.signer or issuer.name)
    issuer_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, part.says)]) if part.says else issuer.subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(part.subject)
        .issuer_name(issuer_name)
        .public_key(own)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=part.days[0]))
        .not_valid_after(NOW + timedelta(days=part.days[1]))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if part.is_ca is not None:
        length = part.path_length if part.is_ca else None
        builder = builder.add_extension(x509.BasicConstraints(ca=part.is_ca, path_length=length), critical=True)
    if part.uses:
        builder = builder.add_extension(x509.KeyUsage(**{use: use in part.uses for use in _KEY_USES}), critical=True)
    if part.extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(part.extended), critical=False)
    if part.hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(part.hosts), critical=False)
    for extension, critical in part.extra:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(signing, None if isinstance(signing, ed25519.Ed25519PrivateKey) else part.digest)
