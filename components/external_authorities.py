"""Keys whose certificates an external CA signs: the key stays here, the request goes out, the chain comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pulumi
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from components.authorities import Authorities, Authority, Certificate, Issuer
from settings.external_ca import External, Request, SignedChain


@dataclass(frozen=True)
class ExternalIssuer:
    """Creates keys and requests, and takes what was signed."""

    issuer: Issuer
    """Creates the keys."""
    external: External
    requests: dict[str, pulumi.Output[str]] = field(default_factory=dict)
    """Name -> request, PEM, of every one that there is."""
    _taken: dict[str, tuple[Certificate, Authority]] = field(default_factory=dict)

    def request(self, request: Request) -> pulumi.Output[str]:
        """Create a key and its request; return the key, PKCS#8, PEM."""
        key, made = self.issuer.request(
            request.role, request.number, request.common_name, request.dns_names, list(map(str, request.ip_addresses))
        )
        self.requests[request.name] = made.cert_request_pem
        return key

    def take(self, request: Request) -> tuple[Certificate, Authority]:
        """Return what was signed, and the authority that it belongs to."""
        if request.name not in self._taken:
            key, chain = self.request(request), self.external.signed[request.name]
            first, *above = chain.certificates
            # By way of the request: what hangs on the certificate hangs on its key.
            pem = self.requests[request.name].apply(lambda csr: require_match(request, csr, chain))
            signed, others = _describe(first, pem, key), list(map(_describe, above))
            intermediate, between = (signed, others[:-1]) if request.is_ca else (others[0], others[1:-1])
            self._taken[request.name] = signed, Authority(others[-1], intermediate, between)
        return self._taken[request.name]

    def take_authorities(self, requests: dict[int, Request]) -> Authorities:
        """Return the authorities of these generations, as far as they are signed."""
        live = {number: self.take(one)[1] for number, one in requests.items() if one.name in self.external.signed}
        return Authorities(live, {number: one.root for number, one in live.items()}, {})


def require_match(request: Request, csr: str, chain: SignedChain) -> str:
    """Return the certificate, PEM, if it is of the request's key.

    Raises:
        pulumi.RunError: it is of another one.
    """
    if x509.load_pem_x509_csr(csr.encode()).public_key() != chain.certificates[0].public_key():
        raise pulumi.RunError(
            f"{request.name}.pem in pki.signed_folder is of another key than the stack's. Next: have the request"
            " signed that `certificates requests` writes"
        )
    return chain.pems[0]


def _describe(
    certificate: x509.Certificate, pem: pulumi.Output[str] | None = None, key: pulumi.Output[str] | None = None
) -> Certificate:
    return Certificate(
        certificate.subject.rfc4514_string(),
        certificate.issuer.rfc4514_string(),
        pem if pem is not None else pulumi.Output.from_input(certificate.public_bytes(Encoding.PEM).decode()),
        _to_text(certificate.not_valid_before_utc),
        _to_text(certificate.not_valid_after_utc),
        key,
    )


def _to_text(moment: datetime) -> pulumi.Output[str]:
    return pulumi.Output.from_input(moment.isoformat().replace("+00:00", "Z"))
