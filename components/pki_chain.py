"""The private PKI: a server side and a client side, each root -> intermediate -> leaves."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_tls as tls

from settings.model import Link, Listener, Settings

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
    """A certificate with its private key; the key never leaves this component but as a secret."""

    subject: str
    issuer: str
    pem: pulumi.Output[str]
    key_pem: pulumi.Output[str]
    """PKCS#8, PEM; secret."""
    not_after: pulumi.Output[str]

    @property
    def sha256(self) -> pulumi.Output[str]:
        return self.pem.apply(compute_fingerprint)

    @property
    def summary(self) -> dict[str, pulumi.Input[str]]:
        """Return this certificate's entry of the stack output `certificates`."""
        return {"subject": self.subject, "issuer": self.issuer, "not_after": self.not_after, "sha256": self.sha256}


@dataclass(frozen=True)
class Leaf:
    """A leaf and what its owner presents with it."""

    certificate: Certificate
    chain_pem: pulumi.Output[str]
    """Leaf, then intermediate; the other side knows the root."""
    intermediate_pem: pulumi.Output[str]


@dataclass(frozen=True)
class _Authority:
    root: Certificate
    intermediate: Certificate


@dataclass(frozen=True)
class PkiChainArgs:
    """What the chain is made from."""

    settings: Settings


