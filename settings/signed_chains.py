"""Is what an external CA has signed fit for AIO? Every flaw at once, before anything is created.

Sources: RFC 5280 (chains), and for what AIO takes
https://learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authentication.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from settings.external_ca import Request, SignedChain, find_extension

MOST_BYTES = 65_536
_MOST_CERTIFICATES = 6
_LEAST_RSA_BITS = 2048
_LEAST_CURVE_BITS = 256
_LEAST_HASH_BYTES = 32
_CLOCK_SKEW = timedelta(minutes=10)
_MARGIN = timedelta(days=1)
"""What ends sooner is over before a deployment with it is."""
_CA_USES = ("key_cert_sign", "crl_sign")
_LEAF_USES = ("digital_signature",)
_OTHER_USES = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
_KNOWN = (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage)
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    OverflowError,
    CryptographyDeprecationWarning,
)


def read_chain(text: str) -> SignedChain | str:
    """Return the certificates of a PEM text, or why it holds none."""
    if "PRIVATE KEY" in text:
        return "holds a private key, which has no business outside the stack; expected certificates alone"
    if len(text) > MOST_BYTES:
        return f"holds {len(text)} characters; expected a chain of at most {_MOST_CERTIFICATES} certificates"
    try:
        with warnings.catch_warnings():
            # What the library is going to refuse, e.g. a negative serial number (RFC 5280, section 4.1.2.2).
            warnings.simplefilter("error", CryptographyDeprecationWarning)
            found = x509.load_pem_x509_certificates(text.encode())
            for one in found:
                _probe(one)
    except _UNREADABLE as error:
        return _tell_unreadable(text, error)
    if len(found) > _MOST_CERTIFICATES:
        return f"holds {len(found)} certificates; expected at most {_MOST_CERTIFICATES}"
    return SignedChain(tuple(found))


def _tell_unreadable(text: str, error: Exception) -> str:
    if not text.strip():
        return "is empty; expected what your CA has given back"
    if "CERTIFICATE REQUEST-----" in text:
        return "holds a signing request; expected what your CA has made of it"
    if "-----BEGIN CERTIFICATE-----" not in text:
        return "is no PEM text of X.509 certificates: it has no line -----BEGIN CERTIFICATE-----"
    return f"is no PEM text of X.509 certificates: {str(error).partition('. See https')[0]}"


def _probe(certificate: x509.Certificate) -> None:
    """Read what is parsed late, so that a certificate that cannot be read is found here and nowhere else."""
    certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for part in (certificate.extensions, certificate.signature_hash_algorithm, certificate.not_valid_after_utc):
        str(part)
    str((certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string(), certificate.version))


def find_flaws(request: Request, chain: SignedChain, now: datetime, public_key: str = "") -> list[str]:
    """Return everything that makes the chain unfit for what was asked for; nothing where it is fit.

    Args:
        public_key: of the key that the stack has made for it, PEM; empty where that is not known.
    """
    if chain.in_order != chain.certificates:
        how = "the reverse" if chain.in_order == chain.certificates[::-1] else "another"
        names = ", ".join(repr(_name(one.subject)) for one in chain.in_order)
        flaw = f"has its certificates in {how} order; expected {names}"
        return [flaw, *find_flaws(request, SignedChain(chain.in_order), now, public_key)]
    first, *above = chain.certificates
    flaws = [
        *_find_key_flaws(first, public_key),
        *_find_name_flaws(request, first),
        *(_find_authority_flaws(request, first) if request.is_ca else _find_leaf_flaws(request, first)),
        *_find_order_flaws(request, chain.certificates),
        *(flaw for one in above for flaw in _find_authority_flaws(request, one)),
        *(flaw for one in chain.certificates for flaw in _find_common_flaws(one, now)),
        # The root is trusted as it is, however it has signed itself.
        *(flaw for one in chain.certificates[:-1] for flaw in _find_digest_flaws(one)),
        *_find_mixed_flaws(chain.certificates),
    ]
    if flaws:  # a verifier's one word for what is known already would be noise
        return flaws
    ask = _find_unknown(chain.certificates) if request.is_ca else _find_refusal(request, chain.certificates, now)
    return list(ask)


def find_other_algorithm(chain: SignedChain, algorithm: str) -> Iterator[str]:
    """Yield that a chain has another key algorithm than the settings ask for, if it has."""
    if isinstance(chain.certificates[0].public_key(), rsa.RSAPublicKey) != (algorithm == "rsa"):
        yield f"is of another kind of key than pki.algorithm asks for ({algorithm}), and no key changes under its name"


def _find_key_flaws(first: x509.Certificate, public_key: str) -> Iterator[str]:
    if public_key and load_pem_public_key(public_key.encode()) != first.public_key():
        yield "is of another key than the request's. Sign the request as `certificates requests` writes it"


def _find_name_flaws(request: Request, first: x509.Certificate) -> Iterator[str]:
    attributes = [(one.oid, one.value) for one in first.subject]
    if attributes != [(NameOID.COMMON_NAME, request.common_name)]:
        expected = f"CN={request.common_name} alone, by which a broker knows it"
        yield f"has the subject {_name(first.subject)!r}; expected {expected}"
    names = list(find_extension(first, x509.SubjectAlternativeName) or ())
    hosts = [*map(x509.DNSName, request.dns_names), *map(x509.IPAddress, request.ip_addresses)]
    if set(names) != set(hosts) or len(names) != len(hosts):
        given = ", ".join(f"{getattr(one, 'value', one)}" for one in names) or "none"
        yield f"has the alternative names {given}; expected {', '.join(request.host_names) or 'none'}, by their kind"


def _find_leaf_flaws(request: Request, leaf: x509.Certificate) -> Iterator[str]:
    name = _name(leaf.subject)
    if _is_ca(leaf):
        yield f"begins with {name!r}, which is a CA; expected the leaf first"
    # Templates of many a CA add it for RSA, where TLS 1.2 could use it.
    is_rsa = isinstance(leaf.public_key(), rsa.RSAPublicKey)
    yield from _find_use_flaws(leaf, _LEAF_USES, ("key_encipherment",) if is_rsa else ())
    extended = list(find_extension(leaf, x509.ExtendedKeyUsage) or ())
    if set(extended) != {_side(request)}:
        given = ", ".join(map(_name_use, extended)) or "none"
        yield f"has the extended key usage {given}; expected {_side(request)._name} alone (RFC 5280, section 4.2.1.12)"


def _find_authority_flaws(request: Request, authority: x509.Certificate) -> Iterator[str]:
    name = _name(authority.subject)
    if not _is_ca(authority):
        yield f"holds {name!r} as an issuer, which is no CA (RFC 5280, section 4.2.1.9)"
    yield from _find_use_flaws(authority, _CA_USES, _LEAF_USES)  # many sign in their own name too, for OCSP
    uses = find_extension(authority, x509.ExtendedKeyUsage)
    # OpenSSL takes that of a CA for a limit (https://docs.openssl.org/3.5/man1/openssl-verification-options/).
    if uses is not None and _side(request) not in uses:
        yield f"holds {name!r}, which signs other things than {_side(request)._name}"


def _find_use_flaws(certificate: x509.Certificate, expected: Sequence[str], harmless: Sequence[str]) -> Iterator[str]:
    """Require the first of these uses, and no others beside the harmless ones."""
    usage = find_extension(certificate, x509.KeyUsage)
    name, allowed = _name(certificate.subject), {*expected, *harmless}
    if usage is None or not getattr(usage, expected[0]):
        yield f"lacks the key usage {expected[0]} in {name!r} (RFC 5280, section 4.2.1.3)"
        return
    more = [use for use in (*_CA_USES, *_LEAF_USES, *_OTHER_USES) if getattr(usage, use) and use not in allowed]
    if more:
        yield f"has the key usage {', '.join(more)} in {name!r}; expected {', '.join(expected)} alone"


def _find_order_flaws(request: Request, chain: Sequence[x509.Certificate]) -> Iterator[str]:
    """Require each to be signed by the next, and the last by itself."""
    root, least = chain[-1], 2 if request.is_ca else 3
    is_root = root.subject == root.issuer
    if not is_root:
        yield f"ends with {_name(root.subject)!r}, signed by {_name(root.issuer)!r}; expected the root as the last"
    elif len(chain) < least:
        count = f"{len(chain)} certificate{'s' * (len(chain) > 1)}"
        yield f"holds {count}; expected {least} or more, with an intermediate below the root"
    if len({one.public_bytes(Encoding.DER) for one in chain}) < len(chain):
        yield "holds a certificate twice"
    # Of a leaf the first issuer has no CA below it; of an intermediate it has one.
    for depth, (issued, issuer) in enumerate(pairwise([*chain, *[root] * is_root]), 1 if request.is_ca else 0):
        try:
            issued.verify_directly_issued_by(issuer)
        except (InvalidSignature, *_UNREADABLE):
            yield f"holds {_name(issued.subject)!r}, which {_name(issuer.subject)!r} after it has not signed"
        most = _path_length(issuer)
        if issued is not root and most is not None and most < depth:
            yield f"holds {_name(issuer.subject)!r}, which allows {most} CAs below it; here are {depth}"
        if issued.not_valid_after_utc > issuer.not_valid_after_utc:
            yield f"holds {_name(issued.subject)!r}, which outlives {_name(issuer.subject)!r} that has signed it"


def _find_common_flaws(certificate: x509.Certificate, now: datetime) -> Iterator[str]:
    name = _name(certificate.subject)
    if certificate.not_valid_before_utc > now + _CLOCK_SKEW:
        yield f"holds {name!r}, valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC; it is {now:%Y-%m-%d}"
    if certificate.not_valid_after_utc < now + _MARGIN:
        yield f"holds {name!r}, which ends {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC; it is {now:%Y-%m-%d}"
    if certificate.version is not x509.Version.v3:
        yield f"holds {name!r} of version {certificate.version.name}; expected v3, which has extensions"
    yield from _find_weakness(name, certificate.public_key())


def _find_digest_flaws(certificate: x509.Certificate) -> Iterator[str]:
    digest = certificate.signature_hash_algorithm
    if digest is None or digest.digest_size < _LEAST_HASH_BYTES:
        given = digest.name if digest else "no digest"
        yield f"holds {_name(certificate.subject)!r}, signed with {given}; expected SHA-256 or better"


def _find_weakness(name: str, key: object) -> Iterator[str]:
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < _LEAST_RSA_BITS:
            yield f"holds {name!r} with RSA of {key.key_size} bits; expected {_LEAST_RSA_BITS} or more"
    elif not isinstance(key, ec.EllipticCurvePublicKey):
        yield f"holds {name!r} with another key than EC or RSA, which AIO takes"
    elif key.curve.key_size < _LEAST_CURVE_BITS:
        yield f"holds {name!r} on the curve {key.curve.name}; expected P-256 or larger"


def _find_mixed_flaws(chain: Sequence[x509.Certificate]) -> Iterator[str]:
    kinds = {"RSA" if isinstance(one.public_key(), rsa.RSAPublicKey) else "EC" for one in chain}
    if len(kinds) > 1:
        yield "mixes EC and RSA, and AIO takes one key algorithm per chain. Set pki.algorithm to that of the CA"


def _find_unknown(chain: Sequence[x509.Certificate]) -> Iterator[str]:
    """Yield what a verifier may refuse; a leaf to come may lie outside the names that a CA may sign."""
    for one in chain:
        for extension in one.extensions:
            if extension.critical and not isinstance(extension.value, _KNOWN):
                oid = extension.oid.dotted_string
                yield f"holds {_name(one.subject)!r} with the critical extension {oid}, which is not known here"


def _find_refusal(request: Request, chain: Sequence[x509.Certificate], now: datetime) -> Iterator[str]:
    """Ask of a leaf what a TLS stack asks."""
    leaf, root = chain[0], chain[-1]
    ends = ExtensionPolicy.webpki_defaults_ee()
    if not request.is_server:
        ends = ends.may_be_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
    policy = (
        PolicyBuilder()
        .store(Store([root]))
        .time(max(now, leaf.not_valid_before_utc))
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ends)
    )
    try:
        if request.is_server:
            host = x509.IPAddress(request.ip_addresses[0])
            policy.build_server_verifier(host).verify(leaf, list(chain[1:-1]))
        else:
            policy.build_client_verifier().verify(leaf, list(chain[1:-1]))
    except (VerificationError, *_UNREADABLE) as error:
        yield f"does not verify against its root: {error}"


def _side(request: Request) -> x509.ObjectIdentifier:
    return ExtendedKeyUsageOID.SERVER_AUTH if request.is_server else ExtendedKeyUsageOID.CLIENT_AUTH


def _name_use(oid: x509.ObjectIdentifier) -> str:
    return oid.dotted_string if oid._name == "Unknown OID" else oid._name


def _is_ca(certificate: x509.Certificate) -> bool:
    found = find_extension(certificate, x509.BasicConstraints)
    return bool(found and found.ca)


def _path_length(certificate: x509.Certificate) -> int | None:
    found = find_extension(certificate, x509.BasicConstraints)
    return found.path_length if found else None


def _name(name: x509.Name) -> str:
    return name.rfc4514_string()
