"""What `verify` says on a real API server of policies, audit log and rights: as hardened, and as changed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.inputs import parameters
from settings.well_known import AIO_NAMESPACE
from tests.automation.verify.living import Living, expectation
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.node import Node
from tests.kubernetes.test_verify import verify_inside

STACK, CLUSTER = "every-setting", "office"
HARDENING = {"VERIFY-72", "VERIFY-73", "VERIFY-74", "VERIFY-75"}
RBAC = "rbac.authorization.k8s.io"
OPERATORS = "edge-stamps-operators"
Ask = Callable[[], dict[str, str]]


@pytest.fixture
def living() -> Living:
    return Living(STACK)


@pytest.fixture
def up(node: Node, living: Living) -> Callable[[], None]:
    """Run the stack's own script, as `up --run-again` does."""
    (script,) = (one for one in expectation(STACK).of_cluster(CLUSTER) if one.label == f"{CLUSTER}-apply-objects")
    given = parameters(living.entry("/".join(script.id.split("/")[-4:])).inputs)

    def run() -> None:
        done = node.run("apply-objects", given)
        assert done.code == 0, done

    return run


@pytest.fixture
def ask(node: Node, living: Living, up: Callable[[], None], tmp_path: Path) -> Ask:
    """Say what is wrong on a cluster on which the stack's own script has run: check -> what is found."""
    up()

    def look() -> dict[str, str]:
        found = {one.id: one for one in verify_inside(living, node, CLUSTER, tmp_path) if one.id in HARDENING}
        assert found.keys() == HARDENING
        assert {one.outcome for one in found.values()} <= {"ok", "failed"}
        return {one.id: one.found for one in found.values() if one.outcome == "failed"}

    return look


def policy(name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": AIO_NAMESPACE}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def role(kind: str, name: str, resource: str, verb: str, namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    rules = [{"apiGroups": [""], "resources": [resource], "verbs": [verb]}]
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "rules": rules}


def binding(role: dict[str, Any], group: str) -> dict[str, Any]:
    ref = {"apiGroup": RBAC, "kind": role["kind"], "name": role["metadata"]["name"]}
    subjects = [{"apiGroup": RBAC, "kind": "Group", "name": group}]
    made = {"apiVersion": f"{RBAC}/v1", "kind": f"{role['kind']}Binding", "metadata": role["metadata"]}
    return {**made, "roleRef": ref, "subjects": subjects}


@pytest.fixture
def given(cluster: Cluster) -> Iterator[Callable[..., None]]:
    """Make objects as an administrator does; roles of everybody are gone afterwards."""
    made: list[dict[str, Any]] = []

    def apply(*items: dict[str, Any]) -> None:
        made.extend(items)
        cluster.apply(*items)

    yield apply
    for one in made:
        where = ("--namespace", one["metadata"]["namespace"]) if "namespace" in one["metadata"] else ()
        cluster.kubectl(*where, "delete", one["kind"], one["metadata"]["name"], "--ignore-not-found")


def operators() -> str:
    group = expectation(STACK).view.settings.operator_group
    assert group
    return group


def test_a_hardened_cluster_is_green(ask: Ask) -> None:
    assert ask() == {}


def test_what_is_told_to_mend_it_does(cluster: Cluster, ask: Ask, up: Callable[[], None]) -> None:
    where, name = ("--namespace", AIO_NAMESPACE), "edge-stamps-ingress"
    cluster.kubectl(*where, "patch", "networkpolicy", name, "--patch", '{"spec": {"ingress": [{}]}}')
    cluster.kubectl("patch", "clusterrole", OPERATORS, "--patch", '{"rules": []}')
    cluster.kubectl("patch", "clusterrolebinding", OPERATORS, "--patch", '{"subjects": []}')
    cluster.kubectl("delete", "clusterrolebinding", "edge-stamps-admins")
    assert ask().keys() == {"VERIFY-72", "VERIFY-74"}
    up()
    assert ask() == {}


# Network policies


def test_a_deleted_policy_is_told(cluster: Cluster, ask: Ask) -> None:
    cluster.kubectl("--namespace", AIO_NAMESPACE, "delete", "networkpolicy", "edge-stamps-ingress")
    name = f"NetworkPolicy {AIO_NAMESPACE}/edge-stamps-ingress"
    assert ask() == {"VERIFY-72": f"{name}: it is not there, or has lost its label; expected it is, as the stack's own"}


