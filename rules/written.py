"""The stack file, read a second time: what it says is what the settings say, from which every other rule judges.

Without this, a mistake on the way from the file to the settings would move the yardstick along with the deployment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from arm.types.network import VIRTUAL_NETWORK
from graph.inputs import at, list_at, map_at
from rules.lookup import Hits, View
from settings import stack_file
from settings.loaded_stack import LoadedStack
from settings.model import Link

_STACK: Mapping[str, str] = {
    "prefix": "prefix",
    "environment": "environment",
    "instance": "instance",
    "profile": "profile",
    "location": "location",
    "release": "release.name",
    "subscription_id": "tenant.subscription_id",
    "tenant_id": "tenant.tenant_id",
    "custom_locations_object_id": "tenant.custom_locations_object_id",
    "admin_group_object_id": "tenant.admin_group_object_id",
    "admin_user_object_ids": "admin_users",
    "operator_group_object_id": "operator_group",
    "ssh_public_key": "tenant.ssh_public_key",
    "custom_roles": "custom_roles",
    "tags": "tags",
    **{f"pki.{name}": f"pki.{name}" for name in (
        "generation", "revoked_generation", "algorithm", "external_ca", "root_days", "intermediate_days", "leaf_days",
        "early_renewal_days",
    )},
    **{f"protection.{name}": f"protection.{name}" for name in (
        "protect", "purge_protection", "soft_delete_days", "storage_sku", "dataflow_disk_persistence",
        "outage_hours",
    )},
}  # fmt: skip
_CLUSTER: Mapping[str, str] = {
    "code": "code",
    "hosting": "hosting",
    "machine.resource_id": "machine.resource_id",
    "machine.ssh_over_arc.user": "machine.ssh_over_arc.user",
    "machine.ssh_over_arc.port": "machine.ssh_over_arc.port",
    **{f"machine.ssh.{name}": f"machine.ssh.{name}" for name in ("host", "port", "user", "host_key")},
    "connected_cluster.resource_id": "existing.resource_id",
    "connected_cluster.kubeconfig": "existing.kubeconfig",
    "connected_cluster.context": "existing.context",
    "location": "location",
    "tags": "tags",
    "network": "joined",
    "address_space": "network.address_space",
    "subnet": "network.subnet",
    "node.address": "address",
    "listener.port": "listener.port",
    "listener.dns_name": "listener.host",
    "listener.generation": "listener.own_generation",
    "listener.revoked_generation": "listener.revoked_generation",
    **{f"node.{name}": f"node.{name}" for name in (
        "vm_size", "zone", "os_disk_gib", "os_disk_sku", "encryption_at_host", "image", "k3s_version", "k3s_sha256",
        "network_policies",
    )},
    "node.proxy.http": "proxy.http",
    "node.proxy.https": "proxy.https",
    "node.proxy.no_proxy": "node.proxy.no_proxy",
    **{f"node.maintenance.{name}": f"node.maintenance.{name}" for name in ("start", "duration", "time_zone", "every")},
    **{f"broker.{name}": f"broker.{name}" for name in (
        "memory_profile", "frontend_replicas", "frontend_workers", "backend_partitions", "backend_workers",
        "backend_redundancy_factor", "persistence_gib", "max_session_hours", "max_message_hours", "max_packet_mib",
        "max_receive_messages", "max_keep_alive_seconds", "max_queue_messages",
    )},
}  # fmt: skip
_NODE: Mapping[str, str] = {
    "name": "name",
    "machine.resource_id": "machine.resource_id",
    "vm_size": "node.vm_size",
    "zone": "node.zone",
    "address": "address",
}
_LINK: Mapping[str, str] = {
    "from": "client",
    "to": "broker",
    "via": "via",
    "generation": "own_generation",
    "revoked_generation": "revoked_generation",
    "client_id_prefix": "client_id_prefix",
    "client_ids": "client_ids",
}
_TOPIC: Mapping[str, str] = {"payload": "payload", "shared": "shared"}
"""Path in the file -> where the settings have it."""
_NULL_IS_A_VALUE = (
    "node.zone", "broker.persistence_gib", "broker.max_session_hours", "broker.max_packet_mib",
    "broker.max_keep_alive_seconds",
)  # fmt: skip
"""Elsewhere it stands for the default, which FACT-04 judges."""
_GUIDS = (
    "subscription_id", "tenant_id", "custom_locations_object_id", "admin_group_object_id", "admin_user_object_ids",
    "operator_group_object_id",
)  # fmt: skip
"""Written in any case (https://www.rfc-editor.org/rfc/rfc9562#section-4)."""


def read_file(stack: LoadedStack) -> Mapping[str, Any]:
    """Return the settings as the stack's file has them; nothing where there is no such file."""
    file = stack_file.path(stack.folder, stack.stack)
    document = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return map_at(map_at(document, "config"), stack_file.SETTINGS_KEY)


def arrives(view: View) -> Hits:
    """Require that every value of the stack file is that of the settings."""
    for where, given, found in _pairs(view):
        if _normal(where, given) != _normal(where, found):
            yield (
                where,
                f"the stack file says {given!r}, the settings {found!r}. Mend settings/ (resolve.py, defaults.py)",
            )


def _pairs(view: View) -> Iterator[tuple[str, Any, Any]]:
    """Yield what the file says, each value with its place and with what the settings have."""
    file = view.written
    yield from _compared("", file, view.settings, _STACK)
    clusters = map_at(file, "clusters")
    if clusters:
        yield "clusters", sorted(clusters), sorted(view.clusters)
    for name, written in clusters.items():
        if name in view.clusters:
            cluster = view.clusters[name]
            yield from _compared(f"clusters.{name}.", written, cluster, _CLUSTER)
            nodes = list_at(written, "nodes")
            if "nodes" in (written or {}):
                yield f"clusters.{name}.nodes", len(nodes), len(cluster.nodes)
            for index, (one, node) in enumerate(zip(nodes, cluster.nodes, strict=False)):
                yield from _compared(f"clusters.{name}.nodes[{index}].", one, node, _NODE)
    if "links" in file:
        yield from _links(list_at(file, "links"), list(view.settings.links.values()), view)


def _links(written: list[Any], links: list[Link], view: View) -> Iterator[tuple[str, Any, Any]]:
    ends = [(one.get("from"), one.get("to")) for one in written]
    yield "links", ends, [(link.client, link.broker) for link in links]
    brokers = sorted(name for name, cluster in view.clusters.items() if cluster.listener)
    yield "links (clusters with a listener)", sorted({broker for _, broker in ends}), brokers
    peers = sorted((peering.first, peering.second) for peering in view.settings.peerings)
    alone = {name for name, one in map_at(view.written, "clusters").items() if at(one, "network") == "none"}
    with_network = {name for name in view.clusters if VIRTUAL_NETWORK in view.host(name).resources} - alone
    joined = [pair for pair, one in zip(ends, written, strict=True) if one.get("via") != "routed"]
    pairs = sorted({tuple(sorted(pair)) for pair in joined if with_network.issuperset(pair)})
    yield "links (peerings)", pairs, peers
    for index, (one, link) in enumerate(zip(written, links, strict=False)):
        yield from _compared(f"links[{index}].", one, link, _LINK)
        if topics := list_at(one, "topics"):
            given = [(topic.get("from"), topic.get("to")) for topic in topics]
            yield f"links[{index}].topics", given, [(topic.source, topic.destination) for topic in link.topics]
            for position, (topic, resolved) in enumerate(zip(topics, link.topics, strict=False)):
                yield from _compared(f"links[{index}].topics[{position}].", topic, resolved, _TOPIC)


def _compared(where: str, written: Any, resolved: object, table: Mapping[str, str]) -> Iterator[tuple[str, Any, Any]]:
    for path, attribute in table.items():
        section, _, key = path.rpartition(".")
        if key in (map_at(written, section) if section else written or {}):
            value = at(written, path)
            if value is not None or path in _NULL_IS_A_VALUE:
                yield f"{where}{path}", value, _read(resolved, attribute)


def _read(resolved: object, attribute: str) -> object:
    for step in attribute.split("."):
        if resolved is None:  # of a cluster without a listener, or without a network
            return None
        resolved = getattr(resolved, step)
    return resolved


def _normal(where: str, value: Any) -> Any:
    """Return the value as far as it means something at this place: else a change of case would pass unseen."""
    if isinstance(value, list | tuple):
        return [_normal(where, item) for item in value]
    if isinstance(value, Mapping):
        return value
    text, key = str(value), where.rpartition(".")[2]
    if key == "location":  # "West Europe" is westeurope
        return "".join(text.casefold().split())
    if key in _GUIDS:
        return text.casefold()
    return text.strip() if key == "ssh_public_key" else text  # a block of YAML ends with a new line
