"""The operators' way to the cluster: they look at everything but Secrets, and restart pods."""

from __future__ import annotations

from typing import Any

from components.context import StampContext
from components.hosting.host import ConnectedCluster
from components.role_assignments import assign_role
from settings import roles, well_known

_RBAC = "rbac.authorization.k8s.io"
_NAME = "edge-stamps-operators"
_LOOK = ["get", "list", "watch"]
_CORE = (
    "configmaps", "endpoints", "events", "namespaces", "nodes", "persistentvolumeclaims", "persistentvolumes", "pods",
    "pods/log", "serviceaccounts", "services",
)  # fmt: skip
"""One by one: `*` has Secrets in it, and to get pods/exec is to run something in a pod."""
_GROUPS = (
    "apps", "batch", "cert-manager.io", "discovery.k8s.io", "events.k8s.io", "metrics.k8s.io", "networking.k8s.io",
    "storage.k8s.io", "trust.cert-manager.io",
)  # fmt: skip


def grant_operators(context: StampContext, cluster: ConnectedCluster) -> None:
    """Let the operator group, where there is one, reach the cluster through its Arc proxy.

    Azure RBAC decides nothing on the cluster, so this role alone is needed
    (https://learn.microsoft.com/azure/azure-arc/kubernetes/cluster-connect).
    """
    if context.settings.operator_group:
        assign_role(
            context,
            "operators-arc-cluster-user-role",
            roles.ARC_CLUSTER_USER.guid,
            scope=cluster.id,
            principal_id=context.settings.operator_group,
            principal_type="Group",
            opts=context.options(depends_on=[cluster.connected]),
        )


def bind_operators(context: StampContext) -> list[dict[str, Any]]:
    """Return the operators' role and binding, where there is a group.

    Whoever writes what pods are made of reads every Secret of the namespace by mounting it
    (https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation): so they delete pods, which
    come back, and write nothing.
    """
    group = context.settings.operator_group
    if not group:
        return []
    rules = [
        {"apiGroups": [*well_known.AIO_API_GROUPS, *_GROUPS], "resources": ["*"], "verbs": _LOOK},
        {"apiGroups": [""], "resources": [*_CORE], "verbs": _LOOK},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]},
    ]
    role = {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": _NAME}, "rules": rules}
    binding = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": _NAME},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": _NAME},
        "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": group}],
    }
    return [role, binding]
