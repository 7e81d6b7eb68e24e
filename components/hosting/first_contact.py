"""A machine that Azure Arc does not know becomes an Arc-enabled one: the one time that anything goes there over SSH.

The machine in Azure is made by `azcmagent connect`, as the connected cluster is by `az connectedk8s connect`, and is no
resource of the stack: it stays when the stack goes (docs/decisions/0018-first-contact.md).
"""

from __future__ import annotations

import pulumi
from pulumi_azure_native import authorization
from pulumi_command import remote

from components.context import StampContext
from components.hosting.connected_cluster import name_proxy
from nodes import ENABLE_ARC, command_over_ssh, input_over_ssh
from settings.machines import Machine, Ssh
from settings.releases import NODE_TOOLS

_SECONDS = 3600


def enable_arc(context: StampContext, machine: Machine, ssh: Ssh) -> remote.Command:
    """Arc-enable the machine, with a token of whoever deploys that lasts for an hour or so.

    Once: another token, another script or another way there changes nothing on a machine that is enabled, so their
    changes are ignored. Another machine replaces the command, and gets the token and the script of that run: an engine
    ignores no change of what it replaces (pulumi/pulumi, pkg/resource/deploy/step_generator.go). One that fails leaves
    nothing in the state, so that the next `up` runs it again.
    """
    deployer = authorization.get_client_token_output(opts=pulumi.InvokeOutputOptions(parent=context.parent))
    script: pulumi.Input[str] = deployer.apply(lambda found: input_over_ssh(ENABLE_ARC, {"ACCESS_TOKEN": found.token}))
    parameters = {
        "SUBSCRIPTION_ID": context.subscription_id,
        "RESOURCE_GROUP": machine.resource_group,
        "MACHINE_NAME": machine.name,
        "LOCATION": context.cluster.location,
        "TENANT_ID": context.settings.tenant.tenant_id,
        "AGENT_VERSION": NODE_TOOLS.arc_agent_version,
        **name_proxy(context.cluster.proxy),
    }
    timeout = f"{_SECONDS + 600}s"
    return remote.Command(
        context.logical_name(ENABLE_ARC),
        connection=remote.ConnectionArgs(
            host=ssh.host,
            port=ssh.port,
            user=ssh.user,
            # Without it the provider sends everything to whoever answers (provider/pkg/provider/remote/connection.go).
            host_key=ssh.host_key,
            dial_error_limit=3,
            per_dial_timeout=15,
        ),
        create=command_over_ssh(ENABLE_ARC, parameters, _SECONDS),
        stdin=pulumi.Output.secret(script),
        add_previous_output_in_env=False,
        triggers=[machine.resource_id],
        opts=pulumi.ResourceOptions(
            parent=context.parent,
            ignore_changes=["connection", "create", "stdin"],
            custom_timeouts=pulumi.CustomTimeouts(create=timeout),
        ),
    )
