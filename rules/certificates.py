"""Certificates as the two sides of each link will see them: parsed, and their chains really verified."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from arm.types.keyvault import SECRET
from graph import pem
from graph.inputs import text_at, x509_settings
from graph.tls_values import SELF_SIGNED
from rules.facts import aio
from rules.lookup import Bundle, Hits, LinkParts, View
from rules.references import object_references


@dataclass(frozen=True)
class Chain:
    """What one side presents, and the CA file with which the other side judges it."""

    owner: str
    """Name of the SecretSync that brings it to the cluster."""
    side: str
    """`server` or `client`."""
    certificates: tuple[x509.Certificate, ...]
    """As presented: leaf first, then the intermediate."""
    key: bytes | None
    """What identifies the private key beside it: empty if it is none, None if nothing is published there."""
    trust: Bundle | None
    parts: LinkParts

    @property
    def leaf(self) -> x509.Certificate:
        return self.certificates[0]

    @property
    def root(self) -> x509.Certificate | None:
        found = pem.certificates(self.trust.pem) if self.trust else []
        return found[0] if found else None


def server_secret(parts: LinkParts) -> str:
    """Return the name of the Secret with which the listener answers."""
    return text_at(parts.port, "tls.manual.secretRef")


def client_secret(view: View, parts: LinkParts) -> str:
    """Return the name of the Secret with which the endpoint connects."""
    where = "properties.mqttSettings.authentication.x509CertificateSettings.secretRef"
    return text_at(view.inputs(parts.endpoint), where) if parts.endpoint else ""


def server_trust(view: View, parts: LinkParts) -> Bundle | None:
    """Return the Bundle that the client trusts, if it is ours."""
    where = "properties.mqttSettings.tls.trustedCaCertificateConfigMapRef"
    name = text_at(view.inputs(parts.endpoint), where) if parts.endpoint else ""
    return view.bundles.get((parts.link.client, name))


def client_trust(view: View, parts: LinkParts) -> Bundle | None:
    """Return the Bundle that the broker trusts, if it is ours."""
    found = x509_settings(view.inputs(parts.authentication)) if parts.authentication else []
    name = text_at(found[0], "trustedClientCaCert") if found else ""
    return view.bundles.get((parts.link.broker, name))


def chains(view: View) -> Iterator[Chain]:
    """Both sides of every link, as far as their certificates are published."""
    for parts in view.links:
        yield from _chain(
            view, parts, "server", parts.link.broker, server_secret(parts), "tls.crt", "tls.key",
            server_trust(view, parts),
        )  # fmt: skip
        yield from _chain(
            view, parts, "client", parts.link.client, client_secret(view, parts), "client_cert.pem", "client_key.pem",
            client_trust(view, parts),
        )  # fmt: skip


def _chain(
    view: View, parts: LinkParts, side: str, cluster: str, secret: str, certificate_key: str, private_key: str,
    trust: Bundle | None,
) -> Iterator[Chain]:  # fmt: skip
    keys = view.secret_keys(cluster, secret)
    found = pem.certificates(keys.get(certificate_key, ""))
    if found:
        owner, private = view.syncs[cluster, secret].name, keys.get(private_key, "")
        key = (pem.key_of_private(private) or b"") if private else None
        yield Chain(owner, side, tuple(found), key, trust, parts)


def published(view: View) -> Hits:
    """Require that a link's Secrets are made of certificates, and that no vault secret is empty."""
    for one in view.all(SECRET):
        if not text_at(view.inputs(one), "properties.value"):
            yield one.name, "properties.value: empty, so nothing is published. Give the certificate or the key"
    for parts in view.links:
        for cluster, secret, key in (
            (parts.link.broker, server_secret(parts), "tls.crt"),
            (parts.link.client, client_secret(view, parts), "client_cert.pem"),
            (parts.link.client, client_secret(view, parts), "client_intermediate_certs.pem"),
        ):
            value = view.secret_keys(cluster, secret).get(key)
            if value and not pem.certificates(value):
                name = view.syncs[cluster, secret].name
                yield name, f"key {key} of Secret {secret!r} is no PEM certificate. Publish the chain, leaf first"