def test_a_policy_with_another_peer_is_told(cluster: Cluster, ask: Ask) -> None:
    patch = '[{"op": "add", "path": "/spec/ingress/0/from/-", "value": {"ipBlock": {"cidr": "10.0.0.0/8"}}}]'
    where = ("--namespace", AIO_NAMESPACE)
    cluster.kubectl(*where, "patch", "networkpolicy", "edge-stamps-ingress", "--type=json", "--patch", patch)
    name = f"NetworkPolicy {AIO_NAMESPACE}/edge-stamps-ingress"
    assert ask() == {"VERIFY-72": f"{name}: spec.ingress.0.from has {{'ipBlock': {{'cidr': '10.0.0.0/8'}}}}"}


def test_a_policy_that_isolates_fewer_pods_is_told(cluster: Cluster, ask: Ask) -> None:
    patch = '{"spec": {"podSelector": {"matchLabels": {"app": "none"}}}}'
    cluster.kubectl("--namespace", AIO_NAMESPACE, "patch", "networkpolicy", "edge-stamps-ingress", "--patch", patch)
    wrong = ask()
    assert wrong.keys() == {"VERIFY-72"}
    assert "spec.podSelector.matchLabels is" in wrong["VERIFY-72"]


@pytest.mark.parametrize(
    ("rule", "who"),
    [
        ({}, "any pod of another namespace"),
        ({"from": [{"namespaceSelector": {}}]}, "any pod of another namespace"),
        ({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}, "any address"),
    ],
)
def test_a_policy_beside_it_that_lets_everybody_in_is_told(
    rule: dict[str, Any], who: str, ask: Ask, given: Callable[..., None]
) -> None:
    given(policy("debug", podSelector={}, ingress=[rule]))
    wrong = ask()
    assert wrong.keys() == {"VERIFY-72"}
    assert f"NetworkPolicy {AIO_NAMESPACE}/debug: it lets {who} in" in wrong["VERIFY-72"]


def test_a_policy_of_ones_own_for_a_client_of_ones_own_is_no_finding(ask: Ask, given: Callable[..., None]) -> None:
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "historian"}}}
    given(policy("historian", podSelector={}, ingress=[{"from": [peer]}]))
    assert ask() == {}


# The audit log


def test_an_api_server_that_logs_no_more_is_told(cluster: Cluster, ask: Ask) -> None:
    assert ask() == {}, "the log has questions of earlier, which are no proof of later"
    cluster.restart_api(audited=False)
    try:
        wrong = ask()
    finally:
        cluster.restart_api()
    assert wrong.keys() == {"VERIFY-73"}
    assert "audit log: it has no question for secrets; expected level Metadata" in wrong["VERIFY-73"]


# Roles, bindings, and what the API server makes of them


def test_a_wider_role_is_told_and_what_it_gives(cluster: Cluster, ask: Ask) -> None:
    rule = (
        '[{"op": "add", "path": "/rules/-", "value": {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}}]'
    )
    cluster.kubectl("patch", "clusterrole", OPERATORS, "--type=json", "--patch", rule)
    wrong = ask()
    assert wrong.keys() == {"VERIFY-74", "VERIFY-75"}
    assert f"ClusterRole {OPERATORS}: rules has" in wrong["VERIFY-74"]
    assert wrong["VERIFY-75"] == "operators: they may get secrets; expected what leads to no Secret"


def test_an_operator_role_that_somebody_else_has_too_is_told(cluster: Cluster, ask: Ask) -> None:
    subject = f'[{{"op": "replace", "path": "/subjects/0/name", "value": "{"0" * 8}"}}]'
    cluster.kubectl("patch", "clusterrolebinding", OPERATORS, "--type=json", "--patch", subject)
    wrong = ask()
    assert wrong.keys() == {"VERIFY-74"}
    assert f"ClusterRoleBinding {OPERATORS}: subjects" in wrong["VERIFY-74"]


def test_operators_with_a_further_role_are_told_wherever_it_is(ask: Ask, given: Callable[..., None]) -> None:
    one = role("Role", "night-shift", "secrets", "list", "kube-system")
    given(one, binding(one, operators()))
    wrong = ask()
    assert wrong.keys() == {"VERIFY-74"}
    found = "RoleBinding kube-system/night-shift: it binds the operators to the Role night-shift"
    assert wrong["VERIFY-74"] == f"{found}; expected their own role alone"


@pytest.mark.parametrize(("resource", "verb"), [("pods", "create"), ("pods/exec", "get"), ("groups", "impersonate")])
def test_a_right_of_everybody_that_leads_to_a_secret_is_told(
    resource: str, verb: str, ask: Ask, given: Callable[..., None]
) -> None:
    """No binding names the operators: only the API server knows that they have it."""
    one = role("ClusterRole", "for-everybody", resource, verb)
    given(one, binding(one, "system:authenticated"))
    assert ask() == {"VERIFY-75": f"operators: they may {verb} {resource}; expected what leads to no Secret"}
