"""AIO's namespace on a real API server: a pod that is more than restricted comes in, and is told of."""

from __future__ import annotations

import json
from typing import Any

from settings.well_known import AIO_NAMESPACE
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.model import deployed
from tests.kubernetes.node import Node
from tests.kubernetes.setup_k3s import AUDIT_LOG

NAME = "violates"
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": NAME, "namespace": AIO_NAMESPACE},
    "spec": {"hostNetwork": True, "containers": [{"name": "main", "image": "none"}]},
}


def test_a_pod_with_the_network_of_the_host_comes_in_with_a_warning_and_a_line_in_the_audit_log(
    cluster: Cluster, node: Node
) -> None:
    assert node.run("apply-objects", deployed("dev").parameters("site-apply-objects")).code == 0
    done = cluster.try_kubectl("create", "--filename=-", stdin=json.dumps(POD))
    assert done.returncode == 0, done.stderr
    assert 'would violate PodSecurity "restricted:latest"' in done.stderr
    events = map(json.loads, (cluster.folder / AUDIT_LOG).read_text().splitlines())
    notes = [one.get("annotations", {}) for one in events if one.get("objectRef", {}).get("name") == NAME]
    assert any("restricted" in one.get("pod-security.kubernetes.io/audit-violations", "") for one in notes), notes
