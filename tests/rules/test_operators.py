"""The operators' role: each way to a Secret that somebody might add is a finding, and so is what operators lack."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from graph.graph import Graph
from rules import judge
from settings import Settings
from tests.conftest import TWO_CLUSTERS, evaluate, resolve
from tests.rules.workbench import Workbench

OPERATORS = {**TWO_CLUSTERS, "operator_group_object_id": "e8d7c6b5-a493-4827-b160-514e3d2c1b0a"}
_APPLY = "site-apply-objects"


@pytest.fixture(scope="module")
def deployed() -> tuple[Graph, Settings]:
    return evaluate(dict(OPERATORS)), resolve(dict(OPERATORS))


@pytest.fixture
def stack(deployed: tuple[Graph, Settings]) -> Workbench:
    graph, settings = deployed
    return Workbench(copy.deepcopy(graph), settings)


def change_role(stack: Workbench, change: Any) -> list[tuple[str, str]]:
    """Change the rules of the role on one cluster, and return what is found: rule and message."""

    def on_role(objects: list[dict[str, Any]]) -> None:
        (role,) = (one for one in objects if one["kind"] == "ClusterRole")
        change(role)

    stack.encode(_APPLY, "OBJECTS", on_role)
    return [(one.rule, one.message) for one in stack.findings()]


def rule(verbs: str, resources: str, group: str = "") -> dict[str, list[str]]:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


def test_the_role_of_the_program_is_no_finding(deployed: tuple[Graph, Settings]) -> None:
    assert [str(one) for one in judge(*deployed)] == []


@pytest.mark.parametrize(
    "added",
    [
        rule("get", "secrets"),
        rule("list", "secrets"),
        rule("watch", "*"),
        rule("get", "deployments", "*"),
        rule("create", "serviceaccounts/token"),
        rule("get", "pods/exec"),
        rule("create", "pods/attach"),
        rule("get", "pods/portforward"),
        rule("get", "*/proxy"),
        rule("get", "nodes/proxy"),
        rule("get", "services/proxy"),
        rule("patch", "pods/ephemeralcontainers"),
        rule("create", "pods"),
        rule("patch", "deployments", "apps"),
        rule("create", "jobs", "batch"),
        rule("*", "statefulsets", "apps"),
        rule("update", "akriconnectortemplates", "iotoperations.azure.com"),
        rule("create", "secretsyncs", "secret-sync.x-k8s.io"),
        rule("impersonate", "users groups serviceaccounts"),
        rule("escalate bind", "clusterroles", "rbac.authorization.k8s.io"),
        rule("create", "clusterrolebindings", "rbac.authorization.k8s.io"),
        rule("create", "certificatesigningrequests", "certificates.k8s.io"),
        rule("delete", "configmaps"),
        {"nonResourceURLs": ["*"], "verbs": ["get"]},
    ],
    ids=str,
)
def test_a_way_to_a_secret_is_a_finding(stack: Workbench, added: dict[str, Any]) -> None:
    found = change_role(stack, lambda role: role["rules"].append(added))
    assert {one for one, _ in found} == {"SEC-07"}, found


def test_a_role_that_takes_in_others_is_a_finding(stack: Workbench) -> None:
    wide = {"clusterRoleSelectors": [{"matchLabels": {"rbac.authorization.k8s.io/aggregate-to-edit": "true"}}]}
    ((name, said),) = change_role(stack, lambda role: role.update(aggregationRule=wide))
    assert (name, "aggregationRule" in said) == ("SEC-07", True)


def test_operators_who_are_bound_to_a_role_of_kubernetes_are_a_finding(stack: Workbench) -> None:
    def bind(objects: list[dict[str, Any]]) -> None:
        for one in objects:
            if one["kind"] == "ClusterRoleBinding" and one["roleRef"]["name"] == "edge-stamps-operators":
                one["roleRef"]["name"] = "edit"

    stack.encode(_APPLY, "OBJECTS", bind)
    assert {one.rule for one in stack.findings()} == {"OBJ-01", "SEC-07"}


def test_operators_who_are_bound_as_administrators_are_a_finding(stack: Workbench) -> None:
    def bind(objects: list[dict[str, Any]]) -> None:
        for one in objects:
            if one["kind"] == "ClusterRoleBinding":
                one["roleRef"]["name"] = "cluster-admin"

    stack.encode(_APPLY, "OBJECTS", bind)
    assert {one.rule for one in stack.findings()} == {"OBJ-01"}


def test_operators_who_see_no_logs_are_a_finding(stack: Workbench) -> None:
    ((name, said),) = change_role(stack, lambda role: role["rules"][1]["resources"].remove("pods/log"))
    assert (name, "may not get pods/log" in said) == ("OBJ-02", True)


def test_operators_who_restart_nothing_are_a_finding(stack: Workbench) -> None:
    ((name, said),) = change_role(stack, lambda role: role["rules"].pop())
    assert (name, "may not delete pods" in said) == ("OBJ-02", True)


def test_operators_without_their_azure_role_are_a_finding(stack: Workbench) -> None:
    stack.remove("site-operators-arc-cluster-user-role")
    assert {(one.rule, one.resource) for one in stack.findings()} == {("ID-02", "site (the operator group)")}
