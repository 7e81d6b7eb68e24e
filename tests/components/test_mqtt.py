"""The link: who may connect with what, and where messages go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from arm.types.iotoperations import DATAFLOW, DATAFLOW_ENDPOINT
from graph.graph import Graph
from tests.conftest import THREE_SITES, TWO_BROKERS, TWO_CLUSTERS

Recorded = Callable[..., Graph]


def _properties(graph: Graph, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = graph.named(name).plain_inputs["properties"]
    return properties


def test_each_site_may_publish_to_its_own_topics_only(recorded: Recorded) -> None:
    rules = _properties(recorded(THREE_SITES), "enterprise-link-authorization")["authorizationPolicies"]["rules"]

    assert [(rule["principals"], rule["brokerResources"]) for rule in rules] == [
        (
            {"attributes": [{"link": f"{site}-to-enterprise", "generation": "1"}]},
            [
                {"method": "Connect", "clientIds": [f"{site}.*"]},
                {"method": "Publish", "topics": [f"{site}/output"]},
            ],
        )
        for site in ("berlin", "lyon", "porto")
    ]


def test_a_link_whose_client_ids_are_known_connects_with_these_and_is_tried_with_one_more(recorded: Recorded) -> None:
    link = {"from": "site", "to": "enterprise", "client_ids": ["site.to-enterprise-input-0"]}
    graph = recorded({**TWO_CLUSTERS, "links": [link]})
    (rule,) = _properties(graph, "enterprise-link-authorization")["authorizationPolicies"]["rules"]

    assert rule["brokerResources"][0] == {
        "method": "Connect",
        "clientIds": ["site.to-enterprise-input-0", "site.probe"],
    }
    assert graph.outputs["links"]["site-to-enterprise"]["client_ids"] == ["site.to-enterprise-input-0"]


def test_a_client_id_alone_grants_nothing(recorded: Recorded) -> None:
    rules = _properties(recorded(THREE_SITES), "enterprise-link-authorization")["authorizationPolicies"]["rules"]

    assert all(set(rule["principals"]) == {"attributes"} for rule in rules)


def test_only_the_live_generation_is_mapped(recorded: Recorded) -> None:
    methods = _properties(recorded(TWO_BROKERS), "archive-link-authentication")["authenticationMethods"]

    assert [method["method"] for method in methods] == ["X509"]
    assert {
        name: entry["subject"] for name, entry in methods[0]["x509Settings"]["authorizationAttributes"].items()
    } == {
        "site-to-archive-g2": "CN = site-to-archive-g2",
        "enterprise-to-archive-g1": "CN = enterprise-to-archive-g1",
    }


def test_one_dataflow_for_each_pair_of_topics(recorded: Recorded) -> None:
    flows = [
        (
            flow.plain_inputs["properties"]["operations"][0]["sourceSettings"]["dataSources"],
            flow.plain_inputs["properties"]["operations"][-1]["destinationSettings"]["dataDestination"],
        )
        for flow in recorded(TWO_BROKERS).of_type(DATAFLOW)
        if flow.name.startswith("site-to-enterprise")
    ]

    assert sorted(flows) == [(["a/+"], "x"), (["b"], "y")]


def test_links_to_two_brokers_go_to_two_endpoints(recorded: Recorded) -> None:
    graph = recorded(TWO_BROKERS)
    hosts = {e.name: e.plain_inputs["properties"]["mqttSettings"]["host"] for e in graph.of_type(DATAFLOW_ENDPOINT)}

    assert hosts["site-to-enterprise-endpoint"] == "10.2.1.10:28883"
    assert hosts["site-to-archive-endpoint"] == "10.3.1.10:28884"


def test_dataflows_keep_unsent_messages_on_disk_in_production_only(recorded: Recorded) -> None:
    development = _properties(recorded(TWO_CLUSTERS), "site-to-enterprise-input")
    production = _properties(recorded({**TWO_CLUSTERS, "environment": "prod"}), "site-to-enterprise-input")

    assert development["requestDiskPersistence"] == "Disabled"
    assert production["requestDiskPersistence"] == "Enabled"


def test_a_queue_lasts_as_long_as_an_outage_may(recorded: Recorded) -> None:
    settings = {**TWO_CLUSTERS, "environment": "prod", "protection": {"outage_hours": 48}}
    endpoint = _properties(recorded(settings), "site-local-endpoint")["mqttSettings"]

    assert endpoint["sessionExpirySeconds"] == 48 * 3600


def test_the_node_admits_the_broker_port_from_linked_networks_only(recorded: Recorded) -> None:
    graph = recorded(THREE_SITES)
    rules = graph.named("enterprise-network-security-group").plain_inputs["securityRules"]

    assert [(rule["name"], rule["access"], rule["destinationPortRange"]) for rule in rules] == [
        ("AllowMqttFromLinks", "Allow", "28883"),
        ("AllowNodeToNode", "Allow", "*"),
        ("DenyAllInbound", "Deny", "*"),
    ]
    assert rules[0]["sourceAddressPrefixes"] == ["10.11.1.0/24", "10.12.1.0/24", "10.13.1.0/24"]
