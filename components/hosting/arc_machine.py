"""A cluster on a machine that is there already: K3s on a plant's own Ubuntu, Arc-enabled, connected to Azure Arc.

Nothing of the machine or of its network belongs to the stack. Run Commands are made on it, and go with the stack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pulumi
import pulumi_random as random
from pulumi_azure_native import hybridcompute

from components.context import StampContext
from components.hosting.connected_cluster import connect_k3s, grant_onboarding
from components.hosting.first_contact import enable_arc
from components.hosting.host import Host
from components.hosting.script_run import create_script_run, run_again
from components.hosting.ssh_over_arc import open_ssh_over_arc
from nodes import identify_run, load_script
from settings.machines import Machine
from settings.naming import SUCCEEDED

_Machine = pulumi.Output[hybridcompute.GetMachineResult]


def create_host(context: StampContext) -> Host:
    """Set K3s up on the machine and connect it."""
    cluster = context.cluster
    assert cluster.machine and cluster.node and cluster.node.k3s_version, "a cluster on an Arc machine has them"
    there = _read_machine(context, cluster.machine)
    if over_arc := cluster.machine.ssh_over_arc:
        open_ssh_over_arc(context, there.apply(lambda machine: machine.id), over_arc)
    onboarding = grant_onboarding(context, there.apply(lambda machine: _read_principal(machine, cluster.name)))
    run = partial(run_on_machine, context, cluster.machine, there, create_script_run(context))
    return Host(
        cluster=connect_k3s(
            context,
            run,
            k3s_version=cluster.node.k3s_version,
            k3s_sha256=cluster.node.k3s_sha256,
            bound_to=there.apply(_read_id),
            client_id=None,
            depends_on=onboarding,
        ),
        run=run,
        network=None,
        outputs={
            "machine": {
                "id": there.apply(lambda machine: machine.id),
                "name": there.apply(lambda machine: machine.name),
                "address": str(cluster.address),
            },
            "nodes": [{"name": there.apply(lambda machine: machine.name), "address": str(cluster.address)}],
        },
        ssh_command=_compose_ssh_command(context, cluster.machine, there) if over_arc else None,
    )


def _compose_ssh_command(context: StampContext, machine: Machine, there: _Machine) -> pulumi.Output[str]:
    """Return a command that is complete as it stands."""
    assert machine.ssh_over_arc
    user = machine.ssh_over_arc.user
    return there.apply(
        lambda found: (
            f"az ssh arc --subscription {context.subscription_id} --resource-group {machine.resource_group}"
            f" --name {found.name} --local-user {user}"
        )
    )


def _read_machine(context: StampContext, machine: Machine) -> _Machine:
    """Return what Azure says of the machine, once Azure Arc knows it."""
    enabled = [enable_arc(context, machine, machine.ssh)] if machine.ssh else []
    there = hybridcompute.get_machine_output(
        machine_name=machine.name,
        resource_group_name=machine.resource_group,
        opts=pulumi.InvokeOutputOptions(parent=context.parent, depends_on=enabled),
    )
    # Where that has failed, the SDK makes no call and forgets why (pulumi/runtime/invoke.py): with the id, whatever is
    # made of the machine is skipped.
    return pulumi.Output.all(there, *(one.id for one in enabled)).apply(lambda found: found[0])


def run_on_machine(
    context: StampContext,
    machine: Machine,
    there: _Machine,
    script_run: random.RandomId,
    script: str,
    parameters: Mapping[str, pulumi.Input[str]],
    *,
    timeout_seconds: int,
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
    name: str = "",
) -> pulumi.Resource:
    """Run a script on the machine, as `RunScript` says.

    Azure calls a Run Command of such a machine Succeeded whatever its script has come to. So how it ended is read, and
    what waits for the script waits for a resource that is made of that. It keeps what has run, so that the state tells
    which script has failed since.
    """
    name, timeout = name or script, f"{timeout_seconds + 600}s"
    given: dict[str, pulumi.Input[str]] = {
        **parameters,
        **run_again(script_run),
        "MACHINE_ID": there.apply(_read_id),  # another machine needs every script
    }
    command = hybridcompute.MachineRunCommand(
        context.logical_name(name),
        resource_group_name=machine.resource_group,
        machine_name=machine.name,
        run_command_name=name,
        location=there.apply(lambda machine: machine.location),
        tags=context.tags,
        source=hybridcompute.MachineRunCommandScriptSourceArgs(script=load_script(script)),
        parameters=[
            hybridcompute.RunCommandInputParameterArgs(name=key, value=value) for key, value in sorted(given.items())
        ],
        async_execution=False,
        timeout_in_seconds=timeout_seconds,
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(depends_on),
            custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout),
        ),
    )
    ran = hybridcompute.get_machine_run_command_output(
        machine_name=machine.name,
        resource_group_name=machine.resource_group,
        run_command_name=command.name,
        opts=pulumi.InvokeOutputOptions(parent=parent, depends_on=[command]),
    )
    body = pulumi.Output.all(**given).apply(lambda values: identify_run(load_script(script), values))
    return random.RandomUuid(
        context.logical_name(name + SUCCEEDED),
        keepers={"body": pulumi.Output.all(ran, body, script_run.urn).apply(lambda found: _check(*found))},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[command]),
    )


def _check(ran: hybridcompute.GetMachineRunCommandResult, body: str, script_run: str) -> str:
    """Return the body once its script has succeeded.

    Raises:
        pulumi.RunError: it has failed, or nobody knows how it ended.
    """
    view = ran.instance_view
    if view and view.exit_code == 0:
        return body
    how = f"failed with exit code {view.exit_code}" if view else "has no result"
    said = (view.error or "").strip() if view else ""
    raise pulumi.RunError(
        f"script {ran.name} {how}: {said or 'nothing on stderr'}\nNext: mend what it says, then pulumi up --replace"
        f" '{script_run}'"
    )


def _read_id(machine: hybridcompute.GetMachineResult) -> str:
    """Return what only this machine has ever had, under whatever name."""
    assert machine.vm_id, f"Azure gives every machine a vmId; {machine.id} has none"
    return machine.vm_id


def _read_principal(machine: hybridcompute.GetMachineResult, cluster: str) -> str:
    """Return who the machine signs in as.

    Raises:
        pulumi.RunError: it has no identity.
    """
    if machine.identity and machine.identity.principal_id:
        return machine.identity.principal_id
    raise pulumi.RunError(
        f"clusters.{cluster}.machine: {machine.name} has no identity, so it cannot connect a cluster. Expected: the"
        " system-assigned one that azcmagent makes. Next: azcmagent disconnect, then azcmagent connect on the machine"
    )
