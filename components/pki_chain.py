"""The private PKI: an authority for each broker, another one for all links, each root -> intermediate -> leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.authorities import Authorities, Authority, Certificate, Issuer
from components.external_authorities import ExternalIssuer
from settings.high_water import AUTHORITIES, broker_key, link_key
from settings.model import Link, Listener
from settings.naming import authority_names, server_authority_names
from settings.rotation import Live
from settings.signing_requests import LEAVES, list_client_requests, request_client, request_server


@dataclass(frozen=True)
class Leaf:
    """A leaf and what its owner presents with it."""

    certificate: Certificate
    authority: Authority

    @property
    def chain_pem(self) -> pulumi.Output[str]:
        """Return leaf, then intermediate, then its root as predecessors have signed it."""
        return pulumi.Output.concat(self.certificate.pem, self.authority.above_pem)


@dataclass(frozen=True)
class PkiChainArgs:
    """What the chain is made from."""

    live: Live


class PkiChain(pulumi.ComponentResource):
    """An authority and a leaf for each broker, another authority with a leaf for each link: of every live generation.

    Two sides, so that a site's certificate can never serve as a broker, nor the other way round; a root for each broker
    and generation, so that whoever trusts the new one refuses every copy of an old key. Names carry the generation, so
    that a new certificate stands beside its predecessor. Waits for nothing: addresses come from the settings.
    """

    client_authorities: dict[int, Authority]
    """By generation."""
    servers: dict[tuple[str, int], Leaf]
    """By broker cluster and generation."""
    clients: dict[tuple[str, int], Leaf]
    """By link and generation."""
    certificates: dict[str, dict[str, pulumi.Input[str]]]
    requests: Mapping[str, pulumi.Output[str]]
    """Name of what an external CA signs -> its request, PEM."""

    def __init__(self, name: str, args: PkiChainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edge-stamps:pki_chain:PkiChain", name, None, opts)
        live, self.certificates = args.live, {}
        self._live, self._settings = live, live.settings
        self._issuer = Issuer(self, live.settings.pki, live.settings.protection.protect or None)
        self._external = ExternalIssuer(self._issuer, live.settings.external)
        client = self._create_client_authorities()
        self.client_authorities = dict(client.live)
        self.servers = {
            (cluster, number): leaf for cluster in live.brokers for number, leaf in self._create_servers(cluster)
        }
        self.clients = {
            (link.name, one.generation): self._create_client_leaf(one)
            for link in live.settings.links.values()
            for one in live.links_as(link)
        }
        self._request_what_is_not_live()
        self.requests = self._external.requests
        self.register_outputs({"certificates": self.certificates})

    def _request_what_is_not_live(self) -> None:
        """Keep the key of what is not signed, and of what is signed and waits for something else."""
        latest = {owner: live[-1].number for owner, live in self._live.by_owner.items()}
        external = self._settings.external
        for request in external.requests:
            if request.name not in external.signed or request.number > latest.get(request.owner, 0):
                self._external.request(request)

    def _create_client_authorities(self) -> Authorities:
        settings, live = self._settings, self._live

        def names(number: int) -> tuple[str, str]:
            found = authority_names(settings, number)
            return found["client_root"], found["client_intermediate"]

        if settings.pki.has_external_ca:
            made = self._external.take_authorities(list_client_requests(live))
        else:
            made = self._issuer.create_authorities("client", live.authorities, live.retired(AUTHORITIES), names)
        self._list_authorities("client-", made, settings.pki.generation)
        return made

    def _create_servers(self, cluster: str) -> list[tuple[int, Leaf]]:
        settings, live, owner = self._settings, self._live, broker_key(cluster)

        def names(number: int) -> tuple[str, str]:
            found = server_authority_names(settings, settings.clusters[cluster].code, number)
            return found["root_name"], found["intermediate_name"]

        listeners = live.listeners(cluster)
        if settings.pki.has_external_ca:
            wanted = {one.generation: request_server(settings, cluster, one) for one in listeners}
            authorities = self._external.take_authorities(wanted)
        else:
            authorities = self._issuer.create_authorities(
                f"{cluster}-server", live.brokers[cluster], live.retired(owner), names
            )
        self._list_authorities(f"{owner}/", authorities, listeners[-1].generation)
        return [
            (listener.generation, self._create_server_leaf(cluster, listener, authorities.live[listener.generation]))
            for listener in listeners
        ]

    def _create_server_leaf(self, cluster: str, listener: Listener, authority: Authority) -> Leaf:
        pki = self._settings.pki
        if pki.external_ca == LEAVES:
            leaf, _ = self._external.take(request_server(self._settings, cluster, listener))
        else:
            leaf = self._issuer.sign(
                f"{cluster}-server-leaf", listener.generation, listener.common_name, authority.intermediate,
                uses=["digital_signature", "server_auth"], hours=pki.leaf_hours, renewal_hours=pki.early_renewal_hours,
                dns_names=listener.dns_names, ip_addresses=[str(address) for address in listener.ip_addresses],
            )  # fmt: skip
        wanted = self._live.brokers[cluster][-1].number
        self._list(broker_key(cluster), listener.generation, wanted, leaf)
        return Leaf(leaf, authority)

    def _create_client_leaf(self, link: Link) -> Leaf:
        pki, authority = self._settings.pki, self.client_authorities[link.authority]
        if pki.external_ca == LEAVES:
            leaf, authority = self._external.take(request_client(link))
        else:
            leaf = self._issuer.sign(
                f"{link.name}-client-leaf", link.generation, link.common_name, authority.intermediate,
                uses=["digital_signature", "client_auth"], hours=pki.leaf_hours, renewal_hours=pki.early_renewal_hours,
            )  # fmt: skip
        self._list(link_key(link.name), link.generation, self._live.links[link.name][-1].number, leaf)
        return Leaf(leaf, authority)

    def _list_authorities(self, prefix: str, made: Authorities, wanted: int) -> None:
        for number, root in made.roots.items():
            self._list(f"{prefix}root", number, wanted, root)
        for number, authority in made.live.items():
            self._list(f"{prefix}intermediate", number, wanted, authority.intermediate)
        for (number, signer), cross in made.crosses.items():
            self.certificates[f"{prefix}root/g{number}-by-g{signer}"] = cross.summary

    def _list(self, key: str, number: int, wanted: int, certificate: Certificate) -> None:
        """List it in the output; what is not, or no longer, wanted with its generation."""
        self.certificates[key if number == wanted else f"{key}/g{number}"] = certificate.summary
