"""Names that deployed stacks have: a name of another form is another resource, and the old one goes with its data."""

from __future__ import annotations

from collections.abc import Mapping

CLUSTER: Mapping[str, str] = {
    "resource_group": "rg-{tail}",
    "virtual_network": "vnet-{tail}",
    "subnet": "snet-{tail}",
    "network_security_group": "nsg-{tail}",
    "nat_gateway": "nat-{tail}",
    "nat_gateway_public_ip": "pip-nat-{tail}-1",
    "network_interface": "nic-{name}-aio-{stack}-0",
    "ip_configuration": "ipconfig-{name}-aio-{stack}-0",
    "virtual_machine": "vm-{name}-aio-{stack}-0",
    "os_disk": "osdisk-{name}-aio-{stack}-0",
    "arc_identity": "id-{name}-arc-{stack}",
    "secret_sync_identity": "id-{name}-sse-{stack}",
    "aio_identity": "id-{name}-aio-{stack}",
    "key_vault": "kv-{tail}",
    "storage_account_prefix": "st",
    "storage_account_suffix": "{letters}",
    "schema_registry": "sr-{tail}",
    "schema_registry_namespace": "srns-{tail}",
    "device_registry_namespace": "adrns-{tail}",
    "connected_cluster": "arck-{tail}",
    "custom_location": "cl-arck-{tail}",
    "aio_instance": "iotops-arck-{tail}",
}
"""Field of a cluster's names -> its form: `name` is prefix and code, `stack` environment and instance, `tail` both."""
LISTENER: Mapping[str, str] = {
    "name": "default-loadbalancer",
    "service_name": "aio-broker-loadbalancer",
    "authentication_name": "cert-auth",
    "authorization_name": "links",
    "common_name": "{cluster}-broker-g{generation}",
    "secret_name": "broker-tls-cert-g{generation}",
    "certificate_secret": "server-leaf-crt-g{generation}",
    "key_secret": "server-leaf-key-g{generation}",
    "client_ca_config_map": "client-ca-g{pki}",
    "server_ca_config_map": "server-ca-{cluster}-g{generation}",
    "root_name": "{prefix}{code}-{environment}-server-root-g{generation}",
    "intermediate_name": "{prefix}{code}-{environment}-server-intermediate-g{generation}",
}
LINK: Mapping[str, str] = {
    "name": "{client}-to-{broker}",
    "common_name": "{client}-to-{broker}-g{generation}",
    "endpoint_name": "mqtt-{broker}",
    "secret_name": "client-secret-{broker}-g{generation}",
    "certificate_secret": "{client}-to-{broker}-client-leaf-crt-g{generation}",
    "key_secret": "{client}-to-{broker}-client-leaf-key-g{generation}",
    "intermediate_secret": "{client}-to-{broker}-client-intermediate-crt-g{generation}",
    "server_ca_config_map": "server-ca-{broker}-g{server}",
}
AUTHORITIES: Mapping[str, str] = {
    f"client_{level}": f"{{prefix}}-{{environment}}-client-{level}-g{{pki}}" for level in ("root", "intermediate")
}
EXTERNAL_LISTENER: Mapping[str, str] = {
    **LISTENER,
    "common_name": "{prefix}-{environment}-{instance}--{cluster}-broker-g{generation}",
    "root_name": "{prefix}{code}-{environment}-{instance}-server-root-g{generation}",
    "intermediate_name": "{prefix}{code}-{environment}-{instance}-server-intermediate-g{generation}",
}
"""Where other stacks may ask the same CA, whom a subject alone tells apart."""
EXTERNAL_LINK: Mapping[str, str] = {
    **LINK,
    "common_name": "{prefix}-{environment}-{instance}--{client}-to-{broker}-g{generation}",
}
EXTERNAL_AUTHORITIES: Mapping[str, str] = {
    f"client_{level}": f"{{prefix}}-{{environment}}-{{instance}}-client-{level}-g{{pki}}"
    for level in ("root", "intermediate")
}
DATAFLOWS: Mapping[tuple[str, str], str] = {
    ("input", "x"): "to-{broker}-input",
    ("line/+/temperature", "x"): "to-{broker}-line-temperature-6a55f",
}
"""(source, destination) -> the dataflow's name."""
ASSIGNMENT = ("sub", "group", "thing"), "7b83115c-a5ef-52a9-9c43-f1b4af508ec8"
"""What the name of a role assignment is derived from, and what it comes out as."""
STACK_TAG = "edge-stamps-stack", "{prefix}-{environment}-{instance}"
"""The tag of resource groups, by which a killed run's leftovers are known again."""
