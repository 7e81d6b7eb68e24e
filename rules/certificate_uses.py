"""What each certificate is for and how it is told from others: key usage, key ids, subjects, names by generation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import NameOID

from graph import pem
from graph.graph import Resource
from graph.inputs import text_at
from rules.lookup import Hits, View

_GENERATION = re.compile(r"-(g\d+)$")


def fit_for_use(view: View) -> Hits:
    """Require of a CA that it signs certificates, of a leaf that it signs in TLS and nothing else, of all a key id."""
    for resource in view.resources:
        if resource.type.startswith("tls:"):
            for found in pem.certificates(text_at(view.outputs(resource), "certPem")):
                for problem in _problems(found):
                    yield resource.name, f"{pem.subject(found.subject)} {problem}"
    yield from _generations(view)
    yield from _authorities(view)


def _problems(certificate: x509.Certificate) -> Iterator[str]:
    usage = pem.find_extension(certificate, x509.KeyUsage)
    if pem.is_ca(certificate):
        if usage is None or not usage.key_cert_sign:
            yield "is a CA without the key usage cert_signing (RFC 5280, section 4.2.1.3)"
    elif usage is None or not usage.digital_signature:
        yield "lacks the key usage digital_signature, with which TLS 1.3 proves the key (RFC 8446, section 4.4.2.2)"
    elif usage.key_cert_sign or usage.crl_sign:
        yield "is a leaf with the key usage of a CA (RFC 5280, section 4.2.1.3)"
    if pem.find_extension(certificate, x509.SubjectKeyIdentifier) is None:
        yield "has no subject key id, by which chains are built (RFC 5280, section 4.2.1.2). Set set_subject_key_id"
    if pem.is_ca(certificate) and [one.oid for one in certificate.subject] != [NameOID.COMMON_NAME]:
        yield "has more in its subject than a common name, which is all that outputs and operators know it by"


def _authorities(view: View) -> Hits:
    """Require a name of its own of each authority: a chain may be built to the wrong one of two (RFC 5280, 6.1)."""
    owners: dict[str, str] = {}
    for resource in view.resources:
        if resource.type.startswith("tls:"):
            for found in filter(pem.is_ca, pem.certificates(text_at(view.outputs(resource), "certPem"))):
                name = pem.subject(found.subject)
                if owners.setdefault(name, resource.name) != resource.name:
                    yield resource.name, f"{name} is the name of {owners[name]} too; expected one of its own"


def _generations(view: View) -> Hits:
    """Require one generation in the names of a key, its request, its certificate, and its subject."""
    for resource in view.resources:
        if not resource.type.startswith("tls:"):
            continue
        for other, generation in _relatives(view, resource):
            if _of(resource.name) != generation:
                message = f"its name says {_of(resource.name) or 'no generation'}, {other} {generation or 'none'}"
                yield (
                    resource.name,
                    f"{message}; expected one: a new one stands beside the old, and both are told apart",
                )


def _relatives(view: View, resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield what carries the resource's generation too: its subject, and what it is made from or signed by its key."""
    if name := text_at(view.inputs(resource), "subject.commonName"):
        yield f"its subject {name}", _of(name)
    for parameter in ("privateKeyPem", "certRequestPem"):
        for urn in resource.property_dependencies.get(parameter, ()):
            other = view.graph.resources[urn].name
            yield other, _of(other)


def _of(name: str) -> str:
    found = _GENERATION.search(name)
    return found[1] if found else ""
