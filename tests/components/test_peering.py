"""Peerings: both halves, after the subnets, one at a time on each VNet."""

from __future__ import annotations

from collections.abc import Callable

from arm.types.network import VIRTUAL_NETWORK_PEERING
from graph.graph import Graph
from tests.conftest import THREE_SITES, TWO_BROKERS, TWO_CLUSTERS

Recorded = Callable[..., Graph]


def test_a_link_peers_its_two_networks_in_both_directions(recorded: Recorded) -> None:
    graph = recorded(TWO_CLUSTERS)
    remote = {r.name: r.plain_inputs["remoteVirtualNetwork"]["id"] for r in graph.of_type(VIRTUAL_NETWORK_PEERING)}

    assert remote == {
        "site-to-enterprise-peering": graph.named("enterprise-virtual-network").id,
        "enterprise-to-site-peering": graph.named("site-virtual-network").id,
    }


def test_peerings_wait_for_the_subnets_of_both_networks(recorded: Recorded) -> None:
    graph = recorded(TWO_CLUSTERS)
    subnets = {graph.named("site-subnet").urn, graph.named("enterprise-subnet").urn}

    assert all(subnets <= set(peering.dependencies) for peering in graph.of_type(VIRTUAL_NETWORK_PEERING))


def test_peerings_that_share_a_network_come_one_after_the_other(recorded: Recorded) -> None:
    for settings in (THREE_SITES, TWO_BROKERS):
        graph = recorded(settings)
        peerings = list(graph.of_type(VIRTUAL_NETWORK_PEERING))
        for one in peerings:
            for other in peerings:
                networks = [
                    {
                        graph.arm_path(p).rsplit("/virtualNetworkPeerings", 1)[0],
                        p.plain_inputs["remoteVirtualNetwork"]["id"],
                    }
                    for p in (one, other)
                ]
                if one is not other and networks[0] & networks[1]:
                    assert one.urn in graph.ancestors(other.urn) or other.urn in graph.ancestors(one.urn)


def test_forwarded_traffic_is_not_let_in(recorded: Recorded) -> None:
    for peering in recorded(TWO_CLUSTERS).of_type(VIRTUAL_NETWORK_PEERING):
        assert peering.plain_inputs["allowForwardedTraffic"] is False
        assert peering.plain_inputs["allowVirtualNetworkAccess"] is True


def test_a_routed_link_makes_no_peering_and_lets_its_client_in(recorded: Recorded) -> None:
    graph = recorded({**TWO_CLUSTERS, "clusters": {"site": {"network": "none"}, "enterprise": {}}})

    assert list(graph.of_type(VIRTUAL_NETWORK_PEERING)) == []
    assert graph.outputs["vnet_peerings"] == {}
    assert graph.outputs["links"]["site-to-enterprise"]["via"] == "routed"
    rules = graph.named("enterprise-network-security-group").plain_inputs["securityRules"]
    (let_in,) = [rule for rule in rules if rule["name"] == "AllowMqttFromLinks"]
    assert let_in["sourceAddressPrefix"] == "10.1.1.0/24"
