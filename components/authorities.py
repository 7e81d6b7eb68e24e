"""Keys and certificates: authorities of several generations, and what they sign."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pulumi
import pulumi_tls as tls

from settings.high_water import Generation
from settings.rotation import MOST_LIVE
from settings.schema import PkiSection

_CA_USES = ["cert_signing", "crl_signing"]
_KEYS: Mapping[str, Mapping[str, Any]] = {
    "ecdsa": {"algorithm": "ECDSA", "ecdsa_curve": "P256"},
    "rsa": {"algorithm": "RSA", "rsa_bits": 3072},
}
"""One algorithm for every key: AIO wants one per chain
(https://learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authentication). 3072 bits are as
strong as P-256 (https://doi.org/10.6028/NIST.SP.800-57pt1r5, table 2)."""


@dataclass(frozen=True)
class Certificate:
    """A certificate, with its private key where the stack has it; the key never leaves it but as a secret."""

    subject: str
    issuer: str
    pem: pulumi.Output[str]
    not_before: pulumi.Output[str]
    not_after: pulumi.Output[str]
    own_key_pem: pulumi.Output[str] | None = None
    """None: the key is not the stack's."""

    @property
    def key_pem(self) -> pulumi.Output[str]:
        """Return its private key, PKCS#8, PEM; secret."""
        assert self.own_key_pem is not None, self.subject
        return self.own_key_pem

    @property
    def sha256(self) -> pulumi.Output[str]:
        return self.pem.apply(compute_fingerprint)

    @property
    def summary(self) -> dict[str, pulumi.Input[str]]:
        """Return this certificate's entry of the stack output `certificates`."""
        return {"subject": self.subject, "issuer": self.issuer, "not_after": self.not_after, "sha256": self.sha256}


@dataclass(frozen=True)
class Authority:
    """A root with its intermediate."""

    root: Certificate
    intermediate: Certificate
    crossed: Sequence[Certificate]
    """The root as its predecessors have signed it, and these as theirs: who trusts one of them accepts this one. Of an
    external CA: what stands between its root and the intermediate."""

    @property
    def above_pem(self) -> pulumi.Output[str]:
        """Return what is presented behind a leaf; the other side has the root, or that of a predecessor."""
        return pulumi.Output.concat(self.intermediate.pem, *(one.pem for one in self.crossed))


@dataclass(frozen=True)
class Authorities:
    """Those of one owner."""

    live: Mapping[int, Authority]
    """By generation."""
    roots: Mapping[int, Certificate]
    """Also those that are retired."""
    crosses: Mapping[tuple[int, int], Certificate]
    """(generation, the one that signed it too) -> the certificate."""


@dataclass(frozen=True)
class Issuer:
    """Creates keys and certificates, as children of one component."""

    parent: pulumi.Resource
    pki: PkiSection
    protect: bool | None
    """Of live roots: every certificate below hangs on them, and the state holds their only copy."""

    def create_authorities(
        self, role: str, live: Sequence[Generation], retired: Sequence[int], names: Callable[[int], tuple[str, str]]
    ) -> Authorities:
        """Create every live authority, and the roots of those that are retired.

        Args:
            role: what logical names begin with.
            names: common names of root and intermediate of a generation.
        """
        numbers = [one.number for one in live]
        roots = {
            number: self._create_root(f"{role}-root", number, names(number)[0], protect=number in numbers)
            for number in [*retired, *numbers]
        }
        pairs = dict.fromkeys(pair for one in live for pair in pairwise((one.number, *one.signers)))
        requests = {
            number: self._request(f"{role}-root", number, names(number)[0], roots[number].key_pem)
            for number in dict.fromkeys(number for number, _ in pairs)
        }
        crosses = {
            (number, signer): self._sign(
                f"{role}-root-by-g{signer}", number, names(number)[0], requests[number], roots[number].key_pem,
                roots[signer], **self._as_authority,
            )
            for number, signer in pairs
        }  # fmt: skip
        intermediates = {
            number: self.sign(
                f"{role}-intermediate", number, names(number)[1], roots[number], **self._as_authority
            )
            for number in numbers
        }  # fmt: skip
        made = {
            one.number: Authority(
                roots[one.number],
                intermediates[one.number],
                [crosses[pair] for pair in pairwise((one.number, *one.signers))],
            )
            for one in live
        }
        return Authorities(made, roots, crosses)

    @property
    def _as_authority(self) -> dict[str, Any]:
        return {
            "uses": _CA_USES,
            "hours": self.pki.intermediate_hours,
            # A new one in time for the leaves that the old one could still sign.
            "renewal_hours": self.pki.intermediate_early_renewal_hours,
            "is_ca": True,
        }

    def _create_root(self, role: str, number: int, name: str, *, protect: bool) -> Certificate:
        options = pulumi.ResourceOptions(parent=self.parent, protect=protect and self.protect)
        key = self._create_key(role, number, options)
        root = tls.SelfSignedCert(
            f"{role}-g{number}",
            private_key_pem=key.private_key_pem_pkcs8,
            subject=tls.SelfSignedCertSubjectArgs(common_name=name),
            is_ca_certificate=True,
            # Below the root the intermediate, or the successors' roots with theirs.
            max_path_length=MOST_LIVE,
            set_subject_key_id=True,
            allowed_uses=_CA_USES,
            validity_period_hours=self.pki.root_hours,
            opts=options,
        )
        subject = format_subject(name)
        return Certificate(
            subject,
            subject,
            root.cert_pem,
            root.validity_start_time,
            root.validity_end_time,
            key.private_key_pem_pkcs8,
        )

    def sign(
        self,
        role: str,
        number: int,
        common_name: str,
        issuer: Certificate,
        *,
        uses: list[str],
        hours: int,
        renewal_hours: int,
        is_ca: bool = False,
        dns_names: Sequence[str] = (),
        ip_addresses: Sequence[str] = (),
    ) -> Certificate:
        """Create key, request and certificate; CN only, so that the subject reads the same in every tool."""
        key, request = self.request(role, number, common_name, dns_names, ip_addresses)
        return self._sign(
            role, number, common_name, request, key, issuer,
            uses=uses, hours=hours, renewal_hours=renewal_hours, is_ca=is_ca,
        )  # fmt: skip

    def request(
        self,
        role: str,
        number: int,
        common_name: str,
        dns_names: Sequence[str] = (),
        ip_addresses: Sequence[str] = (),
    ) -> tuple[pulumi.Output[str], tls.CertRequest]:
        """Create key and request; return the key, PKCS#8, PEM, and the request."""
        key = self._create_key(role, number, pulumi.ResourceOptions(parent=self.parent)).private_key_pem_pkcs8
        return key, self._request(role, number, common_name, key, dns_names, ip_addresses)

    def _sign(
        self, role: str, number: int, common_name: str, request: tls.CertRequest, key: pulumi.Output[str],
        issuer: Certificate, *, uses: list[str], hours: int, renewal_hours: int, is_ca: bool,
    ) -> Certificate:  # fmt: skip
        certificate = tls.LocallySignedCert(
            f"{role}-g{number}",
            cert_request_pem=request.cert_request_pem,
            ca_cert_pem=issuer.pem,
            ca_private_key_pem=issuer.key_pem,
            is_ca_certificate=is_ca,
            set_subject_key_id=True,
            allowed_uses=uses,
            validity_period_hours=hours,
            early_renewal_hours=renewal_hours,
            opts=pulumi.ResourceOptions(parent=self.parent),
        )
        return Certificate(
            format_subject(common_name),
            issuer.subject,
            certificate.cert_pem,
            certificate.validity_start_time,
            certificate.validity_end_time,
            key,
        )

    def _request(
        self,
        role: str,
        number: int,
        common_name: str,
        key: pulumi.Output[str],
        dns_names: Sequence[str] = (),
        ip_addresses: Sequence[str] = (),
    ) -> tls.CertRequest:
        return tls.CertRequest(
            f"{role}-request-g{number}",
            private_key_pem=key,
            subject=tls.CertRequestSubjectArgs(common_name=common_name),
            dns_names=list(dns_names) or None,
            ip_addresses=list(ip_addresses) or None,
            opts=pulumi.ResourceOptions(parent=self.parent),
        )

    def _create_key(self, role: str, number: int, options: pulumi.ResourceOptions) -> tls.PrivateKey:
        return tls.PrivateKey(f"{role}-key-g{number}", **_KEYS[self.pki.algorithm], opts=options)


def compute_fingerprint(pem: str) -> str:
    """Return the SHA-256 of the first certificate in the PEM text, in lower-case hex."""
    end = "-----END CERTIFICATE-----"
    first = pem[: pem.index(end) + len(end)] if end in pem else pem
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first.strip())).hexdigest()


def format_subject(common_name: str) -> str:
    """Return the distinguished name of what has a common name and nothing else."""
    return f"CN={common_name}"
