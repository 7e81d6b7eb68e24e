"""What the outputs tell of clusters, peerings, Secrets and release, against what is deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from arm.shapes import shape_of
from arm.types import ResourceType
from arm.types.deviceregistry import DEVICE_REGISTRY_NAMESPACE
from arm.types.iotoperations import INSTANCE
from arm.types.keyvault import VAULT
from arm.types.kubernetesconfiguration import EXTENSION
from arm.types.network import (
    NAT_GATEWAY,
    NETWORK_INTERFACE,
    PUBLIC_IP_ADDRESS,
    VIRTUAL_NETWORK,
    VIRTUAL_NETWORK_PEERING,
)
from arm.types.resources import RESOURCE_GROUP
from graph.inputs import at, list_at, text_at
from rules.facts.extensions import AIO, CERT_MANAGER, SECRET_STORE
from rules.identities import issuer_of
from rules.lookup import View
from rules.tables import read

Tree = Mapping[str, Any]

_PARTS: Mapping[str, ResourceType] = {
    "resource_group": RESOURCE_GROUP,
    "aio_instance": INSTANCE,
    "key_vault": VAULT,
    "virtual_network": VIRTUAL_NETWORK,
    "nat_gateway": NAT_GATEWAY,
}
"""Key of a cluster's entry -> what its `id` and `name` are of."""
_VERSIONS = {"aio": AIO.type, "cert_manager": CERT_MANAGER.type, "secret_store": SECRET_STORE.type}
"""Key of the output `release` -> the extension whose version it is."""
_APIS = {"iot_operations_api": INSTANCE, "device_registry_api": DEVICE_REGISTRY_NAMESPACE}
"""Key of the output `release` -> a type that is of this API version."""


def differences(view: View, outputs: Tree) -> Iterator[str]:
    """Yield each value of the outputs that is not the deployed one; what is not there is told by the contract."""
    expected = {
        **{f"clusters.{name}": _cluster(view, name) for name in view.clusters},
        **{f"vnet_peerings.{one.first}-to-{one.second}": _peering(view, one.first, one.second)
           for one in view.settings.peerings},
        "release": {"name": view.settings.release.name, **_versions(view)} if view.release else {},  # REL-01
    }  # fmt: skip
    for where, tree in expected.items():
        given = at(outputs, where)
        for path, value in tree.items():
            for _, found in read(given, path):
                if value and found is not None and found != value:
                    yield f"stack output {where}.{path} is {found!r}; deployed is {value!r}"
    for name in view.clusters:
        synced, deployed = (_in_order(side) for side in (list_at(outputs, f"secret_sync.{name}"), _synced(view, name)))
        if synced != deployed:
            yield f"stack output secret_sync.{name} is {synced}; deployed is {deployed}"


def _cluster(view: View, name: str) -> dict[str, Any]:
    expected = {"resource_group.location": view.clusters[name].location, **_network(view, name), **_arc(view, name)}
    parts = {key: view.one(type_, name) for key, type_ in _PARTS.items()} | {"node": view.node(name)}
    for key, found in parts.items():
        if found:
            expected |= {f"{key}.id": view.path(found), f"{key}.name": view.path(found).rpartition("/")[2]}
    if vault := parts["key_vault"]:
        expected["key_vault.uri"] = text_at(view.outputs(vault), "properties.vaultUri")
    return expected


def _network(view: View, name: str) -> dict[str, Any]:
    expected = {}
    interfaces = [one for one in view.all(NETWORK_INTERFACE, cluster=name) if view.further(one) is None]
    for interface in interfaces[:1]:
        for _, address in read(view.inputs(interface), "ipConfigurations.*.privateIPAddress"):
            expected["node.private_ip_address"] = address
    if public := view.one(PUBLIC_IP_ADDRESS, name):
        own = f"nat_gateway_public_ips.{view.path(public).rpartition('/')[2]}"
        expected |= {f"{own}.id": view.path(public), f"{own}.ip_address": text_at(view.outputs(public), "ipAddress")}
    return expected


def _arc(view: View, name: str) -> dict[str, Any]:
    for arm_id, command in view.connected_clusters.items():
        if view.cluster(command) == name:
            described = {
                "id": arm_id,
                "name": arm_id.rpartition("/")[2],
                "location": view.parameters(command).get("LOCATION"),
                "oidc_issuer_url": issuer_of(view, name),
            }
            return {f"arc_connected_cluster.{key}": value for key, value in described.items()}
    return {}


def _peering(view: View, first: str, second: str) -> dict[str, Any]:
    found = {view.ends(one): view.path(one) for one in view.all(VIRTUAL_NETWORK_PEERING)}
    here, there = (view.one(VIRTUAL_NETWORK, name) for name in (first, second))
    ends = (view.path(here), view.path(there)) if here and there else ("", "")
    return {
        "first": first,
        "second": second,
        "first_to_second_id": found.get(ends),
        "second_to_first_id": found.get(ends[::-1]),
    }


def _versions(view: View) -> dict[str, Any]:
    deployed = {
        text_at(view.inputs(one), "extensionType").lower(): view.inputs(one).get("version")
        for one in view.all(EXTENSION)
    }
    versions = {key: deployed.get(kind) for key, kind in _VERSIONS.items()}
    for key, type_ in _APIS.items():
        for found in view.all(type_):
            versions[key] = shape_of(found.type).api_version
    return versions


def _synced(view: View, cluster: str) -> list[dict[str, Any]]:
    return [
        {"secret": name, "type": text_at(view.inputs(sync), "kubernetesSecretType"), "keys": view.mapping(sync)}
        for (owner, name), sync in view.syncs.items()
        if owner == cluster
    ]


def _in_order(secrets: list[Any]) -> list[Any]:
    return sorted(secrets, key=lambda one: text_at(one, "secret"))
