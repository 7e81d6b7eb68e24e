"""What the operators may on a real API server, and what it refuses them."""

from __future__ import annotations

import pytest

from settings.well_known import AIO_NAMESPACE
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.model import deployed
from tests.kubernetes.node import Node

STACK, NAME = "every-setting", "mill"


@pytest.fixture
def group(node: Node) -> str:
    """The operators' group, after the script has applied what the program sends."""
    stack = deployed(STACK)
    assert node.run("apply-objects", stack.parameters(f"{NAME}-apply-objects")).code == 0
    bindings = [one for one in stack.objects(NAME) if one["kind"] == "ClusterRoleBinding"]
    return next(str(one["subjects"][0]["name"]) for one in bindings if one["roleRef"]["name"] != "cluster-admin")


def can(cluster: Cluster, group: str, verb: str, what: str) -> bool:
    resource, _, inner = what.partition("/")  # to can-i, what is behind a slash is a name
    asked = (verb, resource, f"--subresource={inner}", "--as=somebody", f"--as-group={group}")
    return "yes" in cluster.try_kubectl("--namespace", AIO_NAMESPACE, "auth", "can-i", *asked).stdout


def test_operators_look_and_restart_and_read_no_secret(cluster: Cluster, group: str) -> None:
    for allowed in (
        ("list", "pods"), ("get", "pods/log"), ("delete", "pods"), ("list", "nodes"), ("list", "events"),
        ("list", "deployments.apps"), ("get", "secretsyncs.secret-sync.x-k8s.io"),
        ("get", "bundles.trust.cert-manager.io"),
    ):  # fmt: skip
        assert can(cluster, group, *allowed), allowed
    for refused in (
        ("get", "secrets"), ("list", "secrets"), ("watch", "secrets"), ("get", "pods/exec"), ("create", "pods/exec"),
        ("create", "pods"), ("patch", "deployments.apps"), ("create", "jobs.batch"), ("get", "nodes/proxy"),
        ("create", "serviceaccounts/token"), ("get", "services/proxy"), ("impersonate", "groups"),
        ("patch", "secretsyncs.secret-sync.x-k8s.io"), ("create", "clusterrolebindings.rbac.authorization.k8s.io"),
    ):  # fmt: skip
        assert not can(cluster, group, *refused), refused


def test_somebody_of_another_group_may_nothing(cluster: Cluster, group: str) -> None:
    assert not can(cluster, f"{group}x", "list", "pods")
