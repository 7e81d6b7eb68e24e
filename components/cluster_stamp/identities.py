"""The cluster's user-assigned identities, one for each thing that acts in Azure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization, managedidentity

from components.cluster_stamp.context import StampContext
from components.cluster_stamp.role_assignments import assign_role, stable_guid
from settings import roles, well_known


@dataclass(frozen=True)
class ClusterIdentities:
    """The identities of one cluster."""

    arc: managedidentity.UserAssignedIdentity
    """Attached to the node: connects it to Arc, and can do nothing else."""
    secret_sync: managedidentity.UserAssignedIdentity
    """What secret sync reads the vault with, by workload identity."""
    aio: managedidentity.UserAssignedIdentity
    """What dataflows reach Azure services with, by workload identity."""
    arc_roles: list[pulumi.Resource]
    """Rights that the node needs before it connects."""


def create_identities(context: StampContext) -> ClusterIdentities:
    """Create the three identities, and the rights of the one that connects the node."""
    names = context.names
    arc = _identity(context, "arc-identity", names.arc_identity)
    return ClusterIdentities(
        arc=arc,
        secret_sync=_identity(context, "secret-sync-identity", names.secret_sync_identity),
        aio=_identity(context, "aio-identity", names.aio_identity),
        arc_roles=_arc_roles(context, arc),
    )


def federate(
    context: StampContext,
    thing: str,
    identity: managedidentity.UserAssignedIdentity,
    *,
    credential_name: str,
    issuer: pulumi.Input[str],
    service_account: str,
    depends_on: Sequence[pulumi.Resource],
) -> managedidentity.FederatedIdentityCredential:
    """Let a service account of the AIO namespace act as the identity.

    An identity of ours has one credential; a second one must wait for the first (Azure refuses parallel writes:
    model-codebases Part 5, no. 12).
    """
    return managedidentity.FederatedIdentityCredential(
        context.logical(thing),
        resource_group_name=context.group.name,
        resource_name_=identity.name,
        federated_identity_credential_resource_name=credential_name,
        issuer=issuer,
        subject=f"system:serviceaccount:{well_known.AIO_NAMESPACE}:{service_account}",
        audiences=[well_known.TOKEN_EXCHANGE_AUDIENCE],
        # Named too: an issuer that is unknown because the script failed brings no dependency along.
        opts=context.options(depends_on=depends_on),
    )


def _identity(context: StampContext, thing: str, name: str) -> managedidentity.UserAssignedIdentity:
    return managedidentity.UserAssignedIdentity(
        context.logical(thing),
        resource_group_name=context.group.name,
        resource_name_=name,
        location=context.cluster.location,
        tags=context.tags,
        opts=context.options(),
    )


def _arc_roles(context: StampContext, arc: managedidentity.UserAssignedIdentity) -> list[pulumi.Resource]:
    """Onboarding, plus the one right that it lacks: a rebuilt node must delete its predecessor's connected cluster.

    The built-in onboarding role cannot delete one (blueprint-facts D10), and `az connectedk8s connect` refuses a
    name that is taken by another cluster (run-command-arc-authz-facts §3).
    """
    guid = stable_guid(context, "arc-disconnect-role")
    disconnect = authorization.RoleDefinition(
        context.logical("arc-disconnect-role"),
        role_definition_id=guid,
        # Unique in the tenant, where another subscription may have a cluster of this name.
        role_name=f"Disconnect {context.names.connected_cluster} from Azure Arc ({guid[:8]})",
        role_type="CustomRole",
        description="Deletes the connected cluster of a node that was rebuilt under the same name.",
        scope=context.group.id,
        assignable_scopes=[context.group.id],
        permissions=[authorization.PermissionArgs(actions=["Microsoft.Kubernetes/connectedClusters/delete"])],
        opts=context.options(),
    )
    return [
        assign_role(context, thing, role_guid, scope=context.group.id, principal_id=arc.principal_id)
        for thing, role_guid in (
            ("arc-onboarding-role", roles.ARC_ONBOARDING.guid),
            ("arc-disconnect-role-assignment", disconnect.name),
        )
    ]
