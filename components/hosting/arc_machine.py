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
from components.hosting.connected_cluster import connect_k3s, grant_onboarding, set_up_k3s
from components.hosting.first_contact import enable_arc
from components.hosting.further_nodes import create_agent_token, join_k3s
from components.hosting.host import Host
from components.hosting.maintenance import PatchedMachine, schedule_patches
from components.hosting.script_run import create_script_run, run_again
from components.hosting.ssh_over_arc import open_ssh_over_arc
from nodes import identify_run, load_script
from settings.machines import Machine
from settings.naming import SUCCEEDED

_Machine = pulumi.Output[hybridcompute.GetMachineResult]


def create_host(context: StampContext) -> Host:
    """Set K3s up on the machines, and connect it from the first."""
    cluster = context.cluster
    assert cluster.machine and cluster.node, "a cluster on an Arc machine has them"
    there = _read_machine(context, cluster.machine)
    if over_arc := cluster.machine.ssh_over_arc:
        open_ssh_over_arc(context, there.apply(lambda machine: machine.id), over_arc)
    onboarding = grant_onboarding(context, there.apply(lambda machine: _read_principal(machine, cluster.name)))
    script_run, token = create_script_run(context), create_agent_token(context)
    run = partial(run_on_machine, context, cluster.machine, there, script_run)
    bound_to = there.apply(_read_id)
    further = [(one, one.machine, _read_machine(context, one.machine)) for one in cluster.nodes if one.machine]
    machines = [("", cluster.machine, there), *((one.name, machine, found) for one, machine, found in further)]
    schedule_patches(context, [_describe(node, machine, found) for node, machine, found in machines])
    setup = set_up_k3s(context, run, token, {one.name: found.apply(_read_id) for one, _, found in further})
    joined = [
        join_k3s(context, partial(run_on_machine, context, machine, found, script_run, node=one.name), token, one.name,
                 cluster_id=bound_to, depends_on=[setup])
        for one, machine, found in further
    ]  # fmt: skip
    name = there.apply(lambda machine: machine.name)
    return Host(
        cluster=connect_k3s(context, run, bound_to=bound_to, client_id=None, depends_on=[setup, *onboarding]),
        run=run,
        network=None,
        joined=joined,
        outputs={
            "machine": {
                "id": there.apply(lambda machine: machine.id),
                "name": name,
                "address": str(cluster.address),
            },
            "nodes": [
                {"name": name, "address": str(cluster.address)},
                *(
                    {
                        "id": found.apply(lambda machine: machine.id),
                        "name": found.apply(lambda machine: machine.name),
                        "address": str(one.address),
                    }
                    for one, _, found in further
                ),
            ],
        },
        ssh_command=_compose_ssh_command(context, cluster.machine, there) if over_arc else None,
    )


def _describe(node: str, machine: Machine, there: _Machine) -> PatchedMachine:
    return PatchedMachine(
        node,
        "Microsoft.HybridCompute",
        "machines",
        machine.resource_group,
        there.apply(lambda found: found.name),
        there.apply(lambda found: found.id),
        there.apply(lambda found: found.location),
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
    protected: Mapping[str, pulumi.Input[str]] | None = None,
    node: str = "",
) -> pulumi.Resource:
    """Run a script on the machine, as `RunOnMachine` says; `node` is the name of a further one.

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
        context.node_name(name, node),
        resource_group_name=machine.resource_group,
        machine_name=machine.name,
        run_command_name=name,
        location=there.apply(lambda machine: machine.location),
        tags=context.tags,
        source=hybridcompute.MachineRunCommandScriptSourceArgs(script=load_script(script)),
        parameters=_list_parameters(given),
        protected_parameters=_list_parameters(protected) if protected else None,
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
        context.node_name(name, node) + SUCCEEDED,
        keepers={"body": pulumi.Output.all(ran, body, script_run.urn).apply(lambda found: _check(*found))},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[command]),
    )


def _list_parameters(given: Mapping[str, pulumi.Input[str]]) -> list[hybridcompute.RunCommandInputParameterArgs]:
    return [hybridcompute.RunCommandInputParameterArgs(name=name, value=value) for name, value in sorted(given.items())]


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
