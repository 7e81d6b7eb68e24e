"""One cluster with everything it owns, from the resource group to a running AIO instance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import compute, extendedlocation, keyvault, managedidentity, network, resources

from components.cluster_stamp.arc import connect_cluster, grant_admins
from components.cluster_stamp.cluster_objects import apply_cluster_objects
from components.cluster_stamp.context import StampContext
from components.cluster_stamp.extensions import install_extensions
from components.cluster_stamp.identities import create_identities, federate
from components.cluster_stamp.iot_operations import create_iot_operations
from components.cluster_stamp.key_vault import create_key_vault
from components.cluster_stamp.networking import create_network
from components.cluster_stamp.node import create_node
from components.cluster_stamp.registries import create_registries
from components.packages import Broker, DataflowEndpoint, DataflowProfile, Instance
from components.run_command import Machine
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
    """Resource group, network, node, K3s on Arc, vault, registries, extensions and AIO of one cluster.

    Waits for nothing outside itself but the CA certificates of `trust_bundles`.
    """

    resource_group: resources.ResourceGroup
    virtual_network: network.VirtualNetwork
    subnet: network.Subnet
    machine: Machine
    vault: keyvault.Vault
    secret_sync_identity: managedidentity.UserAssignedIdentity
    secret_sync_ready: list[pulumi.Resource]
    """Roles and credential without which secret sync cannot read the vault."""
    objects_applied: compute.VirtualMachineRunCommandByVirtualMachine
    """The command that applies the trust Bundles; the last one on this node before a gate."""
    custom_location: extendedlocation.CustomLocation
    instance: Instance
    broker: Broker
    dataflow_profile: DataflowProfile
    local_endpoint: DataflowEndpoint
    outputs: dict[str, Any]
    """This cluster's entry of the stack output `clusters`."""
    arc_proxy_command: pulumi.Output[str]

    def __init__(self, name: str, args: ClusterStampArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edge-stamps:cluster_stamp:ClusterStamp", name, None, opts)
        self.settings, self.cluster = args.settings, args.cluster
        names = args.cluster.names
        self.resource_group = resources.ResourceGroup(
            f"{args.cluster.name}-resource-group",
            resource_group_name=names.resource_group,
            location=args.cluster.location,
            tags={**args.settings.tags, STACK_TAG: stack_tag(args.settings)},
            opts=pulumi.ResourceOptions(parent=self, protect=args.settings.profile.protect),
        )
        context = StampContext(self, args.settings, args.cluster, self.resource_group)

        net = create_network(context)
        identities = create_identities(context)
        key_vault = create_key_vault(context, identities.secret_sync)
        registries = create_registries(context)
        vm = create_node(context, net.network_interface, identities.arc)
        machine = Machine(vm, self.resource_group.name, args.cluster.location, args.settings.tags)
        arc = connect_cluster(context, machine, identities.arc, identities.arc_roles)
        grant_admins(context, arc)
        secret_sync_credential = federate(
            context,
            "secret-sync-credential",
            identities.secret_sync,
            credential_name="aio-sse-ficred",
            issuer=arc.oidc_issuer,
            service_account=well_known.SECRET_SYNC_SERVICE_ACCOUNT,
            depends_on=[arc.connect],
        )
        federate(
            context,
            "aio-credential",
            identities.aio,
            credential_name="aio-instance-ficred",
            issuer=arc.oidc_issuer,
            service_account=well_known.DATAFLOW_SERVICE_ACCOUNT,
            depends_on=[arc.connect],
        )
        extensions = install_extensions(context, arc)
        aio = create_iot_operations(
            context,
            arc,
            extensions,
            registries,
            identities.aio,
            identities.secret_sync,
            key_vault.vault.name,
        )
        # Bundles need trust-manager, which comes with cert-manager; it fills a namespace that appears later as well.
        objects_applied = apply_cluster_objects(
            context, machine, args.trust_bundles, [arc.connect, extensions.cert_manager]
        )

        self.virtual_network, self.subnet, self.machine = net.virtual_network, net.subnet, machine
        self.vault, self.secret_sync_identity = key_vault.vault, identities.secret_sync
        self.secret_sync_ready = [*key_vault.reader_roles, secret_sync_credential]
        self.objects_applied = objects_applied
        self.custom_location, self.instance, self.broker = aio.custom_location, aio.instance, aio.broker
        self.dataflow_profile, self.local_endpoint = aio.dataflow_profile, aio.local_endpoint
        self.arc_proxy_command = _arc_proxy_command(args.settings, args.cluster, self.resource_group.name)
        self.outputs = {
            "resource_group": {
                "id": self.resource_group.id,
                "name": self.resource_group.name,
                "location": args.cluster.location,
            },
            "virtual_network": {"id": net.virtual_network.id, "name": net.virtual_network.name},
            "nat_gateway": {"id": net.nat_gateway.id, "name": net.nat_gateway.name},
            "nat_gateway_public_ips": {
                names.nat_gateway_public_ip: {"id": net.nat_public_ip.id, "ip_address": net.nat_public_ip.ip_address}
            },
            "arc_connected_cluster": {
                "id": arc.id,
                "name": arc.name,
                "location": args.cluster.location,
                "oidc_issuer_url": arc.oidc_issuer,
            },
            "aio_instance": {"id": aio.instance.id, "name": aio.instance.name},
            "key_vault": {
                "id": key_vault.vault.id,
                "name": key_vault.vault.name,
                "uri": key_vault.vault.properties.apply(lambda properties: properties.vault_uri),
            },
            "node": {"id": vm.id, "name": vm.name, "private_ip_address": str(args.cluster.network.node_address)},
        }
        self.register_outputs({**self.outputs, "arc_proxy_command": self.arc_proxy_command})

    def in_custom_location(self, name: str) -> pulumi.Output[str]:
        """The name of something that lives in this custom location, and is replaced with it."""
        return StampContext.bound(name, self.custom_location.id)


def _arc_proxy_command(settings: Settings, cluster: Cluster, group: pulumi.Output[str]) -> pulumi.Output[str]:
    """Complete as it stands, and with a port of its own: two proxies run side by side (blueprint-facts D37)."""
    return pulumi.Output.concat(
        "az connectedk8s proxy -n ",
        cluster.names.connected_cluster,
        " -g ",
        group,
        f" --subscription {settings.tenant.subscription_id} --port {cluster.arc_proxy_port}",
    )
