"""A cluster whose kind of host has no network and no machine to know of: nothing that it lacks is expected of it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from arm import hosting
from arm.types.compute import RUN_COMMAND, VIRTUAL_MACHINE
from arm.types.network import VIRTUAL_NETWORK
from rules.expected import PROBE, expected_of
from rules.lookup import View
from settings import Settings
from tests.conftest import TWO_CLUSTERS, resolve
from tests.rules.workbench import Workbench

BARE = hosting.HostKind(
    resources=(), outputs=frozenset(), scripts=("connect-arc", "apply-objects"), script_type=RUN_COMMAND
)
NETWORK = ("network-interface", "subnet", "virtual-network", "nat-gateway", "nat-public-ip", "network-security-group")


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The site stands on such a host; the enterprise on a VM."""
    monkeypatch.setitem(hosting.KINDS, "bare", BARE)
    found = resolve(TWO_CLUSTERS)
    site = replace(found.clusters["site"], hosting="bare", network=None, node=None)
    links = {name: replace(link, via="routed") for name, link in found.links.items()}
    return replace(found, clusters={**found.clusters, "site": site}, links=links, peerings=())


def test_what_is_expected_follows_from_the_kind_of_host(settings: Settings) -> None:
    site, enterprise = expected_of(settings).values()

    assert {VIRTUAL_MACHINE, VIRTUAL_NETWORK}.isdisjoint(site.resources)
    assert {VIRTUAL_MACHINE, VIRTUAL_NETWORK} <= set(enterprise.resources)
    assert (site.scripts, site.peers, enterprise.peers) == ((*BARE.scripts, PROBE), frozenset(), frozenset())


def test_connections_of_a_cluster_without_a_network_come_from_its_address(settings: Settings) -> None:
    assert settings.clusters["site"].egress == (IPv4Network("10.1.1.10/32"),)
    assert settings.clusters["enterprise"].egress == (IPv4Network("10.2.1.0/24"),)


def test_a_deployment_without_a_network_is_in_order(settings: Settings, two: Workbench) -> None:
    bench = Workbench(two.graph, settings)
    bench.remove("site-setup-k3s")
    bench.drop("site-node", "networkProfile")
    for one in NETWORK:
        bench.remove(f"site-{one}")
    for key in ("virtual_network", "nat_gateway", "nat_gateway_public_ips"):
        del bench.graph.outputs["clusters"]["site"][key]
    bench.graph.outputs["clusters"]["site"]["hosting"] = "bare"
    bench.graph.outputs["vnet_peerings"] = {}
    bench.graph.outputs["links"]["site-to-enterprise"]["via"] = "routed"
    for peering in ("site-to-enterprise", "enterprise-to-site"):
        bench.remove(f"{peering}-peering", kind="Peering")
    bench.set("enterprise-network-security-group", "securityRules.0.sourceAddressPrefix", "10.1.1.10/32")

    assert [str(finding) for finding in bench.findings()] == []


def test_a_script_on_a_machine_elsewhere_is_its_cluster_s(two: Workbench) -> None:
    for script in ("setup-k3s", "connect-arc", "apply-objects", "await-secrets"):
        two.set(f"site-{script}", "resourceGroupName", "plant")

    view = View(two.graph, two.settings)

    assert {view.cluster(one) for one in view.all(RUN_COMMAND)} == {"site", "enterprise"}
    assert len(view.commands("site", "await-secrets")) == 1
