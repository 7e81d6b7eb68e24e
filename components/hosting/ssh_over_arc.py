"""SSH to an Arc-enabled machine by way of Azure: no port of the plant is opened for it."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import hybridconnectivity

from components.context import StampContext
from settings.machines import SshOverArc


def open_ssh_over_arc(context: StampContext, machine_id: pulumi.Output[str], ssh: SshOverArc) -> None:
    """Let Azure hand connections of `az ssh arc` on to the machine's own sshd.

    The names are those that az looks for
    (https://learn.microsoft.com/azure/azure-arc/servers/ssh-arc-overview, "Enable functionality").
    """
    endpoint = hybridconnectivity.Endpoint(
        context.logical_name("ssh-endpoint"),
        resource_uri=machine_id,
        endpoint_name="default",
        type="default",
        opts=context.options(),
    )
    hybridconnectivity.ServiceConfiguration(
        context.logical_name("ssh-service"),
        resource_uri=machine_id,
        endpoint_name=endpoint.name,
        service_configuration_name="SSH",
        service_name="SSH",
        port=ssh.port,
        opts=context.options(),
    )
