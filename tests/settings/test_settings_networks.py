"""Networks of clusters: peered, or joined by routes that are not the stack's."""

from __future__ import annotations

from typing import Any

import pytest

from settings import Settings
from tests.conftest import TWO_BROKERS, resolve
from tests.settings.samples import Problems
from tests.settings.test_settings_rules import only

NOBODY = {"clusters.site.network": "none"}
BOTH_WAYS = [{"from": "site", "to": "enterprise"}, {"from": "enterprise", "to": "site"}]
MACHINE = "/subscriptions/{}/resourceGroups/rg-plant/providers/Microsoft.HybridCompute/machines/plant-1"


def ways(settings: Settings) -> dict[str, str]:
    return {name: link.via for name, link in settings.links.items()}


def peered(settings: Settings) -> list[tuple[str, str]]:
    return [(one.first, one.second) for one in settings.peerings]


def test_links_are_peered_where_nobody_says_otherwise() -> None:
    assert set(ways(resolve(TWO_BROKERS)).values()) == {"peering"}


def test_a_cluster_without_network_to_peer_has_routed_links_and_the_others_stay_peered() -> None:
    clusters = {**TWO_BROKERS["clusters"], "archive": {**TWO_BROKERS["clusters"]["archive"], "network": "none"}}
    settings = resolve({**TWO_BROKERS, "clusters": clusters})
    assert ways(settings) == {
        "site-to-enterprise": "peering", "site-to-archive": "routed", "enterprise-to-archive": "routed",
    }  # fmt: skip
    assert peered(settings) == [("enterprise", "site")]
    assert settings.clusters["archive"].network, "the VM stands in a network of the stack all the same"


def test_one_link_alone_may_be_routed() -> None:
    links = [{**link, "via": "routed"} if link["to"] == "enterprise" else link for link in TWO_BROKERS["links"]]
    assert peered(resolve({**TWO_BROKERS, "links": links})) == [("archive", "enterprise"), ("archive", "site")]


def test_routes_that_the_stack_relies_on_lead_from_node_to_broker() -> None:
    clusters = {"site": {}, "enterprise": {"network": "none"}}
    assert resolve({**TWO_BROKERS, "clusters": clusters, "links": BOTH_WAYS}).outside.routes == {
        ("10.1.1.10", "10.2.1.10"), ("10.2.1.10", "10.1.1.10"),
    }  # fmt: skip
    assert resolve(TWO_BROKERS).outside.routes == frozenset()


def test_a_peering_with_a_cluster_that_is_peered_with_nobody(problems: Problems) -> None:
    found = problems({**NOBODY, "links[0].via": "peering"})
    problem = only(found, "links[0].via", "routed, as clusters.site.network is none")
    assert problems({**NOBODY, "links[0].via": problem.example}) == []


def test_links_there_and_back_over_different_ways(problems: Problems) -> None:
    links = [BOTH_WAYS[0], {**BOTH_WAYS[1], "via": "routed"}]
    problem = only(problems({"links": links}), "links[1].via", "peering, as links[0] joins the same two clusters")
    assert problems({"links": [BOTH_WAYS[0], {**BOTH_WAYS[1], "via": problem.example}]}) == []


@pytest.mark.parametrize(("key", "value"), [("clusters.site.network", "vnet"), ("links[0].via", "peered")])
def test_other_words(problems: Problems, key: str, value: str) -> None:
    only(problems({key: value}), key)


def test_a_network_that_is_not_the_stacks_is_not_peered_and_needs_an_address_all_at_once(problems: Problems) -> None:
    machine: dict[str, Any] = {"hosting": "arc-machine", "network": "peered"}
    machine["machine"] = {"resource_id": MACHINE.format("11111111-aaaa-4aaa-8aaa-111111111111")}
    found = problems({"clusters.site": machine, "links[0].via": "peering"})
    assert {problem.where: problem.example for problem in found} == {
        "clusters.site.network": "none", "clusters.site.node.address": "192.168.10.20",
    }  # fmt: skip
    found = problems({"clusters.site": {**machine, "network": "none"}, "links[0].via": "peering"})
    assert {problem.where for problem in found} == {"clusters.site.node.address", "links[0].via"}
