"""K3s on the node, and its connection to Azure Arc.

The connected cluster is made by `az connectedk8s connect` on the node: the only documented way that chooses the
agents' chart values itself (run-command-arc-authz-facts §3). So it is not a resource of the stack. Its name comes from
the settings; whatever hangs on it waits for the script and is replaced with the node; it leaves with the resource
group; and what the script found out is read back by an invoke that depends on the script.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import compute, managedidentity

from components.cluster_stamp.context import StampContext
from components.cluster_stamp.role_assignments import assign_role
from components.packages import connected_clusters, get_connected_cluster
from components.run_command import Machine, run_on_node
from settings import roles
from settings.releases import NODE_TOOLS

# More than the sum of each script's own bounds: a time-out kills the shell and leaves its children.
_SETUP_SECONDS = 6000
_CONNECT_SECONDS = 9000


@dataclass(frozen=True)
class ArcCluster:
    """The connected cluster, as far as the stack knows it."""

    name: pulumi.Output[str]
    """Bound to the node: unknown while the node is being replaced, which replaces everything on the cluster."""
    id: pulumi.Output[str]
    oidc_issuer: pulumi.Output[str]
    connect: compute.VirtualMachineRunCommandByVirtualMachine
    """The script that connects the cluster: everything on the cluster waits for it."""


def connect_cluster(
    context: StampContext,
    machine: Machine,
    identity: managedidentity.UserAssignedIdentity,
    identity_roles: list[pulumi.Resource],
) -> ArcCluster:
    """Set K3s up and connect it; then read what Azure says of the connected cluster."""
    names, tenant = context.names, context.settings.tenant
    setup = run_on_node(
        context.logical("setup-k3s"),
        machine,
        script_name="setup-k3s",
        parameters={
            "K3S_VERSION": NODE_TOOLS.k3s_version,
            "K3S_INSTALL_COMMIT": NODE_TOOLS.k3s_install_commit,
            "K3S_INSTALL_SHA256": NODE_TOOLS.k3s_install_sha256,
            "AZURE_CLI_VERSION": NODE_TOOLS.azure_cli_version,
            "CONNECTEDK8S_VERSION": NODE_TOOLS.connectedk8s_version,
        },
        timeout_seconds=_SETUP_SECONDS,
        parent=context.parent,
    )
    connect = run_on_node(
        context.logical("connect-arc"),
        machine,
        script_name="connect-arc",
        parameters={
            "CLUSTER_NAME": names.connected_cluster,
            "RESOURCE_GROUP": context.group.name,
            "LOCATION": context.cluster.location,
            "SUBSCRIPTION_ID": tenant.subscription_id,
            "TENANT_ID": tenant.tenant_id,
            "IDENTITY_CLIENT_ID": identity.client_id,
            "CUSTOM_LOCATIONS_OBJECT_ID": tenant.custom_locations_object_id,
        },
        timeout_seconds=_CONNECT_SECONDS,
        parent=context.parent,
        depends_on=[setup, *identity_roles],
    )
    connected_cluster = get_connected_cluster(
        connected_clusters(context.settings.release),
        context.group.name,
        names.connected_cluster,
        pulumi.InvokeOutputOptions(parent=context.parent, depends_on=[connect]),
    )
    name = context.bound(names.connected_cluster, machine.vm.id)
    return ArcCluster(
        name=name,
        id=pulumi.Output.concat(context.group.id, "/providers/Microsoft.Kubernetes/connectedClusters/", name),
        oidc_issuer=connected_cluster.apply(lambda found: _issuer(found, names.connected_cluster)),
        connect=connect,
    )


def grant_admins(context: StampContext, arc: ArcCluster) -> None:
    """Let the admin group reach the cluster through its Arc proxy; what it may do there, the cluster's RBAC says."""
    for thing, role_guid in (
        ("admins-arc-viewer-role", roles.ARC_KUBERNETES_VIEWER.guid),
        ("admins-arc-cluster-user-role", roles.ARC_CLUSTER_USER.guid),
    ):
        assign_role(
            context,
            thing,
            role_guid,
            scope=arc.id,
            principal_id=context.settings.tenant.admin_group_object_id,
            principal_type="Group",
            opts=context.options(depends_on=[arc.connect]),
        )


def _issuer(connected_cluster: dict[str, object], name: str) -> str:
    profile = connected_cluster.get("oidcIssuerProfile")
    issuer = profile.get("issuerUrl") if isinstance(profile, dict) else None
    if not isinstance(issuer, str) or not issuer:
        raise pulumi.RunError(
            f"connected cluster {name} has no OIDC issuer, so no workload of it can sign in to Azure. Expected:"
            " oidcIssuerProfile.issuerUrl. Next: az connectedk8s update --enable-oidc-issuer"
            f" --enable-workload-identity -n {name}"
        )
    return issuer
