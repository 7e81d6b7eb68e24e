"""What each certificate is for and how it is told from others: key usage, key ids, subjects, names by generation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from graph import pem
from graph.graph import Resource
from graph.inputs import text_at
from rules.lookup import Hits, View
from settings.external_ca import find_extension

_GENERATION = re.compile(r"-(g\d+)$")
_USES = tuple(use for use in pem.KEY_USES if not use.endswith("_only"))
"""Those that every key may have or not: `…_only` says how a key agrees, and is not to be read of another one."""
_CA_USES = {"key_cert_sign", "crl_sign"}
_LEAF_USES = {"digital_signature"}
"""All that TLS 1.3 asks of either side's key (RFC 8446, section 4.4.2.2)."""
_SIDES = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}


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
    yield from _ca(certificate) if pem.is_ca(certificate) else _leaf(certificate)
    if find_extension(certificate, x509.SubjectKeyIdentifier) is None:
        yield "has no subject key id, by which chains are built (RFC 5280, section 4.2.1.2). Set set_subject_key_id"


def _ca(certificate: x509.Certificate) -> Iterator[str]:
    uses = _uses(certificate)
    if "key_cert_sign" not in uses:
        yield "is a CA without the key usage cert_signing (RFC 5280, section 4.2.1.3)"
    elif more := sorted(uses - _CA_USES):
        yield f"is a CA with the key usage {', '.join(more)}; expected {', '.join(sorted(_CA_USES))} alone"
    if pem.extended_uses(certificate):
        yield "is a CA that serves in TLS as well; expected no extended key usage (RFC 5280, section 4.2.1.12)"
    if [one.oid for one in certificate.subject] != [NameOID.COMMON_NAME]:
        yield "has more in its subject than a common name, which is all that outputs and operators know it by"


def _leaf(certificate: x509.Certificate) -> Iterator[str]:
    uses, extended = _uses(certificate), pem.extended_uses(certificate)
    if "digital_signature" not in uses:
        yield "lacks the key usage digital_signature, with which TLS 1.3 proves the key (RFC 8446, section 4.4.2.2)"
    elif uses & _CA_USES:
        yield "is a leaf with the key usage of a CA (RFC 5280, section 4.2.1.3)"
    elif more := sorted(uses - _LEAF_USES):
        yield f"has the key usage {', '.join(more)}; expected {', '.join(_LEAF_USES)} alone (RFC 5480, section 3)"
    if others := sorted(one._name for one in extended - _SIDES):
        yield f"is for {', '.join(others)} too; expected one side of TLS alone (RFC 5280, section 4.2.1.12)"
    if ExtendedKeyUsageOID.SERVER_AUTH not in extended and pem.alternative_names(certificate):
        yield "is a client's and has alternative names, as if clients connected to it. Take them out"


def _uses(certificate: x509.Certificate) -> set[str]:
    usage = find_extension(certificate, x509.KeyUsage)
    return {name for name in _USES if usage and getattr(usage, name)}


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