class PkiChain(pulumi.ComponentResource):
    """Two certificate authorities, a server leaf for each broker cluster and a client leaf for each link.

    Two, so that a site's certificate can never serve as a broker, nor the other way round. Names carry the
    generation, so that a renewed certificate stands beside its predecessor. Waits for nothing: addresses come from the
    settings.
    """

    server_root: Certificate
    client_root: Certificate
    client_intermediate: Certificate
    servers: dict[str, Leaf]
    """By broker cluster."""
    clients: dict[str, Leaf]
    """By link."""
    certificates: dict[str, dict[str, pulumi.Input[str]]]

    def __init__(self, name: str, args: PkiChainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edge-stamps:pki_chain:PkiChain", name, None, opts)
        self._pki, self._protect_roots = args.settings.pki, args.settings.protection.protect or None
        names = args.settings.authorities
        server = self._create_authority("server", names.server_root, names.server_intermediate)
        client = self._create_authority("client", names.client_root, names.client_intermediate)
        self.server_root, self.client_root = server.root, client.root
        self.client_intermediate = client.intermediate
        self.servers = {
            cluster.name: self._create_server_leaf(cluster.name, cluster.listener, server)
            for cluster in args.settings.clusters.values()
            if cluster.listener
        }
        self.clients = {link.name: self._create_client_leaf(link, client) for link in args.settings.links.values()}
        self.certificates = {
            "server-root": server.root.summary,
            "server-intermediate": server.intermediate.summary,
            "client-root": client.root.summary,
            "client-intermediate": client.intermediate.summary,
            **{f"broker/{cluster}": leaf.certificate.summary for cluster, leaf in self.servers.items()},
            **{f"link/{link}": leaf.certificate.summary for link, leaf in self.clients.items()},
        }
        self.register_outputs({"certificates": self.certificates})

    def _create_authority(self, side: str, root_name: str, intermediate_name: str) -> _Authority:
        generation = f"g{self._pki.generation}"
        root_key = self._create_key(f"{side}-root-key-{generation}", protect=self._protect_roots)
        root = tls.SelfSignedCert(
            f"{side}-root-{generation}",
            private_key_pem=root_key.private_key_pem_pkcs8,
            subject=tls.SelfSignedCertSubjectArgs(common_name=root_name),
            is_ca_certificate=True,
            # Below the root one more CA. 0 would come out as "no limit": the provider does not set MaxPathLenZero
            # (https://pkg.go.dev/crypto/x509#Certificate).
            max_path_length=1,
            set_subject_key_id=True,
            allowed_uses=_CA_USES,
            validity_period_hours=self._pki.root_hours,
            # Every certificate below hangs on it, and the state holds its only copy.
            opts=pulumi.ResourceOptions(parent=self, protect=self._protect_roots),
        )
        root_certificate = Certificate(
            _format_subject(root_name), _format_subject(root_name), root.cert_pem, root_key.private_key_pem_pkcs8,
            root.validity_end_time,
        )  # fmt: skip
        intermediate = self._sign(
            f"{side}-intermediate", generation, intermediate_name, root_certificate,
            uses=_CA_USES, hours=self._pki.intermediate_hours, is_ca=True,
            # A new one in time for the leaves that the old one could still sign.
            renewal_hours=self._pki.intermediate_early_renewal_hours,
        )  # fmt: skip
        return _Authority(root_certificate, intermediate)

    def _create_server_leaf(self, cluster: str, listener: Listener, authority: _Authority) -> Leaf:
        certificate = self._sign(
            f"{cluster}-server-leaf", f"g{listener.generation}", listener.common_name, authority.intermediate,
            uses=["digital_signature", "server_auth"], hours=self._pki.leaf_hours,
            renewal_hours=self._pki.early_renewal_hours,
            dns_names=list(listener.dns_names), ip_addresses=[str(address) for address in listener.ip_addresses],
        )  # fmt: skip
        return _add_chain(certificate, authority)

    def _create_client_leaf(self, link: Link, authority: _Authority) -> Leaf:
        certificate = self._sign(
            f"{link.name}-client-leaf", f"g{link.generation}", link.common_name, authority.intermediate,
            uses=["digital_signature", "client_auth"], hours=self._pki.leaf_hours,
            renewal_hours=self._pki.early_renewal_hours,
        )  # fmt: skip
        return _add_chain(certificate, authority)

    def _sign(
        self,
        role: str,
        generation: str,
        common_name: str,
        issuer: Certificate,
        *,
        uses: list[str],
        hours: int,
        renewal_hours: int,
        is_ca: bool = False,
        dns_names: list[str] | None = None,
        ip_addresses: list[str] | None = None,
    ) -> Certificate:
        """Create key, request and certificate; CN only, so that the subject reads the same in every tool."""
        options = pulumi.ResourceOptions(parent=self)
        key = self._create_key(f"{role}-key-{generation}")
        request = tls.CertRequest(
            f"{role}-request-{generation}",
            private_key_pem=key.private_key_pem_pkcs8,
            subject=tls.CertRequestSubjectArgs(common_name=common_name),
            dns_names=dns_names or None,
            ip_addresses=ip_addresses or None,
            opts=options,
        )
        certificate = tls.LocallySignedCert(
            f"{role}-{generation}",
            cert_request_pem=request.cert_request_pem,
            ca_cert_pem=issuer.pem,
            ca_private_key_pem=issuer.key_pem,
            is_ca_certificate=is_ca,
            set_subject_key_id=True,
            allowed_uses=uses,
            validity_period_hours=hours,
            early_renewal_hours=renewal_hours,
            opts=options,
        )
        return Certificate(
            _format_subject(common_name), issuer.subject, certificate.cert_pem, key.private_key_pem_pkcs8,
            certificate.validity_end_time,
        )  # fmt: skip

    def _create_key(self, resource_name: str, *, protect: bool | None = None) -> tls.PrivateKey:
        return tls.PrivateKey(
            resource_name,
            **_KEYS[self._pki.algorithm],
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )


def compute_fingerprint(pem: str) -> str:
    """Return the SHA-256 of the first certificate in the PEM text, in lower-case hex."""
    end = "-----END CERTIFICATE-----"
    first = pem[: pem.index(end) + len(end)] if end in pem else pem
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first.strip())).hexdigest()


def _add_chain(certificate: Certificate, authority: _Authority) -> Leaf:
    intermediate = authority.intermediate.pem
    return Leaf(certificate, pulumi.Output.concat(certificate.pem, intermediate), intermediate)


def _format_subject(common_name: str) -> str:
    return f"CN={common_name}"
