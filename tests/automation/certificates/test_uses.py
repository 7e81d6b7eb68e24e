"""Where a certificate is used follows from what bodies refer to, whatever it is called."""

from __future__ import annotations

import copy
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import pytest

from automation.certificates.uses import Use, find_uses
from graph.graph import Graph
from graph.tls_values import SIGNED
from tests.conftest import TWO_BROKERS, TWO_CLUSTERS, resolve

Recorded = Callable[..., Graph]


def published(graph: Graph) -> dict[str, str]:
    """Name -> fingerprint."""
    return {name: one["sha256"] for name, one in graph.outputs["certificates"].items()}


def uses_of(graph: Graph, name: str) -> list[str]:
    return [str(use) for use in find_uses(graph)[published(graph)[name]]]


@pytest.fixture
def two(recorded: Recorded) -> Graph:
    return copy.deepcopy(recorded(TWO_CLUSTERS))


def test_a_link_s_certificate_is_followed_from_the_vault_to_both_ends(two: Graph) -> None:
    assert uses_of(two, "link/site-to-enterprise") == [
        "vault secret kv-myorga-dev-001/site-to-enterprise-client-leaf-crt-g1 on site",
        "vault secret kv-myorga-dev-001/site-to-enterprise-client-leaf-key-g1 on site",
        "Secret client-secret-enterprise-g1 on site",
        "authentication cert-auth on enterprise, of broker enterprise",
        "endpoint mqtt-enterprise on site, of link site-to-enterprise",
    ]


def test_a_broker_s_certificate_is_followed_to_its_listener(two: Graph) -> None:
    assert uses_of(two, "broker/enterprise") == [
        "vault secret kv-myorgb-dev-001/server-leaf-crt-g1 on enterprise",
        "vault secret kv-myorgb-dev-001/server-leaf-key-g1 on enterprise",
        "Secret broker-tls-cert-g1 on enterprise",
        "listener default-loadbalancer on enterprise, of broker enterprise",
    ]


def test_a_root_is_used_by_who_trusts_it_and_by_what_it_signs(two: Graph) -> None:
    assert uses_of(two, "client-root") == [
        "ConfigMap client-ca-g1 on enterprise",
        "authentication cert-auth on enterprise, of broker enterprise",
        "signs CN=myorg-dev-client-intermediate-g1",
    ]
    assert uses_of(two, "broker/enterprise/root") == [
        "ConfigMap server-ca-enterprise-g1 on site",
        "endpoint mqtt-enterprise on site, of link site-to-enterprise",
        "signs CN=myorgb-dev-server-intermediate-g1",
    ]


def test_an_intermediate_is_presented_with_its_leaf(two: Graph) -> None:
    assert uses_of(two, "broker/enterprise/intermediate") == [
        "vault secret kv-myorgb-dev-001/server-leaf-crt-g1 on enterprise",
        "Secret broker-tls-cert-g1 on enterprise",
        "listener default-loadbalancer on enterprise, of broker enterprise",
        "signs CN=enterprise-broker-g1",
    ]


def test_every_link_and_broker_of_a_larger_stack_finds_its_own(recorded: Recorded) -> None:
    graph, settings = recorded(TWO_BROKERS), resolve(TWO_BROKERS)
    uses = find_uses(graph)
    for link in settings.links.values():
        mine = uses[published(graph)[f"link/{link.name}"]]
        assert Use(link.client, "Secret", link.secret_name) in mine
        assert [use for use in mine if use.kind == "endpoint"] == [
            Use(link.client, "endpoint", link.endpoint_name, f"link {link.name}")
        ]
        assert [use.cluster for use in mine if use.kind == "authentication"] == [link.broker]
    for cluster in settings.clusters.values():
        if cluster.listener:
            mine = uses[published(graph)[f"broker/{cluster.name}"]]
            assert {use.cluster for use in mine} == {cluster.name}
            assert [use.name for use in mine if use.kind == "listener"] == [cluster.listener.name]


def test_what_a_further_generation_s_root_is_trusted_by_is_found_in_the_same_config_map(two: Graph) -> None:
    """Two in one ConfigMap, as while a root is replaced."""
    other = two.named("enterprise-server-root-g1").plain_outputs["certPem"]

    def add(objects: list[Any]) -> None:
        (bundle,) = (one for one in objects if one["kind"] == "Bundle")
        bundle["spec"]["sources"].append({"inLine": other})

    change_objects(two, "enterprise-apply-objects", add)
    for name in ("client-root", "broker/enterprise/root"):
        assert "ConfigMap client-ca-g1 on enterprise" in uses_of(two, name)
        assert "authentication cert-auth on enterprise, of broker enterprise" in uses_of(two, name)


def test_names_decide_nothing(two: Graph) -> None:
    """A Secret of another name is found as long as somebody refers to it."""
    sync = next(one for one in two.resources.values() if one.inputs.get("secretSyncName") == "broker-tls-cert-g1")
    sync.inputs["secretSyncName"] = "other"
    assert not any("listener" in use for use in uses_of(two, "broker/enterprise"))
    ports = two.named("enterprise-link-listener").inputs["properties"]["ports"]
    ports[0]["tls"]["manual"]["secretRef"] = "other"
    assert uses_of(two, "broker/enterprise")[2:] == [
        "Secret other on enterprise",
        "listener default-loadbalancer on enterprise, of broker enterprise",
    ]


def test_a_secret_of_the_same_name_on_another_cluster_is_another_one(two: Graph) -> None:
    endpoint = two.named("site-to-enterprise-endpoint").inputs["properties"]["mqttSettings"]
    endpoint["authentication"]["x509CertificateSettings"]["secretRef"] = "broker-tls-cert-g1"
    assert not any("endpoint" in use for use in uses_of(two, "broker/enterprise"))


def test_nothing_is_read_that_a_state_keeps_encrypted(two: Graph) -> None:
    before = find_uses(two)
    for secret in two.resources.values():
        if secret.type == "azure-native:keyvault:Secret":
            secret.inputs["properties"]["value"] = {"ciphertext": "AAAA"}
        if secret.type == SIGNED:
            secret.inputs["caPrivateKeyPem"] = {"ciphertext": "AAAA"}
    assert find_uses(two) == before


def change_objects(graph: Graph, name: str, change: Callable[[list[Any]], None]) -> None:
    for parameter in graph.named(name).inputs["parameters"]:
        if parameter["name"] == "OBJECTS":
            objects = json.loads(b64decode(parameter["value"]))
            change(objects)
            parameter["value"] = b64encode(json.dumps(objects).encode()).decode()
