"""What a CA outside the stack signs: the requests, and what came back. Keys are made in the stack and stay there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

REQUESTS = "certificate_requests"
"""Output of a stack with an external CA."""
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@dataclass(frozen=True)
class Request:
    """One certificate that is to be signed."""

    owner: str
    """Whose generation it is, as marks have it."""
    role: str
    number: int
    """Generation."""
    common_name: str
    is_server: bool
    """It, or what it signs, serves a broker; else a link."""
    is_ca: bool
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[IPv4Address, ...] = ()

    @property
    def name(self) -> str:
        """Return what it is called in outputs and as a file."""
        return f"{self.role}-g{self.number}"

    @property
    def key_name(self) -> str:
        """Return the logical name of its private key."""
        return f"{self.role}-key-g{self.number}"

    @property
    def file(self) -> str:
        """Return the file, in the folder of what is signed, that its chain is read from."""
        return f"{self.name}.pem"

    @property
    def host_names(self) -> list[str]:
        """Return every subject alternative name."""
        return [*self.dns_names, *map(str, self.ip_addresses)]


@dataclass(frozen=True)
class SignedChain:
    """A certificate as the external CA has signed it, then each issuer, the root last; it has passed every check."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def pems(self) -> list[str]:
        """Return each certificate, PEM, in this order."""
        return [one.public_bytes(Encoding.PEM).decode() for one in self.certificates]

    @property
    def in_order(self) -> tuple[x509.Certificate, ...]:
        """Return the certificates with each issuer behind what it has signed; as they are where they are no chain."""
        issuers = [one.issuer for one in self.certificates if one.issuer != one.subject]
        found = [one for one in self.certificates if one.subject not in issuers]
        while found and (above := [one for one in self.certificates if one.subject == found[-1].issuer]):
            if above[0] in found:
                break
            found.append(above[0])
        return tuple(found) if len(found) == len(self.certificates) else self.certificates

    @property
    def root_sha256(self) -> str:
        return self.certificates[-1].fingerprint(hashes.SHA256()).hex()

    @property
    def names(self) -> list[x509.GeneralName]:
        """Return every subject alternative name."""
        return list(find_extension(self.certificates[0], x509.SubjectAlternativeName) or ())

    @property
    def dns_names(self) -> tuple[str, ...]:
        return tuple(one.value for one in self.names if isinstance(one, x509.DNSName))

    @property
    def ip_addresses(self) -> tuple[IPv4Address, ...]:
        found = (one.value for one in self.names if isinstance(one, x509.IPAddress))
        return tuple(one for one in found if isinstance(one, IPv4Address))

    @property
    def not_after(self) -> datetime:
        return self.certificates[0].not_valid_after_utc


@dataclass(frozen=True)
class External:
    """What is asked of an external CA, and what it has given."""

    requests: tuple[Request, ...] = ()
    """What the settings want signed, and what else is live."""
    signed: Mapping[str, SignedChain] = field(default_factory=dict)
    """By name of the request; those of older generations too."""

    @property
    def waiting(self) -> list[Request]:
        """Return what is not signed yet."""
        return [one for one in self.requests if one.name not in self.signed]


def find_extension(
    signed: x509.Certificate | x509.CertificateSigningRequest, kind: type[_Extension]
) -> _Extension | None:
    """Return the extension of a kind; None where there is none."""
    try:
        return signed.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
