"""Microsoft.Network: virtual networks and what is in them."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from arm.types.resource_type import RESOURCE_GUID, STATE, Created, Estimate, Quota, Refusal, ResourceType, address

_VERSIONS = ("2024-05-01",)
_VNET = "Microsoft.Network/virtualNetworks/{virtualNetworkName}"
_CONCERN = "network"
_LIMITS = "https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits"
_NAME = {"pattern": r"^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9_])?$", "maxLength": 80}
_BUSY = Refusal(409, "AnotherOperationInProgress", "Another operation on this or dependent resource is in progress.")


def _mac_address(created: Created) -> str:
    return f"00-0D-3A-{uuid5(NAMESPACE_URL, created.id.lower()).bytes[:3].hex('-').upper()}"


NETWORK_SECURITY_GROUP = ResourceType(
    "network",
    "NetworkSecurityGroup",
    _VERSIONS,
    "Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}",
    Estimate(_CONCERN, 5),
    name_rule=_NAME,
    computed=RESOURCE_GUID,
    in_use_refusals={
        "Microsoft.Network/virtualNetworks/subnets": Refusal(
            400,
            "InUseNetworkSecurityGroupCannotBeDeleted",
            "Network security group {id} cannot be deleted because it is in use by the following resources: {user}.",
        )
    },
)
VIRTUAL_NETWORK = ResourceType(
    "network",
    "VirtualNetwork",
    _VERSIONS,
    _VNET,
    Estimate(_CONCERN, 6),
    name_rule={**_NAME, "minLength": 2, "maxLength": 64},
    replaced_by=("location",),  # [provider]
    computed=RESOURCE_GUID,
    holds_data=True,
    quota=Quota(
        "WORLD-37",
        "VNets",
        "region",
        "region",
        1000,
        Refusal(
            400,
            "VnetCountLimitReached",
            "Cannot create more than {limit} virtual networks for this subscription in this region.",
        ),
        _LIMITS,
    ),
)
SUBNET = ResourceType(  # defaultOutboundAccess: [schema] says fixed, Azure changes it by now, [provider] lists nothing
    "network",
    "Subnet",
    _VERSIONS,
    f"{_VNET}/subnets/{{subnetName}}",
    Estimate(_CONCERN, 6),
    name_rule=_NAME,
    serial_refusal=_BUSY,
    in_use_refusals={
        "Microsoft.Network/networkInterfaces": Refusal(
            400,
            "InUseSubnetCannotBeDeleted",
            "Subnet {name} is in use by {user} and cannot be deleted. In order to delete the subnet, delete all the"
            " resources within the subnet. See aka.ms/deletesubnet.",
        )
    },
)
VIRTUAL_NETWORK_PEERING = ResourceType(
    "network",
    "VirtualNetworkPeering",
    _VERSIONS,
    f"{_VNET}/virtualNetworkPeerings/{{virtualNetworkPeeringName}}",
    Estimate(_CONCERN, 15),
    query=("syncRemoteAddressSpace",),
    name_rule=_NAME,
    immutable=("properties.remoteVirtualNetwork.id",),  # [terraform]
    computed={
        **STATE,
        "peeringState": lambda _: "Initiated",  # Connected once the other side exists, which only the world knows
        "peeringSyncLevel": lambda _: "RemoteNotInSync",
    },
    serial_refusal=_BUSY,
    quota=Quota(
        "WORLD-36",
        "peerings",
        "parent",
        "VNet",
        500,
        Refusal(  # Microsoft documents no code for this limit: it is ours
            400, "PeeringLimitReached", "Cannot create more than {limit} peerings of virtual network {parent}."
        ),
        _LIMITS,
    ),
)
PUBLIC_IP_ADDRESS = ResourceType(
    "network",
    "PublicIPAddress",
    _VERSIONS,
    "Microsoft.Network/publicIPAddresses/{publicIpAddressName}",
    Estimate(_CONCERN, 5),
    name_rule=_NAME,
    # [provider]; zones [terraform]
    immutable=("properties.publicIPAddressVersion", "properties.publicIPPrefix", "sku", "zones"),
    replaced_by=("location", "publicIPAddressVersion", "publicIPPrefix", "sku"),  # [provider]
    computed={**RESOURCE_GUID, "ipAddress": lambda created: address(created.id, 20)},
    in_use_refusals={
        "Microsoft.Network/natGateways": Refusal(
            400,
            "PublicIPAddressCannotBeDeleted",
            "Public IP address {id} can not be deleted since it is still allocated to resource {user}. In order to"
            " delete the public IP, disassociate/detach the Public IP address from the resource.",
        )
    },
    quota=Quota(
        "WORLD-38",
        "public IP addresses",
        "region",
        "region",
        1000,
        Refusal(
            400,
            "PublicIPCountLimitReached",
            "Cannot create more than {limit} public IP addresses for this subscription in this region.",
        ),
        f"{_LIMITS}; text in https://github.com/openshift/openshift-azure/issues/2252",
    ),
    carries=(),
)
NAT_GATEWAY = ResourceType(
    "network",
    "NatGateway",
    _VERSIONS,
    "Microsoft.Network/natGateways/{natGatewayName}",
    Estimate(_CONCERN, 15),
    name_rule=_NAME,
    immutable=("zones",),  # [terraform]
    computed=RESOURCE_GUID,
    in_use_refusals={
        "Microsoft.Network/virtualNetworks/subnets": Refusal(
            400,
            "InUseNatGatewayCannotBeDeleted",
            "Nat gateway {id} cannot be deleted because it is in use by the following resources: {user}.",
        )
    },
    carries=(),
)
NETWORK_INTERFACE = ResourceType(
    "network",
    "NetworkInterface",
    _VERSIONS,
    "Microsoft.Network/networkInterfaces/{networkInterfaceName}",
    Estimate(_CONCERN, 5),
    name_rule=_NAME,
    computed={**RESOURCE_GUID, "macAddress": _mac_address},
    in_use_refusals={
        "Microsoft.Compute/virtualMachines": Refusal(
            400,
            "NicInUse",
            "Network Interface {id} is used by existing resource {user}. In order to delete the network interface, it"
            " must be dissociated from the resource.",
        )
    },
)
