"""The kinds of host, as facts: what a cluster of each kind stands on in ARM.

`components/hosting/` makes it; rules, models, doctor and drawing read here what there is to look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from arm.types import ResourceType
from arm.types.compute import RUN_COMMAND, VIRTUAL_MACHINE
from arm.types.hybridcompute import MACHINE, MACHINE_RUN_COMMAND
from arm.types.kubernetes import CONNECTED_CLUSTER
from arm.types.network import (
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    NETWORK_SECURITY_GROUP,
    PUBLIC_IP_ADDRESS,
    SUBNET,
    VIRTUAL_NETWORK,
)

_SCRIPTS = ("setup-k3s", "connect-arc", "apply-objects")
JOIN = "join-k3s"
"""The script that runs once on each further node."""
NODE_ID = "vmId"
"""Output of a machine, another one for each machine that ever had its name."""


@dataclass(frozen=True)
class HostKind:
    """One kind of host. Paths are those of the SDK's inputs; empty where the kind has no such thing."""

    resources: tuple[ResourceType, ...]
    """What the stack makes for it beside what every cluster has, once each."""
    outputs: frozenset[str]
    """Keys that it adds to a cluster's entry of the stack output `clusters`."""
    scripts: tuple[str, ...]
    """Node scripts that run once each, in this order, before gates do."""
    per_node: tuple[ResourceType, ...] = ()
    """Of `resources`, what it makes for each node."""
    script_type: ResourceType | None = None
    """What runs a script; None: nothing of ARM does, but a command on the machine that deploys."""
    script_failure_flag: str = ""
    """Input of a script that must be true, for a failure to fail the deployment."""
    node_type: ResourceType | None = None
    """The machine that K3s runs on: replacing it empties the cluster. None: Azure knows no machine."""
    script_action: str = ""
    """Operation of the node that runs a script at once and keeps nothing of it."""
    node_size: str = ""
    node_identities: str = ""
    node_interfaces: str = ""
    node_addresses: str = ""
    """Output of the node, where Azure knows its addresses by nothing else."""


KINDS: Mapping[str, HostKind] = {
    "azure-vm": HostKind(
        resources=(
            VIRTUAL_NETWORK,
            SUBNET,
            NETWORK_SECURITY_GROUP,
            PUBLIC_IP_ADDRESS,
            NAT_GATEWAY,
            NETWORK_INTERFACE,
            VIRTUAL_MACHINE,
        ),
        outputs=frozenset({"virtual_network", "nat_gateway", "nat_gateway_public_ips", "node", "nodes"}),
        scripts=_SCRIPTS,
        per_node=(NETWORK_INTERFACE, VIRTUAL_MACHINE),
        script_type=RUN_COMMAND,
        script_failure_flag="treatFailureAsDeploymentFailure",
        node_type=VIRTUAL_MACHINE,
        script_action="runCommand",
        node_size="hardwareProfile.vmSize",
        node_identities="identity.userAssignedIdentities",
        node_interfaces="networkProfile.networkInterfaces",
    ),
    "arc-machine": HostKind(
        resources=(),
        outputs=frozenset({"machine", "nodes"}),
        scripts=_SCRIPTS,
        script_type=MACHINE_RUN_COMMAND,
        node_type=MACHINE,
        node_addresses="networkProfile.networkInterfaces[].ipAddresses[].address",
    ),
    "existing-cluster": HostKind(resources=(), outputs=frozenset(), scripts=("check-cluster", "apply-objects")),
}
"""By the setting `hosting`."""

BY_NODE_TYPE: Mapping[ResourceType, HostKind] = {kind.node_type: kind for kind in KINDS.values() if kind.node_type}
BY_SCRIPT_TYPE: Mapping[ResourceType, HostKind] = {
    kind.script_type: kind for kind in KINDS.values() if kind.script_type
}
BY_ASKED: Mapping[ResourceType, HostKind] = {**BY_NODE_TYPE, CONNECTED_CLUSTER: KINDS["existing-cluster"]}
"""What scripts are run by that only ask: a machine or, where Azure knows none, the connected cluster."""
EXISTING: frozenset[ResourceType] = frozenset(
    kind.node_type for kind in KINDS.values() if kind.node_type and kind.node_type not in kind.resources
)
"""Machines that are there before the stack."""
FAILURE_FLAGS: Mapping[str, str] = {type_.arm_type: kind.script_failure_flag for type_, kind in BY_SCRIPT_TYPE.items()}
"""ARM type of what runs scripts -> `script_failure_flag`."""
