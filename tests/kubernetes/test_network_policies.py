"""AIO's NetworkPolicy on a real API server: taken as it is, and gone with its setting. Nothing enforces it here."""

from __future__ import annotations

from settings.well_known import AIO_NAMESPACE
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.model import deployed
from tests.kubernetes.node import Node
from tests.nodes.node_stand_in import encoded

STACK, NAME = "every-setting", "office"


def test_the_policy_is_applied_as_it_is_sent_and_deleted_with_its_setting(cluster: Cluster, node: Node) -> None:
    stack = deployed(STACK)
    given = stack.parameters(f"{NAME}-apply-objects")
    (sent,) = (one for one in stack.objects(NAME) if one["kind"] == "NetworkPolicy")
    foreign = {**sent, "metadata": {"name": "of-somebody-else", "namespace": AIO_NAMESPACE}}
    elsewhere = {**sent, "metadata": {**sent["metadata"], "namespace": "default"}}
    cluster.apply(foreign, elsewhere)

    assert node.run("apply-objects", given).code == 0
    found = {one["metadata"]["name"]: one["spec"] for one in cluster.read("networkpolicies", AIO_NAMESPACE)}
    assert found == {sent["metadata"]["name"]: sent["spec"], "of-somebody-else": sent["spec"]}

    left = [one for one in stack.objects(NAME) if one["kind"] != "NetworkPolicy"]
    run = node.run("apply-objects", {**given, "OBJECTS": encoded(left)})
    assert run.fact == {"applied": len(left), "pruned": 1}
    assert [one["metadata"]["name"] for one in cluster.read("networkpolicies", AIO_NAMESPACE)] == ["of-somebody-else"]
    assert len(cluster.read("networkpolicies", "default")) == 1
