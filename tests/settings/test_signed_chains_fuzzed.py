"""Thousands of chains, right and wrong, against the checks of what an external CA has signed.

Which are wrong is known from how they were made; what passes is put to OpenSSL as well.
"""

from __future__ import annotations

from base64 import encodebytes
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settings.external_ca import Request, SignedChain
from settings.signed_chains import find_flaws, read_chain
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
    openssl_accepts,
    public_key,
    right,
    to_pem,
)

_EACH = settings(
    max_examples=2500, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
"""For each of two ways to come to a chain."""
_CA_FLAWS: dict[str, list[Any]] = {
    "is_ca": [False, None],
    "uses": [(), ("crl_sign",), ("key_cert_sign", "key_agreement"), ("key_cert_sign", "data_encipherment")],
    "path_length": [0],
    "signer": ["stranger"],
    "says": ["stranger"],
    "days": [(3, 4000), (-400, -1), (-400, 0)],
    "digest": [hashes.SHA224()],
    "kind": ["p224", "ed25519"],
}
_LEAF_FLAWS: dict[str, list[Any]] = {
    "name": ["b-g1", "a-g1\0", "a-g1 ", "A-G1", "*"],
    "also": [((NameOID.ORGANIZATION_NAME, "o"),), ((NameOID.COMMON_NAME, "b-g1"),)],
    "is_ca": [True],
    "uses": [(), ("key_encipherment",), ("digital_signature", "key_cert_sign"), ("digital_signature", "crl_sign")],
    "extended": [(), (CLIENT, SERVER), (x509.ObjectIdentifier("2.5.29.37.0"),), (x509.ObjectIdentifier("1.2.3"),)],
    "hosts": [(x509.DNSName("broker.example"),), (x509.DNSName("*.example"), x509.IPAddress(HOST))],
    "signer": ["stranger", "root"],
    "says": ["stranger", "root"],
    "days": [(1, 50), (-50, -1), (-1, 1200)],
    "digest": [hashes.SHA224()],
    "kind": ["p224", "ed25519"],
}
_HARMLESS: list[dict[str, Any]] = [
    {}, {"digest": hashes.SHA384()}, {"digest": hashes.SHA512()}, {"days": (-2, 90)},
]  # fmt: skip


@st.composite
def _chains(draw: st.DrawFn) -> tuple[Request, list[Part], list[str]]:
    """Return a request, the chain that came back, and what is wrong with it."""
    request = draw(st.sampled_from([BROKER, LINK, SIGNER]))
    parts = [one.change(**draw(st.sampled_from(_HARMLESS[:3]))) for one in right(request)]
    if not request.is_ca:
        parts[0] = parts[0].change(**draw(st.sampled_from(_HARMLESS)))
    for _ in range(draw(st.integers(0, 2))):
        parts.insert(len(parts) - 1, Part(f"policy {len(parts)}", days=(-9, 2000 + len(parts))))
    wrong = []
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(parts) - 1))
        is_leaf = place == 0 and not request.is_ca
        trait = draw(st.sampled_from(sorted(_LEAF_FLAWS if is_leaf else _CA_FLAWS)))
        if trait == "path_length" and place < (1 if request.is_ca else 2):
            continue  # there is no CA below it
        if trait in ("signer", "digest") and place == len(parts) - 1:
            continue  # its issuer is itself, and nobody verifies what it says of itself
        value = draw(st.sampled_from((_LEAF_FLAWS if is_leaf else _CA_FLAWS)[trait]))
        parts[place] = parts[place].change(**{trait: value})
        wrong.append(f"{trait} of {place}")
    return request, parts, wrong


@_EACH
@given(_chains())
def test_a_chain_passes_if_and_only_if_nothing_is_wrong_with_it(case: tuple[Request, list[Part], list[str]]) -> None:
    request, parts, wrong = case
    read = read_chain(to_pem(issue(parts)))
    assert isinstance(read, SignedChain)
    found = find_flaws(request, read, NOW, public_key(parts[0]))
    assert bool(found) == bool(wrong), (wrong, found)


@_EACH
@given(
    request=st.sampled_from([BROKER, LINK, SIGNER]),
    which=st.integers(0, 2),
    cuts=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=4), st.integers(0, 4)), max_size=3),
    order=st.permutations(range(3)),
    keeps_order=st.booleans(),
)
def test_damage_is_no_crash_and_nothing_that_openssl_refuses_passes(
    request: Request, which: int, cuts: list[tuple[float, bytes, int]], order: list[int], keeps_order: bool
) -> None:
    chain = issue(right(request))
    ders = [one.public_bytes(Encoding.DER) for one in chain]
    place = which % len(ders)
    for where, put, taken in cuts:
        start = int(where * len(ders[place]))
        ders[place] = ders[place][:start] + put + ders[place][start + taken :]
    if not keeps_order:
        ders = [ders[one] for one in order if one < len(ders)]
    read = read_chain("".join(map(_as_pem, ders)))
    if isinstance(read, str) or find_flaws(request, read, NOW, public_key(right(request)[0])):
        return
    assert [one.public_bytes(Encoding.DER) for one in read.certificates] == ders
    assert openssl_accepts(request, read), "OpenSSL refuses what has passed"


def _as_pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{encodebytes(der).decode()}-----END CERTIFICATE-----\n"
