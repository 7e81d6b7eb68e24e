"""The administrators' way to the cluster: roles in Azure, and a binding in the cluster's own RBAC."""

from __future__ import annotations

from typing import Any

from components.context import StampContext
from components.hosting.host import ConnectedCluster
from components.role_assignments import assign_role
from settings import roles


def grant_admins(context: StampContext, cluster: ConnectedCluster) -> None:
    """Let the admin group reach the cluster through its Arc proxy; what it may do there, `bind_admins` says."""
    for thing, role_guid in (
        ("admins-arc-viewer-role", roles.ARC_KUBERNETES_VIEWER.guid),
        ("admins-arc-cluster-user-role", roles.ARC_CLUSTER_USER.guid),
    ):
        assign_role(
            context,
            thing,
            role_guid,
            scope=cluster.id,
            principal_id=context.settings.tenant.admin_group_object_id,
            principal_type="Group",
            opts=context.options(depends_on=[cluster.connected]),
        )


def bind_admins(context: StampContext) -> dict[str, Any]:
    """Return the binding without which Kubernetes refuses everything to those whom the Arc proxy connects.

    A user is known there by the object id of its token
    (https://learn.microsoft.com/azure/azure-arc/kubernetes/cluster-connect, "Microsoft Entra authentication option").
    """
    settings = context.settings
    who = [("Group", settings.tenant.admin_group_object_id), *(("User", user) for user in settings.admin_users)]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "edge-stamps-admins"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name} for kind, name in who],
    }
