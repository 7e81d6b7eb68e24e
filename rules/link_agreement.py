"""Whether a site and its broker agree, in a graph as it is at some moment of a deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from arm.types.network import NETWORK_INTERFACE
from graph.graph import Graph, Resource
from graph.inputs import list_at, map_at, text_at, texts_at, x509_settings
from graph.pem import is_ip
from rules.facts.aio import CLIENT_ID_WILDCARD
from rules.key_origins import Authority, KeyOrigins
from rules.lookup import Bundle, LinkParts, View
from rules.mqtt import MQTT
from rules.security_rules import is_link_admitted
from settings.model import Settings

_CLIENT_KEYS = ("client_cert.pem", "client_intermediate_certs.pem")
_SECRET_REF = f"{MQTT}.authentication.x509CertificateSettings.secretRef"
_TRUST_REF = f"{MQTT}.tls.trustedCaCertificateConfigMapRef"


class Moment(View):
    """A graph as it is at some moment. What is not known of it counts as agreed."""

    def __init__(
        self, graph: Graph, settings: Settings, keys: KeyOrigins, kept: Mapping[tuple[str, str], Bundle]
    ) -> None:
        """Take a graph of `Plan`, what its keys are made from, and the Bundles of before."""
        super().__init__(graph, settings)
        self._keys, self._kept = keys, kept

    def inputs(self, resource: Resource) -> dict[str, Any]:
        """Return the inputs, which are plain already."""
        return resource.inputs

    @cached_property
    def _paths(self) -> dict[str, str]:
        return {one.urn: one.id for one in self.arm}

    def find_parts(self, link: str) -> LinkParts:
        """Return what there is of a link."""
        return self._parts(self.settings.links[link])

    def find_disagreement(self, parts: LinkParts) -> str:
        """Return the first thing in which both ends of a link do not agree; empty: messages pass."""
        if not (parts.endpoint and parts.listener and parts.authentication and parts.authorization):
            return "not both ends are there"
        checks = (
            self._check_way(parts, parts.endpoint),
            self._check_broker(parts, parts.endpoint),
            self._check_site(parts, parts.endpoint, parts.authentication),
            self._check_rights(parts, parts.endpoint, parts.authentication, parts.authorization),
        )
        return next((found for check in checks for found in check), "")

    def _check_way(self, parts: LinkParts, endpoint: Resource) -> Iterator[str]:
        """Yield what does not let packets from the one to the other."""
        address = text_at(self.inputs(endpoint), f"{MQTT}.host")
        host, _, port = address.rpartition(":")
        if parts.listener and port not in {str(one.get("port")) for one in self.ports(parts.listener)}:
            yield f"no listener has port {port}"
        nodes = self._node_addresses(parts.link.broker)
        if nodes and is_ip(host) and host not in nodes:
            yield f"nothing is at {host}"
        if nodes and not is_link_admitted(self, parts.link, nodes[0], int(port)):
            yield f"no security rule admits the site to port {port}"

    def _node_addresses(self, cluster: str) -> list[str]:
        interfaces = self.all(NETWORK_INTERFACE, cluster=cluster)
        return [
            text_at(one, "privateIPAddress")
            for interface in interfaces
            for one in list_at(self.inputs(interface), "ipConfigurations")
        ]

    def _check_broker(self, parts: LinkParts, endpoint: Resource) -> Iterator[str]:
        """Yield why the site refuses the broker."""
        secret = self._vault_secret(parts.link.broker, text_at(parts.port, "tls.manual.secretRef"), "tls.crt")
        trusted = self._authority(parts.link.client, text_at(self.inputs(endpoint), _TRUST_REF))
        if secret is None:
            yield "the broker lacks its certificate"
        elif trusted and trusted not in self._keys.list_issuers(secret):
            yield "the site does not trust the broker's certificate"
        else:
            host = text_at(self.inputs(endpoint), f"{MQTT}.host").rpartition(":")[0]
            if host not in self._names(secret):
                yield f"the broker's certificate is not for {host}"

    def _names(self, secret: Resource) -> set[str]:
        inputs = [request.plain_inputs for request in self._keys.list_requests(secret)]
        return {name for one in inputs for field in ("dnsNames", "ipAddresses") for name in texts_at(one, field)}

    def _check_site(self, parts: LinkParts, endpoint: Resource, authentication: Resource) -> Iterator[str]:
        """Yield why the broker refuses the site."""
        secrets = self._list_secrets(parts, endpoint)
        if not secrets:
            yield "the site lacks its key"
            return
        if not self._list_attributes(parts, endpoint, authentication):
            yield "the broker does not know the site's certificate"
        for method in x509_settings(self.inputs(authentication)):
            trusted = self._authority(parts.link.broker, text_at(method, "trustedClientCaCert"))
            if trusted and trusted not in {one for secret in secrets for one in self._keys.list_issuers(secret)}:
                yield "the broker does not trust the site's certificate"

    def _list_secrets(self, parts: LinkParts, endpoint: Resource) -> list[Resource]:
        """Return what the certificates are taken from that the site's endpoint names."""
        name = text_at(self.inputs(endpoint), _SECRET_REF)
        return [found for key in _CLIENT_KEYS if (found := self._vault_secret(parts.link.client, name, key))]

    def _list_attributes(
        self, parts: LinkParts, endpoint: Resource, authentication: Resource
    ) -> list[Mapping[str, Any]]:
        """Return the attributes that the broker gives to the certificate that the site's endpoint names."""
        secrets = self._list_secrets(parts, endpoint)
        requests = self._keys.list_requests(secrets[0]) if secrets else []
        subjects = {f"CN = {text_at(one.plain_inputs, 'subject.commonName')}" for one in requests}
        return [
            map_at(entry, "attributes")
            for method in x509_settings(self.inputs(authentication))
            for entry in map_at(method, "authorizationAttributes").values()
            if text_at(entry, "subject") in subjects
        ]

    def _check_rights(
        self, parts: LinkParts, endpoint: Resource, authentication: Resource, authorization: Resource
    ) -> Iterator[str]:
        """Yield what the site may not do."""
        rules = list_at(self.inputs(authorization), "properties.authorizationPolicies.rules")
        given = self._list_attributes(parts, endpoint, authentication)
        own = [one for one in rules if any(each in given for each in list_at(one, "principals.attributes"))]
        granted = [one for rule in own for one in list_at(rule, "brokerResources")]
        prefix = text_at(self.inputs(endpoint), f"{MQTT}.clientIdPrefix")
        if not any(_covers(client_id, prefix) for one in granted for client_id in texts_at(one, "clientIds")):
            yield f"the broker does not let the site connect as {prefix}..."
        topics = {topic for one in granted for topic in texts_at(one, "topics")}
        for dataflow in parts.dataflows:
            for one in self.operations(dataflow, "Destination"):
                if (topic := text_at(one, "destinationSettings.dataDestination")) not in topics:
                    yield f"the broker does not let the site publish {topic}"

    # Keys

    def _vault_secret(self, cluster: str, name: str, key: str) -> Resource | None:
        """Return what a key of a Kubernetes Secret is taken from."""
        sync = self.syncs.get((cluster, name))
        provider_class = self.provider_class(sync) if sync else None
        if sync is None or provider_class is None:
            return None
        vault = text_at(self.inputs(provider_class), "keyvaultName")
        return self.vault_secrets.get((vault, self.mapping(sync).get(key, "")))

    def _authority(self, cluster: str, config_map: str) -> Authority:
        # No script takes a Bundle away that is no longer listed (nodes/apply-objects.sh).
        bundle = self.bundles.get((cluster, config_map)) or self._kept.get((cluster, config_map))
        return self._keys.find_authority(bundle.pem) if bundle else ""


def _covers(client_id: str, prefix: str) -> bool:
    """Tell whether a rule's client id may be one of those with the prefix."""
    open_ended = client_id.removesuffix(CLIENT_ID_WILDCARD.value)
    return client_id.startswith(prefix) or (open_ended != client_id and prefix.startswith(open_ended))
