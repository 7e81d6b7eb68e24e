"""Issue certificates in memory, by throw-away authorities: for attacks, and for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from graph.pem import key_usage

Sign = Callable[[x509.CertificateBuilder], Sequence[x509.Certificate]]
"""Names the issuer and signs; returns the leaf and the intermediates that belong behind it."""

Key = ec.EllipticCurvePrivateKey
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True)
class Authority:
    """A root or intermediate that signs."""

    certificate: x509.Certificate
    key: Key | rsa.RSAPrivateKey = field(repr=False)
    above: tuple[x509.Certificate, ...] = ()
    """This authority's own certificate and those up to its root, the root left out."""

    @classmethod
    def root(cls, name: str, *, path_length: int | None = None) -> Authority:
        key = new_key()
        subject = common_name(name)
        builder = _build_authority(subject, key, path_length).issuer_name(subject)
        return cls(builder.sign(key, hashes.SHA256()), key)

    def intermediate(self, name: str) -> Authority:
        key = new_key()
        chain = self.sign(_build_authority(common_name(name), key, None))
        return Authority(chain[0], key, tuple(chain))

    def sign(self, builder: x509.CertificateBuilder) -> list[x509.Certificate]:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        signed = builder.issuer_name(self.certificate.subject).add_extension(identifier, critical=False)
        return [signed.sign(self.key, hashes.SHA256()), *self.above]


def new_key() -> Key:
    """Return a new key; whoever attacks chooses the algorithm, whatever the deployed PKI has."""
    return ec.generate_private_key(ec.SECP256R1())


def common_name(text: str) -> x509.Name:
    """Return a name of this CN and nothing else."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def build_leaf(
    subject: x509.Name,
    key: Key,
    *,
    uses: Sequence[x509.ObjectIdentifier] = (CLIENT,),
    hosts: Sequence[x509.GeneralName] = (),
    days: tuple[int, int] = (-1, 30),
) -> x509.CertificateBuilder:
    """Return a leaf that still lacks issuer and signature; it is valid between these days from now."""
    builder = _start_builder(subject, key, days).add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    builder = builder.add_extension(key_usage("digital_signature"), critical=True)
    if uses:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    return builder


def to_pem(certificates: Sequence[x509.Certificate]) -> str:
    """Return the certificates as PEM, in this order."""
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)


def key_to_pem(key: Key) -> str:
    """Return the key as PKCS#8, unencrypted, as AIO expects it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _build_authority(subject: x509.Name, key: Key, path_length: int | None) -> x509.CertificateBuilder:
    builder = _start_builder(subject, key, (-1, 60))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return builder.add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)


def _start_builder(subject: x509.Name, key: Key, days: tuple[int, int]) -> x509.CertificateBuilder:
    start, end = (datetime.now(UTC) + timedelta(days=day) for day in days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
