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
_KUBERNETES = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_AIO = r"[a-z0-9][a-z0-9-]*[a-z0-9]"
_IDENTITY = r"[A-Za-z0-9][-\w]*"
_STORAGE_SUFFIX_LENGTH = 24 - len("st") - 5
"""What the limit of 24 leaves behind `st` and the 5 random characters."""


def _limited(what: str, shortest: int, longest: int, pattern: str, source: str) -> Any:
    return field(metadata={"limit": NameLimit(what, shortest, longest, pattern, source)})


@dataclass(frozen=True)
class ClusterNames:
    """Explicit Azure names; a new one is a field here, with what Azure allows, and a line below."""

    resource_group: str = _limited("resource group", 1, 90, r"[-\w.()]*[-\w()]", _RULES)
    virtual_network: str = _limited("virtual network", 2, 64, _NETWORK, _RULES)
    subnet: str = _limited("subnet", 1, 80, _NETWORK, _RULES)
    network_security_group: str = _limited("network security group", 1, 80, _NETWORK, _RULES)
    nat_gateway: str = _limited("NAT gateway", 1, 80, _NETWORK, _RULES)
    nat_gateway_public_ip: str = _limited("public IP address", 1, 80, _NETWORK, _RULES)
    network_interface: str = _limited("network interface", 1, 80, _NETWORK, _RULES)
    ip_configuration: str = _limited("IP configuration", 1, 80, _NETWORK, _RULES)
    virtual_machine: str = _limited("Linux virtual machine", 1, 64, r"[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?", _RULES)
    os_disk: str = _limited("disk", 1, 80, r"[A-Za-z0-9]([-\w.]*\w)?", _RULES)
    arc_identity: str = _limited("managed identity", 3, 128, _IDENTITY, _RULES)
    secret_sync_identity: str = _limited("managed identity", 3, 128, _IDENTITY, _RULES)
    aio_identity: str = _limited("managed identity", 3, 128, _IDENTITY, _RULES)
    key_vault: str = _limited("Key Vault", 3, 24, r"(?!.*--)[A-Za-z][-A-Za-z0-9]*[A-Za-z0-9]", _RULES)
    storage_account_prefix: str = _limited("storage account, first part", 2, 2, r"[a-z0-9]+", _RULES)
    """Goes before the 5 random characters: `st`."""
    storage_account_suffix: str = _limited("storage account, last part", 1, 17, r"[a-z0-9]+", _RULES)
    """Goes after the 5 random characters; the whole is cut to 24 characters."""
    schema_registry: str = _limited("schema registry", 3, 63, _AIO, _SCHEMA)
    schema_registry_namespace: str = _limited("namespace of the schema registry", 3, 63, _AIO, _SCHEMA)
    device_registry_namespace: str = _limited("Device Registry namespace", 3, 64, _AIO, _SCHEMA)
    connected_cluster: str = _limited("Arc-connected cluster", 1, 63, _KUBERNETES, "az connectedk8s connect --help")
    custom_location: str = _limited("custom location", 1, 63, _KUBERNETES, "az customlocation create --help")
    aio_instance: str = _limited("IoT Operations instance", 3, 63, _AIO, _SCHEMA)
    default_secret_provider_class: str = _limited("secret provider class", 1, 63, _KUBERNETES, _SCHEMA)
    mqtt_secret_provider_class: str = _limited("secret provider class", 1, 63, _KUBERNETES, _SCHEMA)


NAME_LIMITS: Mapping[str, NameLimit] = {one.name: one.metadata["limit"] for one in fields(ClusterNames)}


def cluster_names(prefix: str, code: str, environment: str, instance: str) -> ClusterNames:
    """Return every Azure name of one cluster."""
    name = f"{prefix}{code}"
    tail = f"{name}-{environment}-{instance}"
    machine = f"{name}-aio-{environment}-{instance}-0"
    resource_group = f"rg-{tail}"
    connected_cluster = f"arck-{tail}"
    return ClusterNames(
        resource_group=resource_group,
        virtual_network=f"vnet-{tail}",
        subnet=f"snet-{tail}",
        network_security_group=f"nsg-{tail}",
        nat_gateway=f"nat-{tail}",
        nat_gateway_public_ip=f"pip-nat-{tail}-1",
        network_interface=f"nic-{machine}",
        ip_configuration=f"ipconfig-{machine}",
        virtual_machine=f"vm-{machine}",
        os_disk=f"osdisk-{machine}",
        arc_identity=f"id-{name}-arc-{environment}-{instance}",
        secret_sync_identity=f"id-{name}-sse-{environment}-{instance}",
        aio_identity=f"id-{name}-aio-{environment}-{instance}",
        key_vault=f"kv-{tail}",
        storage_account_prefix="st",
        storage_account_suffix=tail.replace("-", "")[:_STORAGE_SUFFIX_LENGTH],
        schema_registry=f"sr-{tail}",
        schema_registry_namespace=f"srns-{tail}",
        device_registry_namespace=f"adrns-{tail}",
        connected_cluster=connected_cluster,
        custom_location=f"cl-{connected_cluster}",
        aio_instance=f"iotops-{connected_cluster}",
        default_secret_provider_class=_default_secret_provider_class(connected_cluster, resource_group),
        mqtt_secret_provider_class=f"spc-ops-aio-{code}",
    )


def _default_secret_provider_class(connected_cluster: str, resource_group: str) -> str:
    """Return the name that `az iot ops secretsync enable` gives, so that it finds the class."""
    digest = sha256(f"{connected_cluster}-{resource_group}-iotops-{connected_cluster}".encode()).hexdigest()
    return f"spc-ops-{digest[:7]}"
