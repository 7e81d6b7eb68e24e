"""Managed Run Command: a script from `nodes/`, run as root on a node, without network access to it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import compute

from nodes import script


@dataclass(frozen=True)
class Machine:
    """A VM that scripts run on."""

    vm: compute.VirtualMachine
    resource_group_name: pulumi.Input[str]
    location: str
    tags: Mapping[str, str]


_MAX_PARAMETER_BYTES = 100 * 1024
"""A parameter becomes an environment variable; Linux limits one to 128 KiB (MAX_ARG_STRLEN)."""


def run_on_node(
    resource_name: str,
    machine: Machine,
    *,
    script_name: str,
    parameters: Mapping[str, pulumi.Input[str]],
    timeout_seconds: int,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
) -> compute.VirtualMachineRunCommandByVirtualMachine:
    """Run `nodes/<script_name>.sh` on the VM; a failed script fails the deployment.

    The script is among the inputs: editing it, or a parameter, runs it again under the same name (an update in
    place; a deleted and re-created name may never run: run-command-arc-authz-facts §1). Parameters are named, so
    they arrive as environment variables and never on a command line; none of them is secret. Commands of one VM run
    in parallel unless `depends_on` chains them.
    """
    return compute.VirtualMachineRunCommandByVirtualMachine(
        resource_name,
        resource_group_name=machine.resource_group_name,
        vm_name=machine.vm.name,
        run_command_name=script_name,
        location=machine.location,
        tags=machine.tags,
        source=compute.VirtualMachineRunCommandScriptSourceArgs(script=script(script_name)),
        parameters=[
            compute.RunCommandInputParameterArgs(name=name, value=value) for name, value in sorted(parameters.items())
        ],
        async_execution=False,
        treat_failure_as_deployment_failure=True,
        timeout_in_seconds=timeout_seconds,
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(depends_on),
            # It lives and dies with the VM; a new VM needs every script again (pulumi-field-notes §1.4).
            deleted_with=machine.vm,
            replace_with=[machine.vm],
            custom_timeouts=pulumi.CustomTimeouts(
                create=f"{timeout_seconds + 600}s", update=f"{timeout_seconds + 600}s"
            ),
        ),
    )


def encode_parameter(value: Any) -> str:
    """JSON in base64: one line without characters that a shell would interpret.

    Raises:
        ValueError: the parameter is larger than 100 KiB.
    """
    encoded = base64.b64encode(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).decode()
    if len(encoded) > _MAX_PARAMETER_BYTES:
        raise ValueError(
            f"a Run Command parameter has {len(encoded)} bytes; at most {_MAX_PARAMETER_BYTES} are possible:"
            " put fewer objects on this cluster"
        )
    return encoded
