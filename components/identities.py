"""User-assigned identities, and the service accounts that act as them."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_azure_native import managedidentity

from components.context import StampContext
from settings import well_known


def create_identity(context: StampContext, thing: str, name: str) -> managedidentity.UserAssignedIdentity:
    """Create an identity of the cluster; what it may do, role assignments say."""
    return managedidentity.UserAssignedIdentity(
        context.logical_name(thing),
        resource_group_name=context.group.name,
        resource_name_=name,
        location=context.cluster.location,
        tags=context.tags,
        opts=context.options(),
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

    An identity of ours has one credential; a second one must wait for the first, because Azure refuses parallel writes
    (https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations).
    """
    return managedidentity.FederatedIdentityCredential(
        context.logical_name(thing),
        resource_group_name=context.group.name,
        resource_name_=identity.name,
        federated_identity_credential_resource_name=credential_name,
        issuer=issuer,
        subject=f"system:serviceaccount:{well_known.AIO_NAMESPACE}:{service_account}",
        audiences=[well_known.TOKEN_EXCHANGE_AUDIENCE],
        # Named too: an issuer that is unknown because the script failed brings no dependency along.
        opts=context.options(depends_on=depends_on),
    )
