"""What is refused of clusters that are there before the stack."""

from __future__ import annotations

from typing import Any

import pytest

from tests.settings.samples import Problems

SUBSCRIPTION = "3f2a1b0c-9d8e-4f7a-8b6c-5d4e3f2a1b0c"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-plant/providers/Microsoft.Kubernetes/connectedClusters/plant-1"


def site(**connected_cluster: object) -> dict[str, Any]:
    """Changes with which the site is a cluster that is there already."""
    given = {"hosting": "existing-cluster", "connected_cluster": {"resource_id": ID, **connected_cluster}}
    return {
        "subscription_id": SUBSCRIPTION,
        "clusters.site": {"code": "a", **given, "node": {"address": "192.168.1.5"}},
    }


def other(arm_id: str) -> dict[str, Any]:
    given = {"hosting": "existing-cluster", "connected_cluster": {"resource_id": arm_id}}
    return {"clusters.other": {"code": "o", **given, "node": {"address": "192.168.1.6"}}}


def test_an_existing_cluster_needs_its_id_and_its_address_and_no_network(problems: Problems) -> None:
    assert problems(site()) == []
    found = problems({"clusters.site": {"code": "a", "hosting": "existing-cluster"}})
    assert {one.where for one in found} == {"clusters.site.connected_cluster.resource_id", "clusters.site.node.address"}
    assert all(one.example for one in found)


@pytest.mark.parametrize(
    ("changes", "where", "text"),
    [
        (site(resource_id="plant-1"), "connected_cluster.resource_id", "the id of a cluster that Azure Arc knows"),
        (site(resource_id=ID.replace("Kubernetes/connectedClusters", "HybridCompute/machines")),
            "connected_cluster.resource_id", "the id of a cluster that Azure Arc knows"),
        (site(resource_id=ID.replace("3f2a", "4f2a")), "connected_cluster.resource_id", "a cluster of subscription_id"),
        (site(context="plant"), "connected_cluster.context", "connected_cluster.kubeconfig beside it"),
        (site(kubeconfig="kube/config"), "connected_cluster.kubeconfig", "as /<path> or ~/<path>"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_one_is_said(problems: Problems, changes: dict[str, Any], where: str, text: str) -> None:
    (problem,) = problems(changes)
    assert problem.where == f"clusters.site.{where}" and text in problem.expected


@pytest.mark.parametrize(
    ("arm_id", "text"),
    [
        (ID.upper().replace("/SUBSCRIPTIONS/3F2A1B0C-9D8E-4F7A-8B6C-5D4E3F2A1B0C", f"/subscriptions/{SUBSCRIPTION}"),
            "another cluster than clusters.site is"),
        (ID.replace("rg-plant", "rg-other"), "a cluster of another name"),
    ],
)  # fmt: skip
def test_one_cluster_is_no_two_and_names_tell_them_apart(problems: Problems, arm_id: str, text: str) -> None:
    (problem,) = problems({**site(), **other(arm_id)})
    assert problem.where == "clusters.other.connected_cluster.resource_id" and text in problem.expected


def test_settings_of_a_node_have_no_effect_there(problems: Problems) -> None:
    changes = site()
    changes["clusters.site"]["node"]["k3s_version"] = "v1.33.4+k3s1"
    (problem,) = problems(changes)
    assert problem.where == "clusters.site.node.k3s_version" and "hosting" in problem.expected