def hosts(view: View) -> Hits:
    """Require that the server certificate names the host that each link's endpoint connects to."""
    for chain in chains(view):
        if chain.side == "server" and chain.parts.endpoint:
            host = text_at(view.inputs(chain.parts.endpoint), "properties.mqttSettings.host").rpartition(":")[0]
            if host and not pem.names_host(chain.leaf, host):
                names = ", ".join(pem.hosts(chain.leaf)) or "none"
                message = (
                    f"the certificate {pem.subject(chain.leaf.subject)} does not name {host}, to which"
                    f" {chain.parts.endpoint.name} connects; its alternative names: {names}. Add it to its SAN"
                )
                yield chain.owner, message
            else:
                yield from _other_names(view, chain)


def _other_names(view: View, chain: Chain) -> Hits:
    """Require the broker's DNS name and its node's address in the certificate, and no other name."""
    cluster = view.clusters[chain.parts.link.broker]
    expected = {str(cluster.address), cluster.listener.host if cluster.listener else ""} - {""}
    if (names := set(pem.hosts(chain.leaf))) != expected:
        message = f"the certificate {pem.subject(chain.leaf.subject)} names {', '.join(sorted(names)) or 'nothing'}"
        yield chain.owner, f"{message}; expected {', '.join(sorted(expected))}: the broker, by name and by address"


def server_chains(view: View) -> Hits:
    """Require that the listener's chain verifies, as a TLS server, against the root that the link's endpoint trusts."""
    yield from _verified(view, "server")


def client_chains(view: View) -> Hits:
    """Require that the endpoint's chain verifies, as a TLS client, against the root that the broker trusts."""
    yield from _verified(view, "client")


def _verified(view: View, side: str) -> Hits:
    verify = pem.why_no_server_chain if side == "server" else pem.why_no_client_chain
    for chain in chains(view):
        if chain.side != side or chain.trust is None or chain.root is None:
            continue
        # Whatever its order, which is PKI-05; a client's intermediate also comes in a key of its own.
        known = [*chain.certificates, *_extra(view, chain)]
        leaf = next((one for one in known if not pem.is_ca(one)), chain.leaf)
        why = verify(leaf, [one for one in known if one is not leaf], chain.root)
        if why:
            message = (
                f"the {side} certificate {pem.subject(leaf.subject)} of link {chain.parts.link.name} does not verify"
                f" against {pem.subject(chain.root.subject)} in Bundle {chain.trust.name!r} of"
                f" {chain.trust.command.name}: {why}. {_remedy(chain, leaf, known)}"
            )
            yield chain.owner, message


def _remedy(chain: Chain, leaf: x509.Certificate, known: Sequence[x509.Certificate]) -> str:
    """Return what to mend: the link of the chain that is missing."""
    if chain.root and leaf.issuer not in {one.subject for one in (*known, chain.root)}:
        issuer = pem.subject(leaf.issuer)
        return f"The intermediate {issuer} that signed it is not published with it: publish both, leaf first"
    return "Publish the root that signed it"


def _extra(view: View, chain: Chain) -> list[x509.Certificate]:
    if chain.side == "server":
        return []
    keys = view.secret_keys(chain.parts.link.client, client_secret(view, chain.parts))
    return pem.certificates(keys.get("client_intermediate_certs.pem", ""))


def keys_and_algorithms(view: View) -> Hits:
    """Require that the private key is the leaf's, and that one algorithm serves the whole chain.

    Source: learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-authentication.
    """
    for chain in chains(view):
        if chain.key is not None and chain.key not in {pem.key_of(one) for one in chain.certificates}:
            given = "another key" if chain.key else "no private key"
            yield chain.owner, f"beside the certificate {pem.subject(chain.leaf.subject)} is {given}. Publish its own"
        used = {pem.algorithm(one) for one in (*chain.certificates, *([chain.root] if chain.root else []))}
        if len(used) > 1:
            yield chain.owner, f"the chain mixes {', '.join(sorted(used))}; AIO takes one key algorithm per chain"


