"""Peering of two clusters' VNets, in both directions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import network

from components.cluster_stamp import ClusterStamp
from components.hosting.host import HostNetwork
from settings.model import Peering


@dataclass(frozen=True)
class VNetPeeringArgs:
    """Which two networks, and what must be done before."""

    peering: Peering
    first: HostNetwork
    second: HostNetwork
    after: Sequence[pulumi.Resource] = ()
    """Peerings that change one of the two VNets too: Azure refuses two changes of one VNet at a time."""


class VNetPeering(pulumi.ComponentResource):
    """Both halves of a peering; one alone stays `Initiated` and carries nothing.

    Waits for the subnets of both VNets, as a VNet that is being changed refuses a peering, and the second half for the
    first (https://learn.microsoft.com/azure/virtual-network/virtual-network-troubleshoot-peering-issues).
    """

    ends: frozenset[str]
    """The two clusters."""
    outputs: dict[str, pulumi.Input[str]]

    def __init__(self, name: str, args: VNetPeeringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("edge-stamps:vnet_peering:VNetPeering", name, None, opts)
        peering, first, second = args.peering, args.first, args.second
        before = [first.subnet, second.subnet, *args.after]
        networks: list[pulumi.Resource] = [first.virtual_network, second.virtual_network]
        self.there = _create_half(
            f"{peering.first}-to-{peering.second}-peering",
            peering.first_to_second_name,
            first,
            second,
            self._build_options(before, networks),
        )
        self.back = _create_half(
            f"{peering.second}-to-{peering.first}-peering",
            peering.second_to_first_name,
            second,
            first,
            self._build_options([*before, self.there], networks),
        )
        self.ends = frozenset({peering.first, peering.second})
        self.outputs = {
            "first": peering.first,
            "second": peering.second,
            "first_to_second_id": self.there.id,
            "second_to_first_id": self.back.id,
        }
        self.register_outputs(self.outputs)

    def _build_options(
        self, depends_on: list[pulumi.Resource], networks: list[pulumi.Resource]
    ) -> pulumi.ResourceOptions:
        """Replace both halves with either VNet, as a peering with a VNet that was created anew stays `Disconnected`.

        Azure moves the two ignored properties by itself when the other half appears.
        """
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=depends_on,
            replace_with=networks,
            ignore_changes=["peeringState", "peeringSyncLevel"],
        )


def peer_networks(
    peerings: Sequence[Peering], stamps: Mapping[str, ClusterStamp], opts: pulumi.ResourceOptions
) -> dict[str, VNetPeering]:
    """Peer every linked pair; pairs that share a VNet come one after the other."""
    networks = {name: stamp.host.network for name, stamp in stamps.items() if stamp.host.network}
    peered: dict[str, VNetPeering] = {}
    last: dict[str, pulumi.Resource] = {}
    for peering in peerings:
        name = f"{peering.first}-to-{peering.second}"
        after = [last[cluster] for cluster in (peering.first, peering.second) if cluster in last]
        peered[name] = VNetPeering(
            name, VNetPeeringArgs(peering, networks[peering.first], networks[peering.second], after), opts
        )
        last[peering.first] = last[peering.second] = peered[name].back
    return peered


def _create_half(
    resource_name: str,
    peering_name: str,
    local: HostNetwork,
    remote: HostNetwork,
    opts: pulumi.ResourceOptions,
) -> network.VirtualNetworkPeering:
    return network.VirtualNetworkPeering(
        resource_name,
        resource_group_name=local.resource_group_name,
        virtual_network_name=local.virtual_network.name,
        virtual_network_peering_name=peering_name,
        remote_virtual_network=network.SubResourceArgs(id=remote.virtual_network.id),
        allow_virtual_network_access=True,
        allow_forwarded_traffic=False,
        allow_gateway_transit=False,
        use_remote_gateways=False,
        opts=opts,
    )
