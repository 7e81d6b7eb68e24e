"""What a cluster of several nodes may be, and what it is by default."""

from __future__ import annotations

from typing import Any

import pytest

from settings import load
from settings.stand_ins import STAND_INS
from tests.conftest import TWO_CLUSTERS
from tests.settings.samples import Problems

SUBSCRIPTION = "3f2a1b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c"
MACHINE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-plant/providers/Microsoft.HybridCompute/machines/plant-"
TWO: dict[str, Any] = {"clusters.site.nodes": [{"name": "two"}]}
ON_MACHINES: dict[str, Any] = {
    "subscription_id": SUBSCRIPTION,
    "clusters.site": {
        "code": "a",
        "hosting": "arc-machine",
        "machine": {"resource_id": f"{MACHINE}1"},
        "node": {"address": "192.168.1.5"},
        "nodes": [{"name": "two", "machine": {"resource_id": f"{MACHINE}2"}, "address": "192.168.1.6"}],
    },
}


def nodes_of(site: dict[str, Any]) -> dict[str, tuple[str, str, str | None]]:
    settings = load({**STAND_INS, **TWO_CLUSTERS, "clusters": {"site": site, "enterprise": {}}})
    return {one.name: (str(one.address), one.node.vm_size, one.node.zone) for one in settings.clusters["site"].nodes}


def test_what_a_further_node_does_not_say_it_has_from_the_first() -> None:
    given = [{"name": "two"}, {"name": "three", "vm_size": "Standard_D16s_v6", "zone": "3", "address": "10.1.1.11"}]
    assert nodes_of({"node": {"zone": "1"}, "nodes": given}) == {
        "two": ("10.1.1.12", "Standard_D8s_v6", "1"),  # .11 is given away
        "three": ("10.1.1.11", "Standard_D16s_v6", "3"),
    }


def test_addresses_go_round_to_what_is_free_before_the_first() -> None:
    site = {"subnet": "10.1.1.0/28", "node": {"address": "10.1.1.13"}, "nodes": [{"name": "two"}, {"name": "three"}]}
    assert [address for address, *_ in nodes_of(site).values()] == ["10.1.1.14", "10.1.1.4"]


def test_what_is_the_clusters_own_is_seen_with_all_its_nodes() -> None:
    settings = load({**STAND_INS, **TWO_CLUSTERS, "clusters": {"site": ON_MACHINES["clusters.site"], "enterprise": {}},
                     "links": [{"from": "site", "to": "enterprise"}], "subscription_id": SUBSCRIPTION})  # fmt: skip
    assert settings.machines == {f"{MACHINE}1": "192.168.1.5", f"{MACHINE}2": "192.168.1.6"}
    assert settings.outside.routes == {("192.168.1.5", "10.2.1.10"), ("192.168.1.6", "10.2.1.10")}
    assert [str(one) for one in settings.clusters["site"].egress] == ["192.168.1.5/32", "192.168.1.6/32"]


@pytest.mark.parametrize("changes", [TWO, ON_MACHINES])
def test_a_cluster_may_have_further_nodes(problems: Problems, changes: dict[str, Any]) -> None:
    assert problems(changes) == []


def on_machines(**second: object) -> dict[str, Any]:
    site = ON_MACHINES["clusters.site"]
    return {**ON_MACHINES, "clusters.site": {**site, "nodes": [{**site["nodes"][0], **second}]}}


@pytest.mark.parametrize(
    ("changes", "where", "text"),
    [
        ({"clusters.site.nodes": [{"name": "two"}, {"name": "two"}]}, "nodes[1].name", "another name than"),
        ({"clusters.site.nodes": [{"name": "2"}]}, "nodes[0].name", "a letter first"),
        ({"clusters.site.nodes": [{"name": "two", "address": "10.1.1.10"}]}, "nodes[0].address", "no other node"),
        ({"clusters.site.nodes": [{"name": "two", "address": "10.9.1.10"}]}, "nodes[0].address", "inside clusters"),
        ({"clusters.site.nodes": [{"name": "two", "address": "10.1.1.2"}]}, "nodes[0].address", "keep for itself"),
        ({"clusters.site.subnet": "10.1.1.0/29", "clusters.site.nodes": [{"name": name} for name in "abc"]},
            "nodes[2].address", "none of clusters.site.subnet (10.1.1.0/29) is free"),
        ({"clusters.site.nodes": [{"name": "two", "machine": {"resource_id": f"{MACHINE}2"}}]},
            "nodes[0].machine.resource_id", "to be left out"),
        (on_machines(vm_size="Standard_D8s_v6"), "nodes[0].vm_size", "to be left out"),
        (on_machines(zone="1"), "nodes[0].zone", "to be left out"),
        (on_machines(machine={}), "nodes[0].machine.resource_id", "the id of an Arc-enabled machine"),
        (on_machines(address=None), "nodes[0].address", "the address at which"),
        (on_machines(address="192.168.1.5"), "nodes[0].address", "an address outside of clusters.site.node.address"),
        (on_machines(address="10.2.1.5"), "nodes[0].address", "an address outside of clusters.enterprise"),
        (on_machines(machine={"resource_id": f"{MACHINE}1"}), "nodes[0].machine.resource_id", "clusters.site has"),
        (on_machines(machine={"resource_id": MACHINE.replace("3f2a", "4f2a") + "2"}),
            "nodes[0].machine.resource_id", "a machine of subscription_id"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_is_said(problems: Problems, changes: dict[str, Any], where: str, text: str) -> None:
    found = problems(changes)
    assert found[-1].where == f"clusters.site.{where}"
    assert any(text in one.expected for one in found)
    assert all(one.example for one in found)


def test_a_cluster_that_is_there_already_has_its_own_nodes(problems: Problems) -> None:
    cluster = MACHINE.replace("HybridCompute/machines", "Kubernetes/connectedClusters")
    site = {"code": "a", "hosting": "existing-cluster", "connected_cluster": {"resource_id": f"{cluster}1"},
            "node": {"address": "192.168.1.5"}, "nodes": [{"name": "two"}]}  # fmt: skip
    (found,) = problems({"subscription_id": SUBSCRIPTION, "clusters.site": site})
    assert found.where == "clusters.site.nodes"


def test_mistakes_of_several_nodes_are_told_at_once(problems: Problems) -> None:
    nodes = [{"name": "two", "address": "10.1.1.10"}, {"name": "two", "address": "10.9.1.1"}]
    found = {one.where for one in problems({"clusters.site.nodes": nodes})}
    assert found == {f"clusters.site.nodes{one}" for one in ("[0].address", "[1].name", "[1].address")}


BIG = {"memory_profile": "Medium", "frontend_replicas": 4, "backend_partitions": 2, "backend_workers": 2,
       "backend_redundancy_factor": 4}  # fmt: skip


def test_a_broker_is_spread_over_the_nodes(problems: Problems) -> None:
    """32 GiB: of 4 frontends and 2 x 4 backends one node has all, or one of two halves, and so on."""
    too_much = {"clusters.site.broker": {**BIG, "persistence_gib": 16}}
    one = {problem.where: problem.expected for problem in problems(too_much)}
    assert set(one) == {"clusters.site.broker", "clusters.site.broker.persistence_gib"}
    assert problems({**too_much, **TWO}) == []


def test_the_smallest_node_has_to_hold_its_share(problems: Problems) -> None:
    small = {"clusters.site.nodes": [{"name": "two", "vm_size": "Standard_D4s_v6"}], "clusters.site.broker": BIG}
    (found,) = problems(small)
    assert "clusters.site.nodes[0].vm_size" in found.expected
    assert "on one of 2 nodes" in found.expected
