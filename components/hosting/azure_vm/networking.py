"""VNet, subnet, security rules and outbound access of one cluster."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_azure_native import network

from components.context import StampContext
from settings.hosts import FurtherNode, Network


@dataclass(frozen=True)
class ClusterNetwork:
    """The parts that the VM, peerings and outputs refer to."""

    virtual_network: network.VirtualNetwork
    subnet: network.Subnet
    nat_gateway: network.NatGateway
    nat_public_ip: network.PublicIPAddress
    network_interface: network.NetworkInterface


def create_network(context: StampContext, plan: Network, zone: str | None) -> ClusterNetwork:
    """Create the network: the node reaches the internet through the NAT gateway only, and only links reach the node."""
    names, location = context.names, context.cluster.location
    zones = [zone] if zone else None

    security_group = network.NetworkSecurityGroup(
        context.logical_name("network-security-group"),
        resource_group_name=context.group.name,
        location=location,
        tags=context.tags,
        network_security_group_name=names.network_security_group,
        security_rules=_build_security_rules(context, str(plan.subnet)),
        opts=context.options(),
    )
    public_ip = network.PublicIPAddress(
        context.logical_name("nat-public-ip"),
        resource_group_name=context.group.name,
        location=location,
        tags=context.tags,
        public_ip_address_name=names.nat_gateway_public_ip,
        public_ip_allocation_method="Static",
        public_ip_address_version="IPv4",
        idle_timeout_in_minutes=4,
        sku=network.PublicIPAddressSkuArgs(name="Standard", tier="Regional"),
        zones=zones,
        # Azure adds tags of its own to addresses of first-party ranges.
        opts=context.options(ignore_changes=["ipTags"]),
    )
    nat_gateway = network.NatGateway(
        context.logical_name("nat-gateway"),
        resource_group_name=context.group.name,
        location=location,
        tags=context.tags,
        nat_gateway_name=names.nat_gateway,
        sku=network.NatGatewaySkuArgs(name="Standard"),
        idle_timeout_in_minutes=4,
        public_ip_addresses=[network.SubResourceArgs(id=public_ip.id)],
        # A Standard NAT gateway lives in one zone or in none
        # (https://learn.microsoft.com/azure/nat-gateway/nat-availability-zones).
        zones=zones,
        opts=context.options(),
    )
    virtual_network = network.VirtualNetwork(
        context.logical_name("virtual-network"),
        resource_group_name=context.group.name,
        location=location,
        tags=context.tags,
        virtual_network_name=names.virtual_network,
        address_space=network.AddressSpaceArgs(address_prefixes=[str(plan.address_space)]),
        # Subnets and peerings are resources of their own; a refresh must not make them ours here as well.
        opts=context.options(
            protect=context.settings.protection.protect, ignore_changes=["subnets", "virtualNetworkPeerings"]
        ),
    )
    subnet = network.Subnet(
        context.logical_name("subnet"),
        resource_group_name=context.group.name,
        virtual_network_name=virtual_network.name,
        subnet_name=names.subnet,
        address_prefix=str(plan.subnet),
        network_security_group=network.NetworkSecurityGroupArgs(id=security_group.id),
        nat_gateway=network.SubResourceArgs(id=nat_gateway.id),
        default_outbound_access=False,
        private_endpoint_network_policies="Disabled",
        private_link_service_network_policies="Enabled",
        # Routes are whoever's who joins the network to others.
        opts=context.options(ignore_changes=["routeTable"]),
    )
    network_interface = create_network_interface(context, subnet)
    return ClusterNetwork(virtual_network, subnet, nat_gateway, public_ip, network_interface)


def create_network_interface(
    context: StampContext, subnet: network.Subnet, node: FurtherNode | None = None
) -> network.NetworkInterface:
    """Create the interface of a node; None for the first one."""
    names, address = (node.names, node.address) if node else (context.names, context.cluster.address)
    return network.NetworkInterface(
        context.node_name("network-interface", node.name if node else ""),
        resource_group_name=context.group.name,
        location=context.cluster.location,
        tags=context.tags,
        network_interface_name=names.network_interface,
        enable_accelerated_networking=True,
        ip_configurations=[
            network.NetworkInterfaceIPConfigurationArgs(
                name=names.ip_configuration,
                subnet=network.SubnetArgs(id=subnet.id),
                primary=True,
                # Static: the broker's certificate, every link's endpoint and K3s' agents name the first one's address.
                private_ip_allocation_method="Static",
                private_ip_address=str(address),
                private_ip_address_version="IPv4",
            )
        ],
        opts=context.options(),
    )


def _build_security_rules(context: StampContext, subnet: str) -> list[network.SecurityRuleArgs]:
    """Allow the broker's port to linked clusters and node to node, then deny: Azure's defaults would admit every peer
    (https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview, AllowVNetInBound).

    A link's traffic leaves its cluster with the node's address (K3s masquerades pods); the subnet holds the nodes.
    """
    rules = [
        _build_rule("AllowNodeToNode", 200, "Allow", "*", [subnet], subnet, "*"),
        _build_rule("DenyAllInbound", 4096, "Deny", "*", ["*"], "*", "*"),
    ]
    listener = context.cluster.listener
    if listener is None:
        return rules
    links = context.settings.links_to(context.cluster.name)
    clients = [str(source) for link in links for source in context.settings.clusters[link.client].egress]
    node = str(context.cluster.address)
    return [_build_rule("AllowMqttFromLinks", 100, "Allow", "Tcp", clients, node, str(listener.port)), *rules]


def _build_rule(
    name: str, priority: int, access: str, protocol: str, sources: list[str], destination: str, port: str
) -> network.SecurityRuleArgs:
    return network.SecurityRuleArgs(
        name=name,
        priority=priority,
        direction="Inbound",
        access=access,
        protocol=protocol,
        # Azure takes one prefix or a list of them, and returns what it was given.
        source_address_prefix=sources[0] if len(sources) == 1 else None,
        source_address_prefixes=sources if len(sources) > 1 else None,
        source_port_range="*",
        destination_address_prefix=destination,
        destination_port_range=port,
    )
