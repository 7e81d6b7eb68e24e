"""Clusters as a deployment leaves them, made by hand: the program's own bodies, and certificates by a PKI of ours."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography import x509

from components import mqtt_bodies
from rehearsal.cluster.model import ClusterView, ConfigMap, Dataflow, Secret
from rehearsal.mqtt.authority import SERVER, Authority, build_leaf, common_name, key_to_pem, new_key, to_pem
from settings import Settings
from settings.model import Cluster, Link, Listener
from tests.conftest import resolve

_DEFAULT_LISTENER = {
    "serviceType": "ClusterIp",
    "serviceName": "aio-broker",
    "ports": [{"port": 18883, "authenticationRef": "default", "tls": {"mode": "Automatic"}}],
}
_DEFAULT_AUTHENTICATION = {
    "authenticationMethods": [
        {"method": "ServiceAccountToken", "serviceAccountTokenSettings": {"audiences": ["aio-internal"]}}
    ]
}
_LOCAL_ENDPOINT = {
    "endpointType": "Mqtt",
    "mqttSettings": {
        "host": "aio-broker:18883",
        "authentication": {
            "method": "ServiceAccountToken",
            "serviceAccountTokenSettings": {"audience": "aio-internal"},
        },
        "tls": {"mode": "Enabled", "trustedCaCertificateConfigMapRef": "azure-iot-operations-aio-ca-trust-bundle"},
    },
}


@dataclass(frozen=True)
class Pki:
    """Both authorities, and each link's and broker's leaf."""

    client: Authority
    """The client intermediate."""
    client_root: x509.Certificate
    server: Authority
    server_root: x509.Certificate


@dataclass(frozen=True)
class Plant:
    """A deployment: what it was made from, and its clusters."""

    settings: Settings
    pki: Pki
    views: dict[str, ClusterView] = field(repr=False)

    @property
    def all(self) -> list[ClusterView]:
        return list(self.views.values())

    def with_change(self, cluster: str, change: Callable[[Any], None]) -> list[ClusterView]:
        """All clusters, one of them changed."""
        return [changed(view, change) if name == cluster else view for name, view in self.views.items()]

    def replace(self, cluster: str, **fields: Any) -> list[ClusterView]:
        """All clusters, one of them with other fields."""
        return [replace(view, **fields) if name == cluster else view for name, view in self.views.items()]


def plant(settings: dict[str, Any]) -> Plant:
    """The clusters of these settings."""
    resolved, pki = resolve(settings), new_pki()
    views = {cluster.name: _view(resolved, cluster, pki) for cluster in resolved.clusters.values()}
    return Plant(resolved, pki, views)


def new_pki() -> Pki:
    client, server = Authority.root("client root", path_length=1), Authority.root("server root", path_length=1)
    return Pki(
        client.intermediate("client intermediate"),
        client.certificate,
        server.intermediate("server intermediate"),
        server.certificate,
    )


def changed(view: ClusterView, change: Callable[[Any], None]) -> ClusterView:
    """A deep copy of the view with everything open to this change."""
    parts = copy.deepcopy({key: getattr(view, key) for key in view.__dataclass_fields__})
    open_view = _Open(**parts)
    change(open_view)
    return replace(view, **vars(open_view))


class _Open:
    def __init__(self, **parts: Any) -> None:
        vars(self).update(parts)


def _view(settings: Settings, cluster: Cluster, pki: Pki) -> ClusterView:
    links = settings.links_from(cluster.name)
    secrets, config_maps = {}, {}
    listeners: dict[str, Any] = {"default": _DEFAULT_LISTENER}
    authentications: dict[str, Any] = {"default": _DEFAULT_AUTHENTICATION}
    authorizations = {}
    if cluster.listener:
        listener, inward = cluster.listener, settings.links_to(cluster.name)
        secrets[listener.secret_name] = _server_secret(listener, pki)
        config_maps[listener.client_ca_config_map] = ConfigMap(
            listener.client_ca_config_map, {"ca.crt": to_pem([pki.client_root])}
        )
        listeners[listener.name] = _listener(listener)
        authentications[listener.authentication_name] = mqtt_bodies.authenticate_links(listener, inward)
        authorizations[listener.authorization_name] = mqtt_bodies.authorize_links(inward)
    for link in links:
        secrets[link.secret_name] = _client_secret(link, pki)
        config_maps[link.server_ca_config_map] = ConfigMap(
            link.server_ca_config_map, {"ca.crt": to_pem([pki.server_root])}
        )
    return ClusterView(
        name=cluster.names.connected_cluster,
        addresses=[str(cluster.address)],
        secrets=secrets,
        config_maps=config_maps,
        listeners=listeners,
        authentications=authentications,
        authorizations=authorizations,
        endpoints={
            "default": _LOCAL_ENDPOINT,
            **{link.endpoint_name: mqtt_bodies.connect_to_broker(link, settings.listener_of(link)) for link in links},
        },
        dataflows={
            topic.dataflow_name: Dataflow(
                topic.dataflow_name,
                "default",
                mqtt_bodies.pass_through(topic, "default", link.endpoint_name, persistent=False),
            )
            for link in links
            for topic in link.topics
        },
        frontends_up=True,
    )


def _listener(listener: Listener) -> dict[str, Any]:
    return {
        "serviceType": "LoadBalancer",
        "serviceName": listener.service_name,
        "ports": [
            {
                "port": listener.port,
                "protocol": "Mqtt",
                "authenticationRef": listener.authentication_name,
                "authorizationRef": listener.authorization_name,
                "tls": {"mode": "Manual", "manual": {"secretRef": listener.secret_name}},
            }
        ],
    }


def _server_secret(listener: Listener, pki: Pki) -> Secret:
    key = new_key()
    hosts: list[x509.GeneralName] = [
        *(x509.DNSName(one) for one in listener.dns_names),
        *(x509.IPAddress(one) for one in listener.ip_addresses),
    ]
    chain = pki.server.sign(build_leaf(common_name(listener.common_name), key, uses=(SERVER,), hosts=hosts))
    return Secret(listener.secret_name, "kubernetes.io/tls", {"tls.crt": to_pem(chain), "tls.key": key_to_pem(key)})


def _client_secret(link: Link, pki: Pki) -> Secret:
    key = new_key()
    chain = pki.client.sign(build_leaf(common_name(link.common_name), key))
    return Secret(
        link.secret_name,
        "Opaque",
        {
            "client_cert.pem": to_pem(chain),
            "client_key.pem": key_to_pem(key),
            "client_intermediate_certs.pem": to_pem(chain[1:]),
        },
    )
