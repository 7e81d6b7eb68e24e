"""How clusters come to be: one module for each kind of host, registered in `_CREATE`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from components.context import StampContext
from components.hosting import arc_machine, azure_vm, existing_cluster
from components.hosting.host import Host

_CREATE: Mapping[str, Callable[[StampContext], Host]] = {
    "azure-vm": azure_vm.create_host,
    "arc-machine": arc_machine.create_host,
    "existing-cluster": existing_cluster.create_host,
}


def create_host(context: StampContext) -> Host:
    """Create the host that the setting `hosting` of the cluster asks for."""
    return _CREATE[context.cluster.hosting](context)
