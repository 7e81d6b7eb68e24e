"""One cluster with everything it owns, from the resource group to a running AIO instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import extendedlocation, keyvault, managedidentity, resources

from components.cluster_stamp.admins import grant_admins
from components.cluster_stamp.cluster_objects import apply_cluster_objects
from components.cluster_stamp.extensions import install_extensions
from components.cluster_stamp.iot_operations import create_iot_operations
from components.cluster_stamp.key_vault import create_key_vault
from components.cluster_stamp.operators import grant_operators
from components.cluster_stamp.registries import create_registries
from components.context import StampContext
from components.hosting import create_host
from components.hosting.host import ConnectedCluster, Host
from components.identities import create_identity, federate
from components.packages import Broker, DataflowEndpoint, DataflowProfile, Instance
from settings import well_known
from settings.model import Cluster, Settings
from settings.naming import STACK_TAG, stack_tag


@dataclass(frozen=True)
class ClusterStampArgs:
    """What a stamp is made from."""

    settings: Settings
    cluster: Cluster
    trust_bundles: Mapping[str, pulumi.Input[str]]
    """ConfigMap that the cluster's AIO is to find -> the one CA certificate in it, PEM."""


class ClusterStamp(pulumi.ComponentResource):
    """Resource group, host, vault, registries, extensions and AIO of one cluster.

    Waits for nothing outside itself but the CA certificates of `trust_bundles`.
    """

    resource_group: resources.ResourceGroup
    host: Host
    vault: keyvault.Vault
    secret_sync_identity: managedidentity.UserAssignedIdentity
    secret_sync_ready: list[pulumi.Resource]
    """Roles and credential without which secret sync cannot read the vault."""
    objects_applied: pulumi.Resource
    """The script that applies the trust Bundles; the last one on this host before a gate."""
    custom_location: extendedlocation.CustomLocation
    instance: Instance
    broker: Broker
    dataflow_profile: DataflowProfile
    local_endpoint: DataflowEndpoint
    outputs: dict[str, Any]
    """This cluster's entry of the stack output `clusters`."""
    arc_proxy_command: pulumi.Output[str]
    ssh_command: pulumi.Output[str] | None

    def __init__(self, name: str, args: ClusterStampArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edge-stamps:cluster_stamp:ClusterStamp", name, None, opts)
        self.settings, self.cluster = args.settings, args.cluster
        names = args.cluster.names
        self.resource_group = resources.ResourceGroup(
            f"{args.cluster.name}-resource-group",
            resource_group_name=names.resource_group,
            location=args.cluster.location,
            tags={**args.settings.tags_of(args.cluster), STACK_TAG: stack_tag(args.settings)},
            opts=pulumi.ResourceOptions(parent=self, protect=args.settings.protection.protect or None),
        )
        context = StampContext(self, args.settings, args.cluster, self.resource_group)

        host = create_host(context)
        secret_sync = create_identity(context, "secret-sync-identity", names.secret_sync_identity)
        dataflows = create_identity(context, "aio-identity", names.aio_identity)
        key_vault = create_key_vault(context, secret_sync)
        registries = create_registries(context)
        grant_admins(context, host.cluster)
        grant_operators(context, host.cluster)
        secret_sync_credential = federate(
            context,
            "secret-sync-credential",
            secret_sync,
            credential_name="aio-sse-ficred",
            issuer=host.cluster.oidc_issuer,
            service_account=well_known.SECRET_SYNC_SERVICE_ACCOUNT,
            depends_on=[host.cluster.connected],
        )
        federate(
            context,
            "aio-credential",
            dataflows,
            credential_name="aio-instance-ficred",
            issuer=host.cluster.oidc_issuer,
            service_account=well_known.DATAFLOW_SERVICE_ACCOUNT,
            depends_on=[host.cluster.connected],
        )
        extensions = install_extensions(context, host.cluster)
        aio = create_iot_operations(
            context,
            host.cluster,
            extensions,
            registries,
            dataflows,
            secret_sync,
            key_vault.vault.name,
            host.joined,
        )
        # Bundles need trust-manager, which comes with cert-manager; it fills a namespace that appears later as well.
        self.objects_applied = apply_cluster_objects(
            context, host.run, args.trust_bundles, [host.cluster.connected, extensions.cert_manager]
        )

        self.host = host
        self.vault, self.secret_sync_identity = key_vault.vault, secret_sync
        self.secret_sync_ready = [*key_vault.reader_roles, secret_sync_credential]
        self.custom_location, self.instance, self.broker = aio.custom_location, aio.instance, aio.broker
        self.dataflow_profile, self.local_endpoint = aio.dataflow_profile, aio.local_endpoint
        self.arc_proxy_command = _compose_proxy_command(args.settings, args.cluster, host.cluster)
        self.ssh_command = host.ssh_command
        self.outputs = {
            "hosting": args.cluster.hosting,
            "resource_group": {
                "id": self.resource_group.id,
                "name": self.resource_group.name,
                "location": args.cluster.location,
            },
            "arc_connected_cluster": {
                "id": host.cluster.id,
                "name": host.cluster.name,
                "location": host.cluster.location,
                "oidc_issuer_url": host.cluster.oidc_issuer,
            },
            "aio_instance": {"id": aio.instance.id, "name": aio.instance.name},
            "key_vault": {
                "id": key_vault.vault.id,
                "name": key_vault.vault.name,
                "uri": key_vault.vault.properties.apply(lambda properties: properties.vault_uri),
            },
            **host.outputs,
        }
        self.register_outputs({**self.outputs, "arc_proxy_command": self.arc_proxy_command})

    def bind_to_custom_location(self, name: str) -> pulumi.Output[str]:
        """Return the name of something that lives in this custom location, and is replaced with it."""
        return StampContext.bind(name, self.custom_location.id)


def _compose_proxy_command(settings: Settings, cluster: Cluster, connected: ConnectedCluster) -> pulumi.Output[str]:
    """Return a command that is complete as it stands, with a port of its own: two proxies run side by side."""
    return pulumi.Output.concat(
        "az connectedk8s proxy -n ",
        cluster.names.connected_cluster,
        " -g ",
        connected.resource_group_name,
        f" --subscription {settings.tenant.subscription_id} --port {cluster.arc_proxy_port}",
    )
