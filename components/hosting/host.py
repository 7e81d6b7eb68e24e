"""The contract between a kind of host and everything that is put on its cluster."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pulumi
from pulumi_azure_native import network


@dataclass(frozen=True)
class ConnectedCluster:
    """The cluster as Azure Arc knows it."""

    name: pulumi.Output[str]
    """Unknown while the host is being replaced, which replaces everything on the cluster."""
    id: pulumi.Output[str]
    resource_group_name: pulumi.Input[str]
    """Where extensions of the cluster go; one that was there before the stack has a group of its own."""
    location: pulumi.Input[str]
    oidc_issuer: pulumi.Output[str]
    """Who issues the tokens of the cluster's service accounts."""
    connected: pulumi.Resource
    """What everything on the cluster waits for."""


@dataclass(frozen=True)
class HostNetwork:
    """The virtual network of a host, which peerings attach to."""

    resource_group_name: pulumi.Output[str]
    virtual_network: network.VirtualNetwork
    subnet: network.Subnet


class RunScript(Protocol):
    """Run `nodes/<script>.sh` where `kubectl` reaches the cluster, as root; a failed script fails the deployment.

    The script is among the inputs: editing it, or a parameter, runs it again. The host adds what it needs to run one
    again that has not changed, and RUN_AGAIN, the command for that, which the script's messages name. Parameters arrive
    as environment variables, never on a command line; whoever can read the host can read them, so none of them is
    secret. Scripts of one host run in parallel unless `depends_on` chains them.
    """

    def __call__(
        self,
        script: str,
        parameters: Mapping[str, pulumi.Input[str]],
        *,
        timeout_seconds: int,
        parent: pulumi.Resource,
        depends_on: Sequence[pulumi.Resource] = (),
        name: str = "",
    ) -> pulumi.Resource:
        """Return the resource that exists once the script has succeeded.

        Args:
            name: what this run is called; the script's without one. A run that goes must never come back under its
                name (`run_on_vm`).
        """


class RunOnMachine(RunScript, Protocol):
    """Run a script as `RunScript` says, on a machine of which Azure also keeps what its readers may not see."""

    def __call__(
        self,
        script: str,
        parameters: Mapping[str, pulumi.Input[str]],
        *,
        timeout_seconds: int,
        parent: pulumi.Resource,
        depends_on: Sequence[pulumi.Resource] = (),
        name: str = "",
        protected: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> pulumi.Resource:
        """Return the same.

        Args:
            protected: parameters that are secret: Azure encrypts them, and shows them to nobody
                (https://learn.microsoft.com/azure/virtual-machines/linux/run-command-managed).
        """


@dataclass(frozen=True)
class Host:
    """What a cluster stands on.

    Where brokers are reached is no part of it: certificates name the address before any host exists, so the settings
    have it (`Cluster.address`).
    """

    cluster: ConnectedCluster
    run: RunScript
    network: HostNetwork | None
    """None: the stack makes no virtual network for it, so there is none to peer."""
    joined: Sequence[pulumi.Resource]
    """The scripts by which its further nodes have joined: pods are spread over the nodes that are there by then."""
    outputs: Mapping[str, Any]
    """What the kind of host adds to the cluster's entry of the stack output `clusters`."""
    ssh_command: pulumi.Output[str] | None = None
    """What opens a shell on its machine by way of Azure; None: nothing does."""


_MAX_PARAMETER_BYTES = 100 * 1024
"""Linux limits one environment variable to 128 KiB (MAX_ARG_STRLEN, man 2 execve)."""


def encode_parameter(value: Any) -> str:
    """Return JSON in base64: one line without characters that a shell would interpret.

    Raises:
        ValueError: the parameter is larger than 100 KiB.
    """
    encoded = base64.b64encode(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).decode()
    if len(encoded) > _MAX_PARAMETER_BYTES:
        raise ValueError(
            f"a script parameter has {len(encoded)} bytes; at most {_MAX_PARAMETER_BYTES} are possible:"
            " put fewer objects on this cluster"
        )
    return encoded
