"""Each mistake with further nodes is found, and a deployment of several nodes is in order."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from graph.graph import Graph
from tests.conftest import TWO_CLUSTERS, resolve
from tests.rules.workbench import Workbench

NODES: dict[str, Any] = {
    **TWO_CLUSTERS,
    "clusters": {"site": {"nodes": [{"name": "two"}, {"name": "three", "zone": "2"}]}, "enterprise": {}},
}
JOIN, SETUP = "site-join-k3s.two", "site-setup-k3s"
Reported = Callable[..., None]


@pytest.fixture
def bench(recorded: Callable[..., Graph]) -> Workbench:
    """A site of three nodes, and an enterprise of one."""
    return Workbench(copy.deepcopy(recorded(NODES)), resolve(NODES))


def test_a_deployment_of_several_nodes_is_in_order(bench: Workbench) -> None:
    assert [str(one) for one in bench.findings()] == []


def test_a_node_too_few_is_found(bench: Workbench, reported: Reported) -> None:
    bench.remove(JOIN)
    reported(bench, "ASK-01", "cluster site", "1 times Run Command join-k3s; expected 2")


def test_a_token_among_the_parameters_is_found(bench: Workbench, reported: Reported) -> None:
    token = bench.value(JOIN, "protectedParameters.0.value")
    bench.get(JOIN).inputs["parameters"].append({"name": "OTHER", "value": token})
    reported(bench, "NODE-01", JOIN, "parameters: hold AGENT_TOKEN", also=("SEC-04",))


def test_a_token_that_is_not_marked_secret_is_found(bench: Workbench, reported: Reported) -> None:
    bench.set(JOIN, "protectedParameters.0.value", bench.value(JOIN, "protectedParameters.0.value").value)
    reported(bench, "NODE-01", JOIN, "not marked secret")


def test_a_token_for_nobody_is_found(bench: Workbench, reported: Reported) -> None:
    given = bench.get(JOIN).inputs["protectedParameters"]
    bench.get("enterprise-setup-k3s").inputs["protectedParameters"] = given
    reported(bench, "NODE-01", "enterprise-setup-k3s", "AGENT_TOKEN; expected none")


def test_another_token_than_the_servers_is_found(bench: Workbench, reported: Reported) -> None:
    value = bench.value(JOIN, "protectedParameters.0.value")
    bench.set(JOIN, "protectedParameters.0.value", type(value)("another"))
    reported(bench, "NODE-01", "site", "2 different values of AGENT_TOKEN")


@pytest.mark.parametrize(
    ("name", "value"),
    [("SERVER_URL", "https://10.2.1.10:6443"), ("CLUSTER_ID", "the other cluster"), ("NODE_NAME", "three")],
)
def test_a_node_that_is_told_another_cluster_is_found(
    bench: Workbench, reported: Reported, name: str, value: str
) -> None:
    bench.parameter(JOIN, name, value)
    reported(bench, "NODE-01", JOIN, f"parameter {name}: '{value}'")


def test_a_node_that_does_not_wait_for_the_first_is_found(bench: Workbench, reported: Reported) -> None:
    bench.forget(JOIN, SETUP)
    reported(bench, "NODE-01", JOIN, f"does not wait for {SETUP}")


def test_a_broker_that_does_not_wait_for_the_nodes_is_found(bench: Workbench, reported: Reported) -> None:
    bench.forget("site-broker", JOIN)
    reported(bench, "NODE-01", "site-broker", f"does not wait for {JOIN}")


def test_an_identity_that_nothing_needs_is_found(bench: Workbench, reported: Reported) -> None:
    bench.set("site-node.two", "identity", copy.deepcopy(bench.value("site-node", "identity")))
    reported(bench, "NODE-01", "site-node.two", "identity: expected none")


def test_a_first_node_that_cannot_sign_in_is_found(bench: Workbench, reported: Reported) -> None:
    bench.drop("site-node", "identity")
    reported(bench, "NODE-01", "site-node", "the node signs in", also=("ID-02",))


@pytest.mark.parametrize(
    ("rule", "resource", "path", "value"),
    [
        ("ASK-04", "site-node.two", "hardwareProfile.vmSize", "Standard_D4s_v6"),
        ("ASK-04", "site-node.three", "zones", ["1"]),
        ("ASK-05", "site-node.two", "osProfile.computerName", "vm-myorga-aio-dev-001-0"),
        ("NET-03", "site-network-interface.three", "ipConfigurations.0.privateIPAddress", "10.1.1.20"),
    ],
)
def test_each_node_is_judged_by_its_own_settings(
    bench: Workbench, rule: str, resource: str, path: str, value: object
) -> None:
    bench.set(resource, path, value)
    assert (rule, resource) in {(one.rule, one.resource) for one in bench.findings()}


def test_a_node_with_the_interface_of_another_is_found(bench: Workbench) -> None:
    bench.set("site-node.two", "networkProfile", copy.deepcopy(bench.value("site-node", "networkProfile")))
    assert any("the node's own interface" in str(one) for one in bench.findings())


def test_a_script_that_outlives_its_own_machine_is_found(bench: Workbench, reported: Reported) -> None:
    first = bench.get("site-node").urn
    bench.options(JOIN, deleted_with=first, replace_with=[first])
    reported(bench, "LIFE-07", JOIN, "expected site-node.two in both")


def test_a_server_that_does_not_know_a_machine_is_found(bench: Workbench, reported: Reported) -> None:
    bench.parameter(SETUP, "NODES", "two=another three=machine")
    reported(bench, "NODE-01", SETUP, "parameter NODES", "a replaced node never joins")
