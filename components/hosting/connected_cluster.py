"""K3s on a node, and its connection to Azure Arc: for every kind of host on which the stack sets the cluster up.

The connected cluster is made by `az connectedk8s connect` on the node: the only documented way that chooses the
agents' chart values itself (https://learn.microsoft.com/azure/azure-arc/kubernetes/quickstart-connect-cluster). So it
is not a resource of the stack. Its name comes from the settings; whatever hangs on it waits for the script and is
replaced with the node; it leaves with the resource group; and what the script found out is read back by an invoke that
depends on the script (docs/decisions/0003-connected-cluster.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pulumi
import pulumi_random as random
from pulumi_azure_native import authorization

from components.context import StampContext
from components.hosting.host import ConnectedCluster, RunOnMachine, RunScript
from components.packages import connected_clusters, get_connected_cluster
from components.role_assignments import assign_role, compute_guid
from settings import roles
from settings.hosts import Proxy
from settings.naming import name_disconnect_role
from settings.releases import NODE_TOOLS

# More than the sum of each script's own bounds: a time-out kills the shell and leaves its children.
SETUP_SECONDS = 10900
_CONNECT_SECONDS = 12400


def set_up_k3s(
    context: StampContext,
    run: RunOnMachine,
    token: random.RandomPassword | None,
    machines: Mapping[str, pulumi.Input[str]],
) -> pulumi.Resource:
    """Set K3s up on the first node.

    Args:
        token: by which agents join it, if there are to be any.
        machines: name of each further node -> an output of its machine, which no other one has.
    """
    nodes = [pulumi.Output.concat(name, "=", machine) for name, machine in machines.items()]
    return run(
        "setup-k3s",
        {
            **list_k3s_parameters(context),
            **NODE_TOOLS.list_cli_parameters(),
            **({"NODES": pulumi.Output.all(*nodes).apply(" ".join)} if nodes else {}),
        },
        timeout_seconds=SETUP_SECONDS,
        parent=context.parent,
        protected={"AGENT_TOKEN": token.result} if token else None,
    )


def list_k3s_parameters(context: StampContext) -> dict[str, pulumi.Input[str]]:
    """Return what is the same on all nodes of a cluster."""
    node = context.cluster.node
    assert node and node.k3s_version, "a cluster that the stack sets up has a node"
    return {
        **NODE_TOOLS.list_k3s_parameters(node.k3s_version, node.k3s_sha256),
        **name_proxy(context.cluster.proxy),
    }


def connect_k3s(
    context: StampContext,
    run: RunScript,
    *,
    bound_to: pulumi.Output[str],
    client_id: pulumi.Input[str] | None,
    depends_on: Sequence[pulumi.Resource],
) -> ConnectedCluster:
    """Connect K3s; then read what Azure says of the connected cluster.

    Args:
        bound_to: an output of the node, unknown while the node is being replaced.
        client_id: client id of the node's identity, which connects it; None: the one that its machine has of itself.
        depends_on: K3s, and roles without which the identity cannot.
    """
    names, tenant = context.names, context.settings.tenant
    connect = run(
        "connect-arc",
        {
            "CLUSTER_NAME": names.connected_cluster,
            "RESOURCE_GROUP": context.group.name,
            "LOCATION": context.cluster.location,
            "SUBSCRIPTION_ID": tenant.subscription_id,
            "TENANT_ID": tenant.tenant_id,
            **({"IDENTITY_CLIENT_ID": client_id} if client_id else {}),
            "CUSTOM_LOCATIONS_OBJECT_ID": tenant.custom_locations_object_id,
            **name_proxy(context.cluster.proxy),
        },
        timeout_seconds=_CONNECT_SECONDS,
        parent=context.parent,
        depends_on=depends_on,
    )
    found = get_connected_cluster(
        connected_clusters(context.settings.release),
        context.group.name,
        names.connected_cluster,
        pulumi.InvokeOutputOptions(parent=context.parent, depends_on=[connect]),
    )
    name = context.bind(names.connected_cluster, bound_to)
    return ConnectedCluster(
        name=name,
        resource_group_name=context.group.name,
        location=context.cluster.location,
        id=pulumi.Output.concat(context.group.id, "/providers/Microsoft.Kubernetes/connectedClusters/", name),
        oidc_issuer=found.apply(lambda cluster: read_issuer(cluster, names.connected_cluster)),
        connected=connect,
    )


def name_proxy(proxy: Proxy | None) -> dict[str, str]:
    """Return the variables by which every tool of a node knows its proxy."""
    if proxy is None:
        return {}
    return {"HTTP_PROXY": proxy.http, "HTTPS_PROXY": proxy.https, "NO_PROXY": ",".join(proxy.no_proxy)}


def grant_onboarding(context: StampContext, principal_id: pulumi.Input[str]) -> list[pulumi.Resource]:
    """Let the node's identity connect the cluster, and delete the connected cluster of the node before it.

    The built-in onboarding role cannot delete one
    (https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers), and `az connectedk8s
    connect` refuses a name that another cluster has (custom.py of
    https://github.com/Azure/azure-cli-extensions/tree/main/src/connectedk8s). Without custom roles the node may not
    delete, and connect-arc.sh says what to do.
    """
    assign = partial(assign_role, context, scope=context.group.id, principal_id=principal_id)
    onboarding = assign("arc-onboarding-role", roles.ARC_ONBOARDING.guid)
    if not context.settings.custom_roles:
        return [onboarding]
    guid = compute_guid(context, "arc-disconnect-role")
    disconnect = authorization.RoleDefinition(
        context.logical_name("arc-disconnect-role"),
        role_definition_id=guid,
        role_name=name_disconnect_role(context.names.connected_cluster, guid),
        role_type="CustomRole",
        description="Deletes the connected cluster of a node that was rebuilt under the same name.",
        scope=context.group.id,
        assignable_scopes=[context.group.id],
        permissions=[authorization.PermissionArgs(actions=["Microsoft.Kubernetes/connectedClusters/delete"])],
        opts=context.options(),
    )
    return [onboarding, assign("arc-disconnect-role-assignment", disconnect.name)]


def read_issuer(connected_cluster: dict[str, object], name: str) -> str:
    """Return who issues the tokens of a connected cluster.

    Raises:
        pulumi.RunError: nobody whom Azure would trust.
    """
    profile = connected_cluster.get("oidcIssuerProfile")
    issuer = profile.get("issuerUrl") if isinstance(profile, dict) else None
    if not isinstance(issuer, str) or not issuer:
        raise pulumi.RunError(
            f"connected cluster {name} has no OIDC issuer, so no workload of it can sign in to Azure. Expected:"
            " oidcIssuerProfile.issuerUrl. Next: az connectedk8s update --enable-oidc-issuer"
            f" --enable-workload-identity -n {name}"
        )
    return issuer
