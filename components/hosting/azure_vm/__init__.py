"""A cluster on an Azure VM of its own: K3s on Ubuntu, in a virtual network, connected to Azure Arc."""

from __future__ import annotations

from functools import partial

from components.context import StampContext
from components.hosting.azure_vm.networking import create_network
from components.hosting.azure_vm.node import create_node
from components.hosting.azure_vm.run_command import run_on_vm
from components.hosting.connected_cluster import connect_k3s, grant_onboarding
from components.hosting.host import Host, HostNetwork
from components.hosting.script_run import create_script_run
from components.identities import create_identity


def create_host(context: StampContext) -> Host:
    """Create network and VM, set K3s up and connect it."""
    cluster = context.cluster
    assert cluster.network and cluster.node and cluster.node.k3s_version, "a cluster on a VM of its own has them"
    net = create_network(context, cluster.network, cluster.node.zone)
    identity = create_identity(context, "arc-identity", context.names.arc_identity)
    onboarding = grant_onboarding(context, identity.principal_id)
    vm = create_node(context, cluster.node, net.network_interface, identity)
    run = partial(run_on_vm, context, vm, create_script_run(context))
    return Host(
        cluster=connect_k3s(
            context,
            run,
            k3s_version=cluster.node.k3s_version,
            k3s_sha256=cluster.node.k3s_sha256,
            bound_to=vm.id,
            client_id=identity.client_id,
            depends_on=onboarding,
        ),
        run=run,
        network=HostNetwork(context.group.name, net.virtual_network, net.subnet),
        outputs={
            "virtual_network": {"id": net.virtual_network.id, "name": net.virtual_network.name},
            "nat_gateway": {"id": net.nat_gateway.id, "name": net.nat_gateway.name},
            "nat_gateway_public_ips": {
                context.names.nat_gateway_public_ip: {
                    "id": net.nat_public_ip.id,
                    "ip_address": net.nat_public_ip.ip_address,
                }
            },
            "node": {"id": vm.id, "name": vm.name, "private_ip_address": str(cluster.address)},
            "nodes": [{"name": vm.name, "address": str(cluster.address)}],
        },
    )
