"""The policy that the program applies where a setting wants it: each mistake in it is a finding."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from graph.graph import Graph
from rules import judge
from settings import Settings
from tests.conftest import TWO_CLUSTERS, evaluate, resolve
from tests.rules.workbench import Workbench

ISOLATED = {**TWO_CLUSTERS, "clusters": {"site": {}, "enterprise": {"node": {"network_policies": True}}}}
_SITE, _ENTERPRISE = "site-apply-objects", "enterprise-apply-objects"
Objects = list[dict[str, Any]]


@pytest.fixture(scope="module")
def deployed() -> tuple[Graph, Settings]:
    return evaluate(dict(ISOLATED)), resolve(dict(ISOLATED))


@pytest.fixture
def stack(deployed: tuple[Graph, Settings]) -> Workbench:
    graph, settings = deployed
    return Workbench(copy.deepcopy(graph), settings)


def policy_of(objects: Objects) -> dict[str, Any]:
    (policy,) = (one for one in objects if one["kind"] == "NetworkPolicy")
    return policy


def on_spec(change: Callable[[dict[str, Any]], object]) -> Callable[[Objects], object]:
    return lambda objects: change(policy_of(objects)["spec"])


def test_the_policy_of_the_program_is_no_finding(deployed: tuple[Graph, Settings]) -> None:
    assert [str(one) for one in judge(*deployed)] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda objects: objects.remove(policy_of(objects)), "no NetworkPolicy isolates all of AIO's pods"),
        (on_spec(lambda spec: spec.update(podSelector={"matchLabels": {"app": "x"}})), "no NetworkPolicy isolates"),
        (on_spec(lambda spec: spec.update(policyTypes=["Ingress", "Egress"])), "on their way out"),
        (on_spec(lambda spec: spec["ingress"][0]["from"].pop(0)), "lets a pod of IoT Operations to port 28883"),
        (on_spec(lambda spec: spec["ingress"][0]["from"].pop(1)), "lets ServiceLB of aio-broker-loadbalancer to port"),
        (on_spec(lambda spec: spec["ingress"][0].update(ports=[{"port": 18883}])), "lets ServiceLB of aio-broker"),
        (on_spec(lambda spec: spec["ingress"].append({})), "lets in everybody; expected"),
        (on_spec(lambda spec: spec["ingress"][0]["from"].append({"namespaceSelector": {}})), "lets in {'namespaceSel"),
        (on_spec(lambda spec: spec["ingress"][0]["from"].append({"ipBlock": {"cidr": "10.0.0.0/8"}})), "in {'ipBlock'"),
        (lambda objects: policy_of(objects)["metadata"].update(namespace="default"), "in the namespace 'default'"),
    ],
)  # fmt: skip
def test_each_mistake_in_it_is_found(stack: Workbench, change: Callable[[Objects], object], said: str) -> None:
    stack.encode(_ENTERPRISE, "OBJECTS", change)
    found = [one.message for one in stack.findings() if one.rule == "OBJ-03"]
    assert any(said in message for message in found), found


def test_a_policy_where_none_is_wanted_is_found(stack: Workbench) -> None:
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "more", "namespace": "azure-iot-operations"},
        "spec": {"podSelector": {}, "ingress": [{}]},
    }
    stack.encode(_SITE, "OBJECTS", lambda objects: objects.append(policy))
    found = [(one.rule, one.message) for one in stack.findings()]
    assert found == [("OBJ-03", "OBJECTS: NetworkPolicy more; expected none, as network_policies is false")]
