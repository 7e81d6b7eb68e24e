"""Mistakes in the program, made in the program: the rehearsal fails, and what it says leads to the mistake."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest

from components import cluster_stamp as stamps
from components import identities, key_vault_publisher, mqtt_bodies, mqtt_configuration, vnet_peering
from components.authorities import Issuer
from components.cluster_stamp import registries
from components.key_vault_publisher import Published
from components.packages import Package
from components.pki_chain import PkiChain
from rules import judge
from settings.model import Cluster, Link, Listener
from settings.rotation import Live
from tests.conftest import TWO_CLUSTERS, evaluate, resolve

Patch = pytest.MonkeyPatch


def _wrong_subject(patch: Patch) -> None:
    federate: Callable[..., Any] = identities.federate
    patch.setattr(
        stamps, "federate", lambda *given, **named: federate(*given, **{**named, "service_account": "default"})
    )


def _no_role(patch: Patch) -> None:
    patch.setattr(registries, "assign_role", lambda *_, **__: None)


def _no_address(patch: Patch) -> None:
    sign: Callable[..., Any] = Issuer.sign
    patch.setattr(Issuer, "sign", lambda *given, **named: sign(*given, **{**named, "ip_addresses": ()}))


def _wrong_vault(patch: Patch) -> None:
    select_secrets = key_vault_publisher.select_secrets

    def swapped(live: Live, cluster: Cluster, pki: PkiChain) -> dict[str, Published]:
        other = next(one for name, one in live.settings.clusters.items() if name != cluster.name)
        return select_secrets(live, other, pki)

    patch.setattr(key_vault_publisher, "select_secrets", swapped)


def _wrong_root(patch: Patch) -> None:
    select_trust_bundles = key_vault_publisher.select_trust_bundles

    def client_root(live: Live, cluster: Cluster, pki: PkiChain) -> dict[str, pulumi.Output[str]]:
        return dict.fromkeys(select_trust_bundles(live, cluster, pki), pki.client_authorities[1].root.pem)

    patch.setattr(key_vault_publisher, "select_trust_bundles", client_root)


def _wrong_port(patch: Patch) -> None:
    connect_to_broker = mqtt_bodies.connect_to_broker

    def with_port(link: Link, broker: Listener) -> dict[str, Any]:
        return connect_to_broker(link, dataclasses.replace(broker, port=8883))

    patch.setattr(mqtt_bodies, "connect_to_broker", with_port)


def _one_direction(patch: Patch) -> None:
    half: Callable[..., Any] = vnet_peering._create_half
    made: list[Any] = []

    def once(*given: Any) -> Any:
        made.append(made[0] if made else half(*given))
        return made[0]

    patch.setattr(vnet_peering, "_create_half", once)


def _unmarked_key(patch: Patch) -> None:
    select_secrets = key_vault_publisher.select_secrets

    def plain(live: Live, cluster: Cluster, pki: PkiChain) -> dict[str, Published]:
        marked = select_secrets(live, cluster, pki).items()
        return {name: (pulumi.Output.unsecret(value), end) for name, (value, end) in marked}

    patch.setattr(key_vault_publisher, "select_secrets", plain)
    patch.setattr(pulumi.Output, "secret", staticmethod(pulumi.Output.from_input))


def _misspelt(patch: Patch) -> None:
    connect_to_broker = mqtt_bodies.connect_to_broker

    def misspelt(link: Link, broker: Listener) -> dict[str, Any]:
        properties = connect_to_broker(link, broker)
        properties["mqttSettings"]["keepAliveSecond"] = properties["mqttSettings"].pop("keepAliveSeconds")
        return properties

    patch.setattr(mqtt_bodies, "connect_to_broker", misspelt)


def _other_api(patch: Patch) -> None:
    patch.setattr(mqtt_configuration, "iot_operations", lambda _: Package("iotoperations", "2026-03-01"))


def _no_such_api(patch: Patch) -> None:
    patch.setattr(mqtt_configuration, "iot_operations", lambda _: Package("iotoperations", "2026-07-02"))


def _parent_by_name(patch: Patch) -> None:
    place: Callable[..., Mapping[str, Any]] = mqtt_configuration._place_in_broker
    patch.setattr(mqtt_configuration, "_place_in_broker", lambda stamp: {**place(stamp), "brokerName": "default"})


def _no_wait(patch: Patch) -> None:
    listener: Callable[..., pulumi.Resource] = mqtt_configuration._create_listener
    patch.setattr(
        mqtt_configuration,
        "_create_listener",
        lambda parent, stamp, *given: listener(parent, stamp, *given[:-1], stamp.instance),
    )


MISTAKES: dict[str, tuple[Callable[[Patch], None], str, tuple[str, ...]]] = {
    "credential with the wrong subject": (
        _wrong_subject,
        "ID-01",
        ("site-secret-sync-credential", "azure-iot-operations:default", "aio-ssc-sa"),
    ),
    "missing role": (_no_role, "ID-02", ("site-schema-registry", "Storage Blob Data Contributor", "schemas")),
    "SAN without the broker's address": (
        _no_address,
        "PKI-01",
        ("enterprise-broker-tls-cert-g1", "does not name 10.2.1.10", "site-to-enterprise-endpoint"),
    ),
    "leaf key in the wrong vault": (
        _wrong_vault,
        "SEC-02",
        ("site-to-enterprise-client-leaf-key-g1", "kv-myorgb-dev-001", "cluster enterprise"),
    ),
    "Bundle with the wrong root": (
        _wrong_root,
        "PKI-02",
        ("enterprise-broker-tls-cert-g1", "client-root", "server-ca-enterprise-g1", "site-apply-objects"),
    ),
    "port mismatch": (
        _wrong_port,
        "MQTT-01",
        ("site-to-enterprise-endpoint", "10.2.1.10:8883", "10.2.1.10:28883"),
    ),
    "peering in one direction": (
        _one_direction,
        "NET-01",
        ("site-virtual-network", "not peered with enterprise-virtual-network"),
    ),
    "private key that is not marked": (
        _unmarked_key,
        "SEC-01",
        ("site-vault-site-to-enterprise-client-leaf-key-g1", "inputs.properties.value"),
    ),
    "misspelt property": (
        _misspelt,
        "SHAPE-01",
        ("site-to-enterprise-endpoint", "keepAliveSecond", "did you mean 'keepAliveSeconds'"),
    ),
    "API version of another release": (
        _other_api,
        "REL-01",
        ("enterprise-link-listener", "azure-native_iotoperations_v20260701"),
    ),
    "API version that does not exist": (
        _no_such_api,
        "SHAPE-01",
        ("enterprise-link-listener", "azure-native_iotoperations_v20260702", "did you mean"),
    ),
    "parent by name": (_parent_by_name, "PATH-01", ("enterprise-link-listener", "brokerName", "enterprise-broker")),
    "listener that does not wait for its Secret": (
        _no_wait,
        "EDGE-02",
        ("enterprise-link-listener", "broker-tls-cert-g1", "await-secrets"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_is_found(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, rule, said = MISTAKES[mistake]
    make(monkeypatch)
    findings = judge(evaluate(TWO_CLUSTERS), resolve(TWO_CLUSTERS))
    texts = [str(finding) for finding in findings]
    own = [text for text in texts if text.startswith(rule)]
    assert any(all(word in text for word in said) for text in own), "\n".join(texts)
