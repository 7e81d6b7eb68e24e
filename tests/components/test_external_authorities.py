"""A certificate from outside is taken for the key that the stack has made, and for no other."""

from __future__ import annotations

import pulumi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from components.external_authorities import require_match
from settings.external_ca import SignedChain
from tests.settings.chains import LINK, Part, issue, key, right


def request_of(owner: str) -> str:
    """Return a request of this owner's key, PEM."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(Part(LINK.common_name).subject)
    return builder.sign(key("p256", owner), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def test_a_certificate_of_the_stacks_own_key_is_taken() -> None:
    chain = SignedChain(tuple(issue(right(LINK))))
    assert require_match(LINK, request_of(LINK.common_name), chain) == chain.pems[0]


def test_a_certificate_of_another_key_stops_the_program_by_name() -> None:
    chain = SignedChain(tuple(issue(right(LINK))))
    with pytest.raises(pulumi.RunError, match=r"a-client-leaf-g1.pem in pki.signed_folder is of another key"):
        require_match(LINK, request_of("somebody else"), chain)
