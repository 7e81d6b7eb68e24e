"""What an external CA gives back: fit for AIO or not, and every flaw at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from settings.external_ca import Request, SignedChain
from settings.signed_chains import MOST_BYTES, find_flaws, read_chain
from tests.settings.chains import (
    BROKER,
    CLIENT,
    HOST,
    LINK,
    NOW,
    SERVER,
    SIGNER,
    Part,
    issue,
    key,
    openssl_accepts,
    public_key,
    right,
    to_pem,
)

ANY, CODE = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, ExtendedKeyUsageOID.CODE_SIGNING
Change = Callable[[list[Part]], list[Part]]


def at(place: int, **changes: object) -> Change:
    """Return the change of one certificate: 0 is what was asked for, -1 the root."""

    def change(parts: list[Part]) -> list[Part]:
        parts = list(parts)
        parts[place] = parts[place].change(**changes)
        return parts

    return change


OTHER = (x509.IPAddress(HOST), x509.DNSName("broker.example"), x509.DNSName("other.example"))
FLAWS: list[tuple[str, Request, Change, str]] = [
    ("another subject", LINK, at(0, name="b-g1"), "has the subject 'CN=b-g1'"),
    ("more in the subject", LINK, at(0, also=((NameOID.ORGANIZATION_NAME, "o"),)), "has the subject 'O=o,CN=a-g1'"),
    ("no name of the host", BROKER, at(0, hosts=()), "has the alternative names none"),
    ("one of two names", BROKER, at(0, hosts=OTHER[:1]), "has the alternative names 10.2.1.10;"),
    ("a name too many", BROKER, at(0, hosts=OTHER), "other.example; expected"),
    (
        "a name of another kind", BROKER,
        at(0, hosts=(OTHER[0], x509.UniformResourceIdentifier("broker.example"))), "by their kind",
    ),
    ("a client with a name", LINK, at(0, hosts=OTHER[:1]), "expected none"),
    ("for the other side", BROKER, at(0, extended=(CLIENT,)), "usage clientAuth; expected serverAuth alone"),
    ("for both sides", LINK, at(0, extended=(CLIENT, SERVER)), "clientAuth, serverAuth; expected clientAuth"),
    ("for no side", LINK, at(0, extended=()), "usage none; expected clientAuth"),
    ("for any use", LINK, at(0, extended=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)), "usage 2.5.29.37.0; expected"),
    ("a CA in the place of the leaf", LINK, at(0, is_ca=True), "which is a CA; expected the leaf first"),
    ("a leaf that may sign certificates", LINK, at(0, uses=("digital_signature", "key_cert_sign")), "key_cert_sign"),
    ("a leaf that signs nothing", LINK, at(0, uses=("key_agreement",)), "lacks the key usage digital_signature"),
    ("an issuer that is no CA", LINK, at(1, is_ca=False), "holds 'CN=issuer' as an issuer, which is no CA"),
    ("an issuer without constraints", LINK, at(1, is_ca=None), "holds 'CN=issuer' as an issuer, which is no CA"),
    ("an issuer that signs no certificates", LINK, at(1, uses=("crl_sign",)), "lacks the key usage key_cert_sign in"),
    ("an issuer for other uses", LINK, at(1, extended=(SERVER,)), "signs other things than clientAuth"),
    ("a leaf where an intermediate was asked for", SIGNER, at(0, is_ca=False), "which is no CA"),
    ("signed by somebody else", LINK, at(0, signer="stranger"), "'CN=issuer' after it has not signed"),
    ("an issuer of another name", LINK, at(0, says="stranger"), "'CN=issuer' after it has not signed"),
    ("a root that it has not signed", LINK, at(-1, says="above"), "expected the root as the last"),
    ("nothing but a root", SIGNER, lambda parts: parts[-1:], "holds 1 certificate; expected 2 or more"),
    ("no intermediate", LINK, lambda parts: [parts[0], parts[-1]], "expected 3 or more"),
    ("a root that allows no CA below it", LINK, at(-1, path_length=0), "allows 0 CAs below it; here are 1"),
    ("not valid yet", LINK, at(0, days=(2, 100)), "valid from 2026-06-03"),
    ("ended", LINK, at(0, days=(-90, -1)), "which ends 2026-05-31"),
    ("an issuer that has ended", LINK, at(1, days=(-90, -1)), "outlives 'CN=issuer'"),
    ("a root that is not valid yet", LINK, at(-1, days=(2, 3650)), "holds 'CN=root', valid from"),
    ("a leaf that outlives its issuer", LINK, at(0, days=(-1, 2000)), "outlives 'CN=issuer'"),
    ("a short RSA key", LINK, lambda parts: [one.change(kind="rsa1024") for one in parts], "RSA of 1024 bits"),
    ("a small curve", LINK, lambda parts: [one.change(kind="p224") for one in parts], "curve secp224r1"),
    ("an Edwards curve", LINK, at(0, kind="ed25519"), "another key than EC or RSA"),
    ("EC below RSA", LINK, at(-1, kind="rsa2048"), "mixes EC and RSA"),
    ("SHA-224", LINK, at(1, digest=hashes.SHA224()), "signed with sha224"),
    (
        "an intermediate that may sign for some names only", SIGNER,
        at(0, extra=((x509.NameConstraints([x509.DNSName("example")], None), True),)), "critical extension 2.5.29.30",
    ),
    (
        "a leaf outside the names of its CA", BROKER,
        at(1, extra=((x509.NameConstraints([x509.DNSName("elsewhere")], None), True),)), "does not verify",
    ),
    (
        "a critical extension that nobody knows", LINK,
        at(0, extra=((x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),)),
        "does not verify",
    ),
]  # fmt: skip


_REQUEST = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(Part("a-g1").subject)
    .sign(key("p256", "a-g1"), hashes.SHA256())
    .public_bytes(Encoding.PEM)
    .decode()
)


def flaws(request: Request, parts: list[Part]) -> list[str]:
    read = read_chain(to_pem(issue(parts)))
    assert isinstance(read, SignedChain), read
    return find_flaws(request, read, NOW, public_key(right(request)[0]))


@pytest.mark.parametrize("request_", [BROKER, LINK, SIGNER], ids=lambda one: one.role)
@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048"])
def test_a_chain_as_it_was_asked_for_is_fit(request_: Request, kind: str) -> None:
    parts = [one.change(kind=kind) for one in right(request_)]
    read = read_chain(to_pem(issue(parts)))
    assert isinstance(read, SignedChain)
    assert find_flaws(request_, read, NOW, public_key(parts[0])) == []


def test_a_chain_with_further_issuers_is_fit() -> None:
    leaf, issuer, root = right(LINK)
    assert flaws(LINK, [leaf, issuer, Part("policy", days=(-9, 2000)), root]) == []


@pytest.mark.parametrize(("request_", "change", "said"), [row[1:] for row in FLAWS], ids=[row[0] for row in FLAWS])
def test_a_flaw_is_refused_and_named(request_: Request, change: Change, said: str) -> None:
    found = flaws(request_, change(right(request_)))
    assert any(said in one for one in found), found


def test_what_the_templates_of_many_a_ca_do_is_fit() -> None:
    leaf, issuer, root = [one.change(kind="rsa2048") for one in right(LINK)]
    uses = ("digital_signature", "key_encipherment")
    parts = [leaf.change(uses=uses), issuer.change(uses=(*issuer.uses, "digital_signature")), root]
    chain = SignedChain(tuple(issue(parts)))
    assert find_flaws(LINK, chain, NOW, public_key(leaf)) == []
    assert "key_encipherment" in flaws(LINK, [one.change(kind="p256") for one in parts])[0]


def test_every_flaw_is_told_at_once() -> None:
    leaf, issuer, root = right(BROKER)
    parts = [leaf.change(name="x", hosts=(), extended=(CLIENT,)), issuer.change(is_ca=False), root.change(days=(2, 9))]
    found = " / ".join(flaws(BROKER, parts))
    for said in ("subject", "alternative names", "serverAuth", "no CA", "valid from", "outlives", "another key"):
        assert said in found, said


@pytest.mark.parametrize("rest", [2, 1])
@pytest.mark.parametrize("request_", [BROKER, LINK], ids=lambda one: one.role)
def test_a_root_that_is_missing_is_the_one_thing_that_is_told(request_: Request, rest: int) -> None:
    certificates = issue(right(request_))[:rest]
    last = certificates[-1]
    found = find_flaws(request_, SignedChain(tuple(certificates)), NOW)
    names = [repr(one.rfc4514_string()) for one in (last.subject, last.issuer)]
    assert found == [f"ends with {names[0]}, signed by {names[1]}; expected the root as the last"]


def test_an_order_that_is_reversed_is_the_one_thing_that_is_told() -> None:
    leaf, issuer, root = issue(right(BROKER))
    expected = "'CN=enterprise-broker-g1', 'CN=issuer', 'CN=root'"
    for chain, how in (((root, issuer, leaf), "the reverse"), ((leaf, root, issuer), "another")):
        found = find_flaws(BROKER, SignedChain(chain), NOW)
        assert found == [f"has its certificates in {how} order; expected {expected}"]


def test_what_is_wrong_beside_the_order_is_told_after_it() -> None:
    leaf, issuer, root = right(BROKER)
    certificates = issue([leaf.change(extended=(CLIENT, SERVER)), issuer, root])
    first, second = find_flaws(BROKER, SignedChain(tuple(certificates[::-1])), NOW)
    assert "the reverse order" in first and "usage clientAuth, serverAuth; expected serverAuth alone" in second


def test_a_certificate_of_another_key_is_refused() -> None:
    chain = read_chain(to_pem(issue(right(LINK))))
    assert isinstance(chain, SignedChain)
    stranger = public_key(Part("stranger"))
    assert find_flaws(LINK, chain, NOW, stranger) == [
        "is of another key than the request's. Sign the request as `certificates requests` writes it"
    ]


def test_it_is_judged_by_today() -> None:
    chain = read_chain(to_pem(issue(right(LINK))))
    assert isinstance(chain, SignedChain)
    assert find_flaws(LINK, chain, NOW + timedelta(days=98)) == []
    assert "which ends" in find_flaws(LINK, chain, NOW + timedelta(days=100))[0]


def test_what_is_no_chain_is_refused() -> None:
    good = to_pem(issue(right(LINK)))
    secret = key("p256", "a-g1").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for text, said in (
        ("\n", "is empty"),
        ("hello", "it has no line -----BEGIN CERTIFICATE-----"),
        (_REQUEST, "holds a signing request; expected what your CA has made of it"),
        (good.replace("MII", "MIJ", 1), "is no PEM text"),
        (good + secret, "holds a private key"),
        (good * 3, "expected at most 6"),
        (good + "x" * MOST_BYTES, "expected a chain of at most"),
    ):
        found = read_chain(text)
        assert isinstance(found, str) and said in found and "cryptography.io" not in found, (text[:40], found)


@pytest.mark.parametrize("extended", [(), (SERVER,), (CLIENT,), (CLIENT, SERVER), (ANY,), (CODE,)])
@pytest.mark.parametrize("place", [1, 2])
@pytest.mark.parametrize("leaf", [BROKER, LINK])
def test_a_ca_s_own_extended_key_usage_limits_what_it_signs_as_openssl_has_it(
    leaf: Request, place: int, extended: tuple[x509.ObjectIdentifier, ...]
) -> None:
    parts = right(leaf)
    parts[place] = parts[place].change(extended=extended)
    chain = SignedChain(tuple(issue(parts)))
    accepts = openssl_accepts(leaf, chain)
    assert accepts != bool(find_flaws(leaf, chain, NOW)), extended
    signer = replace(SIGNER, common_name="issuer", is_server=leaf.is_server)
    above = SignedChain(chain.certificates[1:])
    assert accepts != bool(find_flaws(signer, above, NOW)), "asked of the CA alone, before it signs a leaf"
