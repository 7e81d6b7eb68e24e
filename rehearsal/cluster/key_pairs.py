"""Judge certificates and keys of a cluster as a TLS library would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID

from graph import pem
from rehearsal.cluster.model import Secret

SERVER, CLIENT = "serverAuth", "clientAuth"
_USES = {SERVER: ExtendedKeyUsageOID.SERVER_AUTH, CLIENT: ExtendedKeyUsageOID.CLIENT_AUTH}


@dataclass(frozen=True)
class Keys:
    """Names under which a Secret holds a pair."""

    certificate: str
    private_key: str


TLS = Keys("tls.crt", "tls.key")
MQTT_CLIENT = Keys("client_cert.pem", "client_key.pem")


def find_pair_fault(secrets: Mapping[str, Secret], name: str, keys: Keys) -> str:
    """Return why the Secret cannot be used as a pair; empty if it can."""
    secret = secrets.get(name)
    if secret is None:
        return f"Secret {name} is not there"
    missing = [key for key in (keys.certificate, keys.private_key) if not secret.data.get(key, "").strip()]
    if missing:
        return f"Secret {name} lacks {', '.join(missing)}"
    found = pem.certificates(secret.data[keys.certificate])
    if not found:
        return f"{keys.certificate} of Secret {name} holds no certificate in PEM"
    if pem.key_of_private(secret.data[keys.private_key]) != pem.key_of(found[0]):
        return f"{keys.private_key} of Secret {name} is not the private key of the first certificate"
    return ""


def read_chain(secret: Secret, keys: Keys) -> list[x509.Certificate]:
    """Return what is presented: the leaf first, and intermediates of a key of their own last."""
    own = pem.certificates(secret.data.get(keys.certificate, ""))
    return own + [one for one in pem.certificates(secret.data.get("client_intermediate_certs.pem", ""))
                  if one not in own]  # fmt: skip


def find_certificate_faults(chain: list[x509.Certificate], use: str, at: datetime) -> Iterator[str]:
    """Yield what the other side refuses about these certificates, whomever it trusts."""
    leaf = chain[0]
    if pem.is_ca(leaf):
        yield f"the first certificate, {pem.subject(leaf.subject)}, is a CA; expected the leaf first"
    elif _USES[use] not in pem.extended_uses(leaf):
        yield f"{pem.subject(leaf.subject)} lacks the extended key usage {use}"
    for one in chain:
        if at < one.not_valid_before_utc:
            yield f"{pem.subject(one.subject)} is not valid before {one.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        if at > one.not_valid_after_utc:
            yield f"{pem.subject(one.subject)} has expired on {one.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    for one, issuer in pairwise(chain):
        if not _is_signed_by(one, issuer):
            yield f"{pem.subject(issuer.subject)} follows {pem.subject(one.subject)}, which it has not signed"


@lru_cache(maxsize=10_000)  # of all that is judged after every step, what takes longest
def _is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def find_ca_fault(text: str) -> str:
    """Return why the PEM text cannot be trusted as CA certificates; empty if it can."""
    found = pem.certificates(text)
    if not found:
        return "holds no certificate in PEM"
    others = [pem.subject(one.subject) for one in found if not pem.is_ca(one)]
    return f"holds {', '.join(others)}, which is no CA" if others else ""
