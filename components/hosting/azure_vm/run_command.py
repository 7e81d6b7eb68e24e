"""Managed Run Command: a script from `nodes/`, run as root on a VM, without network access to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_random as random
from pulumi_azure_native import compute

from components.context import StampContext
from components.hosting.script_run import run_again
from nodes import load_script


def run_on_vm(
    context: StampContext,
    vm: compute.VirtualMachine,
    script_run: random.RandomId,
    script: str,
    parameters: Mapping[str, pulumi.Input[str]],
    *,
    timeout_seconds: int,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
    name: str = "",
    protected: Mapping[str, pulumi.Input[str]] | None = None,
    node: str = "",
) -> pulumi.Resource:
    """Run a script on the VM, as `RunOnMachine` says; `node` is the name of a further one.

    A change is an update in place under the same name: a command that was deleted and created again under its name
    may never run (https://github.com/MicrosoftDocs/azure-compute-docs/pull/178). Parameters are named, because unnamed
    ones go unquoted onto the command line.
    """
    timeout = f"{timeout_seconds + 600}s"
    return compute.VirtualMachineRunCommandByVirtualMachine(
        context.node_name(name or script, node),
        resource_group_name=context.group.name,
        vm_name=vm.name,
        run_command_name=name or script,
        location=context.cluster.location,
        tags=context.tags,
        source=compute.VirtualMachineRunCommandScriptSourceArgs(script=load_script(script)),
        parameters=_list_parameters({**parameters, **run_again(script_run)}),
        protected_parameters=_list_parameters(protected) if protected else None,
        async_execution=False,
        treat_failure_as_deployment_failure=True,
        timeout_in_seconds=timeout_seconds,
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(depends_on),
            # It goes with the VM, and a new VM needs every script again.
            deleted_with=vm,
            replace_with=[vm],
            custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout),
        ),
    )


def _list_parameters(given: Mapping[str, pulumi.Input[str]]) -> list[compute.RunCommandInputParameterArgs]:
    return [compute.RunCommandInputParameterArgs(name=name, value=value) for name, value in sorted(given.items())]
