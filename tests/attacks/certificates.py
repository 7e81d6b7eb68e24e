"""Certificates that attackers make: with keys that they have taken, or with none that is deployed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from cryptography import x509

from graph.pem import key_usage
from rehearsal.mqtt.authority import CLIENT, SERVER, Authority, build_leaf, common_name, key_to_pem, new_key, to_pem
from rehearsal.mqtt.bodies import Credentials
from tests.attacks.lab import SUBJECT, Lab

Make = Callable[[Lab], Credentials]
_END = "-----END CERTIFICATE-----\n"


def issue(authority: Authority, subject: x509.Name, **options: Any) -> Credentials:
    """A leaf of the authority for a new key; options as of `build_leaf`."""
    key = new_key()
    return Credentials(to_pem(authority.sign(build_leaf(subject, key, **options))), key_to_pem(key))


def leaf(
    subject: str = SUBJECT, *, side: str = "client", generation: int = 1, at: str = "deployed", **options: Any
) -> Make:
    """A leaf by a deployed intermediate, whose key somebody has."""
    return lambda lab: issue(lab.stage(at).authority(side, generation), common_name(subject), **options)


def of_root(subject: str) -> Make:
    """A leaf by an intermediate that somebody makes with the key of the first root."""
    return lambda lab: issue(lab.stage().root().intermediate("fresh intermediate"), common_name(subject))


def foreign(_: Lab) -> Credentials:
    """The link's subject, by an authority of another maker."""
    return issue(Authority.root("foreign root").intermediate("foreign intermediate"), common_name(SUBJECT))


def foreign_server(lab: Lab) -> Credentials:
    """What `foreign` is for the broker: its subject and host."""
    authority = Authority.root("foreign root").intermediate("foreign intermediate")
    host = x509.IPAddress(ip_address(lab.stage().client().host))
    return issue(authority, common_name("enterprise-broker-g1"), uses=(SERVER,), hosts=[host])


def foreign_key() -> str:
    """A key of nobody's."""
    return key_to_pem(new_key())


def namesake(lab: Lab) -> Credentials:
    """The link's subject, by authorities of another maker that are called like the deployed ones."""
    root, intermediate = (one.certificate.subject for one in (lab.stage().root(), lab.stage().authority()))
    fake = Authority.root(_read_name(root)).intermediate(_read_name(intermediate))
    return issue(fake, common_name(SUBJECT))


def below(authorities: int) -> Make:
    """A leaf below so many intermediates: the deployed one, and others that its key has made."""

    def make(lab: Lab) -> Credentials:
        above = lab.stage().authority()
        for number in range(1, authorities):
            above = above.intermediate(f"sub {number}")
        return issue(above, common_name(SUBJECT))

    return make


def intermediate(lab: Lab) -> Credentials:
    """The deployed intermediate itself, with its key."""
    authority = lab.stage().authority()
    return Credentials(to_pem([authority.certificate]), key_to_pem(authority.key))  # type: ignore[arg-type]


def authority_of_the_link(lab: Lab) -> Credentials:
    """An authority of the link's subject, signed for every use of a client too."""
    key, now = new_key(), datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(common_name(SUBJECT)).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (key_usage("digital_signature", "key_cert_sign"), True),
        (x509.ExtendedKeyUsage([CLIENT]), False),
    )
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, is_critical)
    return Credentials(to_pem(lab.stage().authority().sign(builder)), key_to_pem(key))


def without_intermediate(lab: Lab) -> Credentials:
    """The leaf alone."""
    found = leaf()(lab)
    return replace(found, chain_pem=found.chain_pem.split(_END)[0] + _END)


def _read_name(subject: x509.Name) -> str:
    return subject.rfc4514_string().removeprefix("CN=")
