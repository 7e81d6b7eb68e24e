"""A cluster on Azure VMs of its own: K3s on Ubuntu, in a virtual network, connected to Azure Arc."""

from __future__ import annotations

from functools import partial

from pulumi_azure_native import compute

from components.context import StampContext
from components.hosting.azure_vm.networking import create_network, create_network_interface
from components.hosting.azure_vm.node import create_further_node, create_node
from components.hosting.azure_vm.run_command import run_on_vm
from components.hosting.connected_cluster import connect_k3s, grant_onboarding, set_up_k3s
from components.hosting.further_nodes import create_agent_token, join_k3s
from components.hosting.host import Host, HostNetwork
from components.hosting.maintenance import PatchedMachine, schedule_patches
from components.hosting.script_run import create_script_run
from components.identities import create_identity


def create_host(context: StampContext) -> Host:
    """Create network and VMs, set K3s up and connect it from the first."""
    cluster = context.cluster
    assert cluster.network and cluster.node, "a cluster on a VM of its own has them"
    net = create_network(context, cluster.network, cluster.node.zone)
    identity = create_identity(context, "arc-identity", context.names.arc_identity)
    onboarding = grant_onboarding(context, identity.principal_id)
    vm = create_node(context, cluster.node, net.network_interface, identity)
    script_run, token = create_script_run(context), create_agent_token(context)
    run = partial(run_on_vm, context, vm, script_run)
    further = [
        (one, create_further_node(context, one, create_network_interface(context, net.subnet, one), vm))
        for one in cluster.nodes
    ]
    schedule_patches(
        context, [_describe(context, "", vm), *(_describe(context, one.name, own) for one, own in further)]
    )
    setup = set_up_k3s(context, run, token, {one.name: own.vm_id for one, own in further})
    joined = [
        join_k3s(context, partial(run_on_vm, context, own, script_run, node=one.name), token, one.name,
                 cluster_id=vm.vm_id, depends_on=[setup])
        for one, own in further
    ]  # fmt: skip
    return Host(
        cluster=connect_k3s(
            context, run, bound_to=vm.id, client_id=identity.client_id, depends_on=[setup, *onboarding]
        ),
        run=run,
        network=HostNetwork(context.group.name, net.virtual_network, net.subnet),
        joined=joined,
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
            "nodes": [
                {"name": vm.name, "address": str(cluster.address)},
                *({"id": own.id, "name": own.name, "address": str(one.address)} for one, own in further),
            ],
        },
    )


def _describe(context: StampContext, node: str, vm: compute.VirtualMachine) -> PatchedMachine:
    return PatchedMachine(
        node, "Microsoft.Compute", "virtualMachines", context.group.name, vm.name, vm.id, context.cluster.location
    )
