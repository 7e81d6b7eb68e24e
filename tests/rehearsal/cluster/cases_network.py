"""The way of a link's packets from node to node."""

from __future__ import annotations

from tests.rehearsal.cluster.cases import breaks
from tests.rehearsal.cluster.deployments import SITE, Bench

LINK = "DataflowEndpoint mqtt-enterprise"
PEERING = "virtualNetworkPeerings/peer-a-to-b"
GROUP, SITE_GROUP = "nsg-myorgb-dev-001", "nsg-myorga-dev-001"


@breaks("CLUSTER-29", SITE, LINK, "there is no peering of vnet-myorga-dev-001 to vnet-myorgb-dev-001")
def half_of_the_peering_is_missing(bench: Bench) -> None:
    bench.remove(PEERING)


@breaks("CLUSTER-29", SITE, LINK, "the peering of vnet-myorga-dev-001 to vnet-myorgb-dev-001 is Disconnected")
def peering_is_disconnected(bench: Bench) -> None:
    bench.set(PEERING, "peeringState", "Disconnected", where="outputs")


@breaks("CLUSTER-29", SITE, LINK, "lets nobody in")
def peering_lets_nobody_in(bench: Bench) -> None:
    bench.set(PEERING, "allowVirtualNetworkAccess", False)


@breaks("CLUSTER-29", SITE, LINK, "rule DenyAllInbound of security group nsg-myorgb-dev-001 keeps 10.1.1.10 from")
def security_group_allows_another_port(bench: Bench) -> None:
    bench.set(GROUP, "securityRules.0.destinationPortRange", "8883")


@breaks("CLUSTER-29", SITE, LINK, "rule DenyAllInbound of security group nsg-myorgb-dev-001")
def security_group_allows_another_source(bench: Bench) -> None:
    bench.set(GROUP, "securityRules.0.sourceAddressPrefix", "10.9.1.0/24")


@breaks("CLUSTER-29", SITE, LINK, "rule DenyAllInbound of security group nsg-myorgb-dev-001")
def an_earlier_rule_denies(bench: Bench) -> None:
    bench.set(GROUP, "securityRules.2.priority", 50)


@breaks("CLUSTER-29", SITE, LINK, "rule Nothing of security group nsg-myorga-dev-001 keeps 10.1.1.10 from")
def security_group_of_the_site_lets_nothing_out(bench: Bench) -> None:
    rule = {
        "name": "Nothing", "priority": 100, "direction": "Outbound", "access": "Deny", "protocol": "Tcp",
        "sourceAddressPrefixes": ["10.1.0.0/16"], "destinationAddressPrefix": "VirtualNetwork",
        "destinationPortRanges": ["1-1023", "28000-29000"],
    }  # fmt: skip
    bench.set(SITE_GROUP, "securityRules", [rule])
