"""MQTT of one cluster: the Secrets of what connects there and from there, and the listener that links connect to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components import mqtt_bodies
from components.cluster_stamp import ClusterStamp
from components.hosting.host import encode_parameter
from components.key_vault_publisher import KeyVaultPublisher
from components.packages import (
    BrokerAuthentication,
    BrokerAuthorization,
    BrokerListener,
    iot_operations,
)
from components.pki_chain import PkiChain
from components.secret_sync import SyncedSecret, sync_secrets
from settings import well_known
from settings.model import Cluster, Link, Listener
from settings.rotation import Live

_SYNC_SECONDS = 15 * 60
"""Secret sync polls every 2 minutes (`install_extensions`), and a new role assignment takes up to 10 to act
(https://learn.microsoft.com/azure/role-based-access-control/troubleshooting)."""


@dataclass(frozen=True)
class MqttConfigurationArgs:
    """One cluster, its published keys, and the PKI that issued them."""

    stamp: ClusterStamp
    publisher: KeyVaultPublisher
    pki: PkiChain
    live: Live


class MqttConfiguration(pulumi.ComponentResource):
    """Synced Secrets, a gate that sees them, then the listener; `connect_links` adds what leads to other clusters.

    Waits for its own cluster and vault only: an unreachable site holds up no other cluster.
    """

    synced: list[SyncedSecret]
    gate: pulumi.Resource
    """It has seen every Secret and ConfigMap."""
    listeners: list[pulumi.Resource]
    """What links connect to: one, or none."""

    def __init__(self, name: str, args: MqttConfigurationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edge-stamps:mqtt_configuration:MqttConfiguration", name, None, opts)
        stamp = args.stamp
        cluster, live = stamp.cluster, args.live

        self.synced = list_secrets(live, cluster)
        syncs = sync_secrets(stamp, self.synced, published=args.publisher.secrets, parent=self)
        # Also where there is nothing to see: with a link that comes back it would be made anew under its name, and may
        # never run then (`run_on_vm`).
        expected = expect_objects(live, cluster, args.pki)
        self.gate = gate = _await_objects(self, stamp, expected, [*syncs, stamp.objects_applied])
        links = [one for link in live.settings.links_to(cluster.name) for one in live.links_as(link)]
        wanted = live.listeners(cluster.name)[-1:]
        self.listeners = [_create_listener(self, stamp, listener, links, gate) for listener in wanted]
        self.register_outputs({"secrets": [secret.name for secret in self.synced]})


def list_secrets(live: Live, cluster: Cluster) -> list[SyncedSecret]:
    """Return the cluster's live Secrets: the broker's pairs, and a client's three texts for each link from here."""
    secrets = [
        SyncedSecret(
            listener.secret_name,
            "kubernetes.io/tls",
            {"tls.crt": listener.certificate_secret, "tls.key": listener.key_secret},
        )
        for listener in live.listeners(cluster.name)
    ]
    return secrets + [
        SyncedSecret(
            link.secret_name,
            "Opaque",
            {
                "client_cert.pem": link.certificate_secret,
                "client_key.pem": link.key_secret,
                "client_intermediate_certs.pem": link.intermediate_secret,
            },
        )
        for each in live.settings.links_from(cluster.name)
        for link in live.links_as(each)
    ]


def expect_objects(live: Live, cluster: Cluster, pki: PkiChain) -> pulumi.Output[str]:
    """Return the gate's parameter: what is about to be referred to, and the certificate in each.

    Not what is live besides: with its predecessor damaged, a cluster could not leave it.
    """
    keys = {secret.name: list(secret.keys) for secret in list_secrets(live, cluster)}
    expected: list[dict[str, Any]] = []
    for listener in live.listeners(cluster.name)[-1:]:
        leaf = pki.servers[cluster.name, listener.generation].certificate
        trusted = pki.client_authorities[live.trusted_authority(cluster.name)].root
        expected += [
            _expect("Secret", listener.secret_name, keys[listener.secret_name], "tls.crt", leaf.sha256),
            _expect_ca(listener.client_ca_config_map, trusted.sha256),
        ]
    for link in live.settings.links_from(cluster.name):
        leaf = pki.clients[link.name, link.generation].certificate
        anchor = pki.servers[link.broker, live.settings.listener_of(link).generation].authority.root
        expected += [
            _expect("Secret", link.secret_name, keys[link.secret_name], "client_cert.pem", leaf.sha256),
            _expect_ca(link.server_ca_config_map, anchor.sha256),
        ]
    unique = {(item["kind"], item["name"]): item for item in expected}
    return pulumi.Output.from_input(list(unique.values())).apply(encode_parameter)


def _expect(kind: str, name: str, keys: list[str], certificate_key: str, sha256: pulumi.Output[str]) -> dict[str, Any]:
    return {"kind": kind, "name": name, "keys": keys, "certificate": {"key": certificate_key, "sha256": sha256}}


def _expect_ca(name: str, sha256: pulumi.Output[str]) -> dict[str, Any]:
    return _expect("ConfigMap", name, [well_known.CA_CERTIFICATE_KEY], well_known.CA_CERTIFICATE_KEY, sha256)


def _await_objects(
    parent: pulumi.Resource,
    stamp: ClusterStamp,
    expected: pulumi.Output[str],
    depends_on: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """Wait until everything is there that may be referred to.

    Without its Secret a listener keeps the broker's frontends from starting
    (https://learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-brokerlistener).
    """
    return stamp.host.run(
        "await-secrets",
        {
            "NAMESPACE": well_known.AIO_NAMESPACE,
            "WAIT_SECONDS": str(_SYNC_SECONDS),
            "EXPECTED": expected,
        },
        timeout_seconds=_SYNC_SECONDS + 300,
        parent=parent,
        depends_on=depends_on,
    )


def _create_listener(
    parent: pulumi.Resource, stamp: ClusterStamp, listener: Listener, links: Sequence[Link], gate: pulumi.Resource
) -> pulumi.Resource:
    place, package = _place_in_broker(stamp), iot_operations(stamp.settings.release)
    options = pulumi.ResourceOptions(parent=parent, depends_on=[gate])
    authentication = BrokerAuthentication(
        f"{stamp.cluster.name}-link-authentication",
        package,
        {
            **place,
            "authenticationName": listener.authentication_name,
            "properties": mqtt_bodies.authenticate_links(listener, links),
        },
        options,
    )
    authorization = BrokerAuthorization(
        f"{stamp.cluster.name}-link-authorization",
        package,
        {
            **place,
            "authorizationName": listener.authorization_name,
            "properties": mqtt_bodies.authorize_links(links),
        },
        options,
    )
    return BrokerListener(
        f"{stamp.cluster.name}-link-listener",
        package,
        {
            **place,
            "listenerName": listener.name,
            "properties": {
                "serviceType": "LoadBalancer",
                "serviceName": listener.service_name,
                "ports": [
                    {
                        "port": listener.port,
                        "protocol": "Mqtt",
                        "authenticationRef": authentication.name,
                        "authorizationRef": authorization.name,
                        "tls": {"mode": "Manual", "manual": {"secretRef": listener.secret_name}},
                    }
                ],
            },
        },
        options,
    )


def place_in_instance(stamp: ClusterStamp) -> dict[str, Any]:
    """Return what says of a resource in which AIO instance it is."""
    return {
        "resourceGroupName": stamp.resource_group.name,
        "extendedLocation": {"name": stamp.custom_location.id, "type": "CustomLocation"},
        "instanceName": stamp.instance.name,
    }


def _place_in_broker(stamp: ClusterStamp) -> Mapping[str, Any]:
    return {**place_in_instance(stamp), "brokerName": stamp.broker.name}
