"""Azure names of everything that one cluster owns: what is allowed, and how each is composed.

Composed from prefix, code, environment and instance, never from order; the words are those of
https://learn.microsoft.com/azure/cloud-adoption-framework/ready/azure-best-practices/resource-abbreviations
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from hashlib import sha256
from typing import Any

from settings.name_limits import NameLimit

_RULES = "learn.microsoft.com: Naming rules and restrictions for Azure resources"
_SCHEMA = "ARM schema of the type"

_NETWORK = r"[A-Za-z0-9]([-\w.]*\w)?"
_MACHINE = r"[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?"
_KUBERNETES = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_AIO = r"[a-z0-9][a-z0-9-]*[a-z0-9]"
_IDENTITY = r"[A-Za-z0-9][-\w]*"
_STORAGE_SUFFIX_LENGTH = 24 - len("st") - 5
"""What the limit of 24 leaves behind `st` and the 5 random characters."""


def _name(form: str, what: str, shortest: int, longest: int, pattern: str, source: str = _RULES) -> Any:
    return field(metadata={"form": form, "limit": NameLimit(what, shortest, longest, pattern, source)})


@dataclass(frozen=True)
class ClusterNames:
    """Explicit Azure names: how each is composed, and what Azure allows. A new one is one line here."""

    resource_group: str = _name("rg-{tail}", "resource group", 1, 90, r"[-\w.()]*[-\w()]")
    virtual_network: str = _name("vnet-{tail}", "virtual network", 2, 64, _NETWORK)
    subnet: str = _name("snet-{tail}", "subnet", 1, 80, _NETWORK)
    network_security_group: str = _name("nsg-{tail}", "network security group", 1, 80, _NETWORK)
    nat_gateway: str = _name("nat-{tail}", "NAT gateway", 1, 80, _NETWORK)
    nat_gateway_public_ip: str = _name("pip-nat-{tail}-1", "public IP address", 1, 80, _NETWORK)
    network_interface: str = _name("nic-{machine}", "network interface", 1, 80, _NETWORK)
    ip_configuration: str = _name("ipconfig-{machine}", "IP configuration", 1, 80, _NETWORK)
    virtual_machine: str = _name("vm-{machine}", "Linux virtual machine", 1, 64, _MACHINE)
    os_disk: str = _name("osdisk-{machine}", "disk", 1, 80, _NETWORK)
    arc_identity: str = _name("id-{name}-arc-{stack}", "managed identity", 3, 128, _IDENTITY)
    secret_sync_identity: str = _name("id-{name}-sse-{stack}", "managed identity", 3, 128, _IDENTITY)
    aio_identity: str = _name("id-{name}-aio-{stack}", "managed identity", 3, 128, _IDENTITY)
    key_vault: str = _name("kv-{tail}", "Key Vault", 3, 24, r"(?!.*--)[A-Za-z][-A-Za-z0-9]*[A-Za-z0-9]")
    storage_account_prefix: str = _name("st", "storage account, first part", 2, 2, r"[a-z0-9]+")
    """Goes before the 5 random characters: `st`."""
    storage_account_suffix: str = _name("{letters}", "storage account, last part", 1, 17, r"[a-z0-9]+")
    """Goes after the 5 random characters; the whole is cut to 24 characters."""
    maintenance: str = _name(
        "mc-{tail}", "maintenance configuration", 1, 37, _KUBERNETES,
        "learn.microsoft.com/azure/virtual-machines/maintenance-configurations: less than 128 with the resource group",
    )  # fmt: skip
    """128 less one and the 90 of a resource group."""
    schema_registry: str = _name("sr-{tail}", "schema registry", 3, 63, _AIO, _SCHEMA)
    schema_registry_namespace: str = _name("srns-{tail}", "namespace of the schema registry", 3, 63, _AIO, _SCHEMA)
    device_registry_namespace: str = _name("adrns-{tail}", "Device Registry namespace", 3, 64, _AIO, _SCHEMA)
    connected_cluster: str = _name(
        "arck-{tail}", "Arc-connected cluster", 1, 63, _KUBERNETES, "az connectedk8s connect --help"
    )
    custom_location: str = _name(
        "cl-arck-{tail}", "custom location", 1, 63, _KUBERNETES, "az customlocation create --help"
    )
    aio_instance: str = _name("iotops-arck-{tail}", "IoT Operations instance", 3, 63, _AIO, _SCHEMA)
    opcua_connector_template: str = _name(
        "azureiotoperationsconnectorforopcua-{digest:.4}", "connector template", 3, 63, _AIO, _SCHEMA
    )
    """AIO finds its OPC UA connector by what stands before the dash."""
    default_secret_provider_class: str = _name("spc-ops-{digest}", "secret provider class", 1, 63, _KUBERNETES, _SCHEMA)


@dataclass(frozen=True)
class NodeNames:
    """Explicit Azure names of a further node's parts, composed as those of the first."""

    network_interface: str
    ip_configuration: str
    virtual_machine: str
    os_disk: str


NAME_LIMITS: Mapping[str, NameLimit] = {one.name: one.metadata["limit"] for one in fields(ClusterNames)}


def cluster_names(prefix: str, code: str, environment: str, instance: str, connected_cluster: str = "") -> ClusterNames:
    """Return every Azure name of one cluster; `connected_cluster` is what one is called that is there already."""
    name, stack = f"{prefix}{code}", f"{environment}-{instance}"
    tail = f"{name}-{stack}"
    # As `az iot ops secretsync enable` names the secret provider class, so that it finds it.
    connected = connected_cluster or f"arck-{tail}"
    digest = sha256(f"{connected}-rg-{tail}-iotops-arck-{tail}".encode()).hexdigest()[:7]
    parts = {
        "name": name,
        "code": code,
        "stack": stack,
        "tail": tail,
        "machine": f"{name}-aio-{stack}-0",
        "letters": tail.replace("-", "")[:_STORAGE_SUFFIX_LENGTH],
        "digest": digest,
    }
    composed = {one.name: one.metadata["form"].format_map(parts) for one in fields(ClusterNames)}
    return ClusterNames(**{**composed, "connected_cluster": connected})


def node_names(first: ClusterNames, node: str) -> NodeNames:
    """Return the names of a further node: its own name in the place of the first one's number.

    They stay within Azure's limits where the cluster's names do: that of a Key Vault leaves room for a longer one.
    """
    return NodeNames(**{one.name: f"{getattr(first, one.name).removesuffix('0')}{node}" for one in fields(NodeNames)})