_BELOW_ROOT = 3
"""An intermediate; or two successors, of which it has signed the first, with theirs (RFC 5280, §4.2.1.9)."""
_USES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}


def shapes(view: View) -> Hits:
    """Leaf, then intermediates; a leaf is no CA and serves one side only, under a common name and nothing else."""
    for root in view.graph.of_type(SELF_SIGNED):
        for found in pem.certificates(text_at(view.outputs(root), "certPem")):
            if pem.path_length(found) != _BELOW_ROOT:
                yield root.name, f"path length {pem.path_length(found)}; expected {_BELOW_ROOT}: room for a roll-over"
    for chain in chains(view):
        for problem in _misshapen(chain):
            yield chain.owner, problem
        for one in _extra(view, chain):
            if not pem.is_ca(one):
                yield chain.owner, f"{pem.subject(one.subject)} is among the intermediates and is no CA. Leave it out"


def _misshapen(chain: Chain) -> Iterator[str]:
    name, root = pem.subject(chain.leaf.subject), chain.root
    if pem.is_ca(chain.leaf):
        yield f"the first certificate, {name}, is a CA; expected the leaf first, then the intermediate"
        return
    if root and root.issuer == root.subject == chain.leaf.issuer:
        yield f"{name} is signed by the root itself; expected by the intermediate that comes with it"
    for one in chain.certificates[1:]:
        if not pem.is_ca(one):
            yield f"{pem.subject(one.subject)} follows the leaf and is no CA; expected the intermediate"
    others = {use for side, use in _USES.items() if side != chain.side}
    if pem.extended_uses(chain.leaf) & others:
        yield f"{name} may serve as the other side as well; expected {chain.side} authentication only"
    if [attribute.oid for attribute in chain.leaf.subject] != [NameOID.COMMON_NAME]:
        yield f"subject {name}: expected one common name and nothing else, so that it matches everywhere"


def lives(view: View) -> Hits:
    """Require that no certificate outlives the one that signed it."""
    for chain in chains(view):
        signers = {one.subject: one for one in (*chain.certificates, *_extra(view, chain))}
        if chain.root:
            signers[chain.root.subject] = chain.root
        for one in chain.certificates:
            signer = signers.get(one.issuer)
            if signer and one.not_valid_after_utc > signer.not_valid_after_utc:
                message = (
                    f"{pem.subject(one.subject)} is valid until {one.not_valid_after_utc:%Y-%m-%d}, longer than its"
                    f" signer {pem.subject(signer.subject)} ({signer.not_valid_after_utc:%Y-%m-%d}). Shorten its life"
                )
                yield chain.owner, message


def bundles(view: View) -> Hits:
    """Require that a trust Bundle holds one root, in one key: AIO trusts every certificate that it finds."""
    used = {(view.cluster(one.resource), one.name) for one in object_references(view) if not one.secret_type}
    for (cluster, name), bundle in view.bundles.items():
        found = pem.certificates(bundle.pem)
        where = f"OBJECTS: Bundle {name!r} of cluster {cluster}"
        if (cluster, name) not in used:
            yield bundle.command.name, f"{where}: nothing there is told to trust it. Take it out"
        if bundle.key != aio.TRUST_KEY.value:
            message = f"{where}: configMap.key is {bundle.key or 'missing'}; expected {aio.TRUST_KEY.value}"
            yield bundle.command.name, message
        if len(found) != 1:
            yield bundle.command.name, f"{where} holds {len(found)} certificates; expected one root"
        for root in found[:1]:
            if root.subject != root.issuer or not pem.is_ca(root):
                message = f"{where} holds {pem.subject(root.subject)}, which is no root; expected a root"
                yield bundle.command.name, message
            elif pem.path_length(root) == 0:
                message = f"{where}: {pem.subject(root.subject)} allows no CA below it; expected 1 or none"
                yield bundle.command.name, message
