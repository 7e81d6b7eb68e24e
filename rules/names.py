"""Names in Azure and in AIO: those of the settings, which outputs, scripts and other tools look for."""

from __future__ import annotations

from collections.abc import Mapping

from arm.shapes import shape_of
from arm.types import ResourceType
from arm.types.deviceregistry import DEVICE_REGISTRY_NAMESPACE, SCHEMA_REGISTRY
from arm.types.extendedlocation import CUSTOM_LOCATION
from arm.types.iotoperations import BROKER, CONNECTOR_TEMPLATE, INSTANCE
from arm.types.keyvault import VAULT
from arm.types.maintenance import MAINTENANCE_CONFIGURATION
from arm.types.managedidentity import USER_ASSIGNED_IDENTITY
from arm.types.network import (
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    NETWORK_SECURITY_GROUP,
    PUBLIC_IP_ADDRESS,
    SUBNET,
    VIRTUAL_NETWORK,
    VIRTUAL_NETWORK_PEERING,
)
from arm.types.resources import RESOURCE_GROUP
from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS, SECRET_SYNC
from graph.graph import Resource
from graph.inputs import at, map_at, text_at
from rules.hosting import azure_vm
from rules.lookup import Hits, View
from rules.tables import read

_NAMES: Mapping[ResourceType, tuple[str, ...]] = {
    RESOURCE_GROUP: ("resource_group",),
    VIRTUAL_NETWORK: ("virtual_network",),
    SUBNET: ("subnet",),
    NETWORK_SECURITY_GROUP: ("network_security_group",),
    NAT_GATEWAY: ("nat_gateway",),
    PUBLIC_IP_ADDRESS: ("nat_gateway_public_ip",),
    NETWORK_INTERFACE: ("network_interface",),
    **azure_vm.NAMES,
    USER_ASSIGNED_IDENTITY: ("arc_identity", "secret_sync_identity", "aio_identity"),
    MAINTENANCE_CONFIGURATION: ("maintenance",),
    VAULT: ("key_vault",),
    SCHEMA_REGISTRY: ("schema_registry",),
    DEVICE_REGISTRY_NAMESPACE: ("device_registry_namespace",),
    CUSTOM_LOCATION: ("custom_location",),
    INSTANCE: ("aio_instance",),
    CONNECTOR_TEMPLATE: ("opcua_connector_template",),
}
"""Type -> the names of a cluster that its resources have; each of them once."""
_RANDOM: Mapping[str, object] = {"length": 5, "upper": False, "special": False}


def names(view: View) -> Hits:
    """Require that names are those of the settings, each once, and that AIO's broker is the one that it looks for."""
    for type_, fields in _NAMES.items():
        for name, cluster in view.clusters.items():
            expected = [getattr(cluster.names, field) for field in fields]
            if type_ in view.host(name).per_node:
                expected += [getattr(one.names, field) for one in cluster.nodes for field in fields]
            found = view.all(type_, cluster=name)
            for resource in found if len(found) <= len(expected) else ():  # one too many is ASK-01
                given = view.path(resource).rsplit("/", 1)[1]
                if given not in expected:
                    yield resource.name, _wrong_name(resource, given, expected)
    for resource in view.all(BROKER):
        if (given := text_at(view.inputs(resource), "brokerName")) != "default":
            yield resource.name, f"brokerName: {given!r}; expected 'default', the only one that AIO starts"
    yield from _inner_names(view)
    yield from _peering_names(view)
    yield from _random_names(view)
    yield from _listener_names(view)
    yield from _provider_class_names(view)


def _wrong_name(resource: Resource, given: str, expected: list[str]) -> str:
    parameter = shape_of(resource.type).type.path_parameters[-1]
    return (
        f"{parameter}: {given!r}; expected {' or '.join(map(repr, expected))}, composed in settings/cluster_names.py."
        " Give it from there"
    )


_INNER_NAMES: tuple[tuple[ResourceType, str, str], ...] = (
    *azure_vm.INNER_NAMES,
    (NETWORK_INTERFACE, "ipConfigurations.*.name", "ip_configuration"),
    (CUSTOM_LOCATION, "displayName", "custom_location"),
    (SCHEMA_REGISTRY, "namespace", "schema_registry_namespace"),
)


def _inner_names(view: View) -> Hits:
    for type_, path, field in _INNER_NAMES:
        for resource in view.all(type_):
            is_known = view.cluster(resource) in view.clusters
            for where, given in read(view.inputs(resource), path) if is_known else ():
                expected = getattr(view.as_node(resource).names, field)
                if given != expected:
                    yield resource.name, f"{where}: {given!r}; expected {expected!r}"


def _peering_names(view: View) -> Hits:
    """Require that a peering's name says from which cluster to which it goes: the portal shows nothing else of it."""
    codes = {view.path(network): view.clusters[name].code
             for name in view.clusters for network in view.all(VIRTUAL_NETWORK, cluster=name)}  # fmt: skip
    for peering in view.all(VIRTUAL_NETWORK_PEERING):
        here, there = (codes.get(end, "") for end in view.ends(peering))
        given, expected = view.path(peering).rpartition("/")[2], f"peer-{here}-to-{there}"
        if here and there and here != there and given != expected:  # with itself: REF-08
            yield (
                peering.name,
                f"virtualNetworkPeeringName: {given!r}; expected {expected!r}, from its own network's code",
            )


def _random_names(view: View) -> Hits:
    """Require random characters that a storage account takes, enough of them, the same as long as its group lasts."""
    for random in view.graph.of_type("random:index/randomString:RandomString"):
        inputs = view.inputs(random)
        for key, expected in _RANDOM.items():
            if inputs.get(key) != expected:
                yield random.name, f"{key}: {inputs.get(key)!r}; expected {expected!r}: names are all of Azure's"
        groups = [cluster.names.resource_group for cluster in view.clusters.values()]
        if (given := list(map_at(inputs, "keepers").values())) not in [[one] for one in groups]:
            yield random.name, f"keepers: {given}; expected its resource group alone, else the account is replaced"


def _listener_names(view: View) -> Hits:
    for parts in view.links:
        expected = view.settings.listener_of(parts.link)
        if parts.listener:
            for key, name in (("listenerName", expected.name), ("properties.serviceName", expected.service_name)):
                if (given := at(view.inputs(parts.listener), key)) != name:
                    yield parts.listener.name, f"{key}: {given!r}; expected {name!r}, which outputs and probes look for"


def _provider_class_names(view: View) -> Hits:
    """Require AIO's own class by its name, and for each Secret a class of the Secret's name, which no other shares."""
    secrets = {(view.cluster(sync), view.path(sync).rpartition("/")[2]) for sync in view.all(SECRET_SYNC)}
    for provider_class in view.all(SECRET_PROVIDER_CLASS):
        cluster, given = view.cluster(provider_class), view.path(provider_class).rpartition("/")[2]
        default = view.clusters[cluster].names.default_secret_provider_class if cluster in view.clusters else ""
        if given != default and (cluster, given) not in secrets:
            yield provider_class.name, _wrong_name(provider_class, given, [default, "the name of a Secret"])
