"""Azure's limits on names, as one table: kind (field of `ClusterNames`) -> what is allowed, and who says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class NameLimit:
    """What one kind of name may look like."""

    what: str
    shortest: int
    longest: int
    pattern: str
    """Regular expression that the whole name must match."""
    source: str

    def allows(self, name: str) -> bool:
        return self.shortest <= len(name) <= self.longest and re.fullmatch(self.pattern, name) is not None


_RULES = "learn.microsoft.com: Naming rules and restrictions for Azure resources"
_SCHEMA = "ARM schema of the type"

_NETWORK = r"[A-Za-z0-9]([-\w.]*\w)?"
_KUBERNETES = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_AIO = r"[a-z0-9][a-z0-9-]*[a-z0-9]"
_IDENTITY = r"[A-Za-z0-9][-\w]*"

NAME_LIMITS: Mapping[str, NameLimit] = {
    "resource_group": NameLimit("resource group", 1, 90, r"[-\w.()]*[-\w()]", _RULES),
    "virtual_network": NameLimit("virtual network", 2, 64, _NETWORK, _RULES),
    "subnet": NameLimit("subnet", 1, 80, _NETWORK, _RULES),
    "network_security_group": NameLimit("network security group", 1, 80, _NETWORK, _RULES),
    "nat_gateway": NameLimit("NAT gateway", 1, 80, _NETWORK, _RULES),
    "nat_gateway_public_ip": NameLimit("public IP address", 1, 80, _NETWORK, _RULES),
    "network_interface": NameLimit("network interface", 1, 80, _NETWORK, _RULES),
    "ip_configuration": NameLimit("IP configuration", 1, 80, _NETWORK, _RULES),
    "virtual_machine": NameLimit("Linux virtual machine", 1, 64, r"[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?", _RULES),
    "os_disk": NameLimit("disk", 1, 80, r"[A-Za-z0-9]([-\w.]*\w)?", _RULES),
    "arc_identity": NameLimit("managed identity", 3, 128, _IDENTITY, _RULES),
    "secret_sync_identity": NameLimit("managed identity", 3, 128, _IDENTITY, _RULES),
    "aio_identity": NameLimit("managed identity", 3, 128, _IDENTITY, _RULES),
    "key_vault": NameLimit("Key Vault", 3, 24, r"(?!.*--)[A-Za-z][-A-Za-z0-9]*[A-Za-z0-9]", _RULES),
    "storage_account_prefix": NameLimit("storage account, first part", 2, 2, r"[a-z0-9]+", _RULES),
    "storage_account_suffix": NameLimit("storage account, last part", 1, 17, r"[a-z0-9]+", _RULES),
    "schema_registry": NameLimit("schema registry", 3, 63, _AIO, _SCHEMA),
    "schema_registry_namespace": NameLimit("namespace of the schema registry", 3, 63, _AIO, _SCHEMA),
    "device_registry_namespace": NameLimit("Device Registry namespace", 3, 64, _AIO, _SCHEMA),
    "connected_cluster": NameLimit("Arc-connected cluster", 1, 63, _KUBERNETES, "az connectedk8s connect --help"),
    "custom_location": NameLimit("custom location", 1, 63, _KUBERNETES, "az customlocation create --help"),
    "aio_instance": NameLimit("IoT Operations instance", 3, 63, _AIO, _SCHEMA),
    "default_secret_provider_class": NameLimit("secret provider class", 1, 63, _KUBERNETES, _SCHEMA),
    "mqtt_secret_provider_class": NameLimit("secret provider class", 1, 63, _KUBERNETES, _SCHEMA),
}

ADMIN_USERNAME = NameLimit("administrator of the node", 1, 32, r"[a-z]([a-z0-9-]*[a-z0-9])?", "useradd(8), Ubuntu")

# fmt: off
REFUSED_ADMIN_USERNAMES = frozenset((
    "actuser", "adm", "admin", "admin1", "admin2", "administrator", "aspnet", "backup", "bin", "console",
    "daemon", "david", "games", "guest", "irc", "john", "list", "lp", "mail", "man", "news", "nobody",
    "owner", "proxy", "root", "server", "sql", "support", "sync", "sys", "systemd", "test", "test1", "test2",
    "test3", "user", "user1", "user2", "user3", "user4", "user5", "uucp", "video",
))
# fmt: on
"""Azure refuses these for any VM (osProfile.adminUsername), or Ubuntu has such an account or group already."""
