"""A cluster that is there already and that Azure Arc knows: nothing of it is the stack's but what it puts there.

Scripts run on the machine that deploys, which reaches the cluster by Arc's proxy or by a kubeconfig of its own. No
provider of Kubernetes: the proxy's port and token last for one script (docs/decisions/0011-hosts.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pulumi
from pulumi_command import local

from components.context import StampContext
from components.hosting.connected_cluster import read_issuer
from components.hosting.host import ConnectedCluster, Host
from components.packages import connected_clusters, get_connected_cluster
from nodes import load_script, load_wrapper
from settings.hosts import ExistingCluster

_CHECK_SECONDS = 900
_CONNECT_SECONDS = 45 * 60
"""More than what `with-kubeconfig.sh` needs beside its script."""


def create_host(context: StampContext) -> Host:
    """Look whether the cluster can take what a stamp puts there."""
    existing = context.cluster.existing
    assert existing, "an existing cluster has an id"
    found = get_connected_cluster(
        connected_clusters(context.settings.release),
        existing.resource_group,
        existing.name,
        pulumi.InvokeOutputOptions(parent=context.parent),
    )
    issuer = found.apply(lambda cluster: _read_issuer(cluster, existing))
    run = partial(run_here, context, existing)
    checked = run(
        "check-cluster",
        {"ISSUER": issuer, "CUSTOM_LOCATIONS_OBJECT_ID": context.settings.tenant.custom_locations_object_id},
        timeout_seconds=_CHECK_SECONDS,
        parent=context.parent,
    )
    return Host(
        cluster=ConnectedCluster(
            name=pulumi.Output.from_input(existing.name),
            id=pulumi.Output.from_input(existing.resource_id),
            resource_group_name=existing.resource_group,
            location=found.apply(lambda cluster: str(cluster["location"])),
            oidc_issuer=issuer,
            connected=checked,
        ),
        run=run,
        network=None,
        joined=(),
        outputs={},
    )


def run_here(
    context: StampContext,
    existing: ExistingCluster,
    script: str,
    parameters: Mapping[str, pulumi.Input[str]],
    *,
    timeout_seconds: int,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
    name: str = "",
) -> pulumi.Resource:
    """Run a script on the machine that deploys, as `RunScript` says.

    One that fails leaves nothing in the state, so that the next `up` runs it again. Without a command for updates the
    first one runs again; nothing runs when it is deleted
    (https://www.pulumi.com/registry/packages/command/api-docs/local/command).
    """
    name, timeout = name or script, f"{timeout_seconds + _CONNECT_SECONDS}s"
    return local.Command(
        context.logical_name(name),
        interpreter=["bash", "-c"],
        create=load_wrapper(),
        stdin=load_script(script),
        environment={
            **parameters,
            "SUBSCRIPTION_ID": context.subscription_id,
            **existing.list_parameters(),
            "SCRIPT_NAME": name,
            "SCRIPT_SECONDS": str(timeout_seconds),
        },
        add_previous_output_in_env=False,
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(depends_on),
            custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout),
        ),
    )


def _read_issuer(cluster: dict[str, object], existing: ExistingCluster) -> str:
    """Return who issues the cluster's tokens, for a cluster whose workloads may sign in with them.

    Raises:
        pulumi.RunError: they could not.
    """
    profile = cluster.get("securityProfile")
    identity = profile.get("workloadIdentity") if isinstance(profile, dict) else None
    if not (isinstance(identity, dict) and identity.get("enabled")):
        raise pulumi.RunError(
            f"connected cluster {existing.name} has no workload identity, so no workload of it can sign in to Azure."
            " Expected: securityProfile.workloadIdentity.enabled. Next: az connectedk8s update --enable-oidc-issuer"
            f" --enable-workload-identity --name {existing.name} --resource-group {existing.resource_group}"
        )
    return read_issuer(cluster, existing.name)
