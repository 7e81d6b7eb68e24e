"""Settings that reach one input each: what the user asked for is what is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from arm.shapes import shape_of
from arm.types.hybridconnectivity import SERVICE_CONFIGURATION
from arm.types.iotoperations import BROKER, DATAFLOW
from arm.types.keyvault import VAULT
from arm.types.maintenance import MAINTENANCE_CONFIGURATION
from arm.types.network import (
    NAT_GATEWAY,
    PUBLIC_IP_ADDRESS,
    SUBNET,
    VIRTUAL_NETWORK,
)
from arm.types.resources import RESOURCE_GROUP
from arm.types.secretsynccontroller import SECRET_PROVIDER_CLASS
from arm.types.storage import STORAGE_ACCOUNT
from graph.inputs import map_at
from rules.hosting import azure_vm
from rules.lookup import Hits, View
from rules.tables import Requested, read, zones
from settings.model import Cluster, Settings
from settings.naming import STACK_TAG, stack_tag

_CARDINALITY = "properties.cardinality"
_CLIENTS = "properties.advanced.clients"


def _broker(field: str) -> Callable[[Settings, Cluster], Any]:
    return lambda _, cluster: getattr(cluster.broker, field)


def _if_persistent(value: Callable[[int], Any]) -> Callable[[Settings, Cluster], Any]:
    def expected(_: Settings, cluster: Cluster) -> Any:
        gib = cluster.broker.persistence_gib
        return None if gib is None else value(gib)

    return expected


def _limit(field: str, unit: int = 1) -> Callable[[Settings, Cluster], Any]:
    def expected(_: Settings, cluster: Cluster) -> Any:
        most = getattr(cluster.broker, field)
        return None if most is None else most * unit

    return expected


def _when_full(_: Settings, cluster: Cluster) -> str | None:
    return None if cluster.broker.max_queue_messages is None else "DropOldest"


def _address_space(_: Settings, cluster: Cluster) -> list[str]:
    return [str(cluster.network.address_space)] if cluster.network else []


def _subnet(_: Settings, cluster: Cluster) -> str:
    return str(cluster.network.subnet) if cluster.network else ""


def _ssh_port(_: Settings, cluster: Cluster) -> int | None:
    return cluster.machine.ssh_over_arc.port if cluster.machine and cluster.machine.ssh_over_arc else None


def _window(field: str) -> Callable[[Settings, Cluster], Any]:
    return lambda _, cluster: getattr(cluster.maintenance, field, None)


def _disk_persistence(settings: Settings, _: Cluster) -> str:
    return "Enabled" if settings.protection.dataflow_disk_persistence else "Disabled"


REQUESTED: tuple[Requested, ...] = (
    *azure_vm.REQUESTED,
    Requested(SERVICE_CONFIGURATION, "port", "machine.ssh_over_arc.port", _ssh_port),
    Requested(MAINTENANCE_CONFIGURATION, "startDateTime", "node.maintenance.start", _window("start")),
    Requested(MAINTENANCE_CONFIGURATION, "duration", "node.maintenance.duration", _window("duration")),
    Requested(MAINTENANCE_CONFIGURATION, "timeZone", "node.maintenance.time_zone", _window("time_zone")),
    Requested(MAINTENANCE_CONFIGURATION, "recurEvery", "node.maintenance.every", _window("every")),
    Requested(NAT_GATEWAY, "zones", "node.zone", zones),
    Requested(PUBLIC_IP_ADDRESS, "zones", "node.zone", zones),
    Requested(VIRTUAL_NETWORK, "addressSpace.addressPrefixes", "address_space", _address_space),
    Requested(SUBNET, "addressPrefix", "subnet", _subnet),
    Requested(VAULT, "properties.tenantId", "tenant_id", lambda settings, _: settings.tenant.tenant_id),
    Requested(VAULT, "properties.softDeleteRetentionInDays", "protection.soft_delete_days",
              lambda settings, _: settings.protection.soft_delete_days),
    Requested(VAULT, "properties.enablePurgeProtection", "protection.purge_protection",
              lambda settings, _: settings.protection.purge_protection or None),
    Requested(STORAGE_ACCOUNT, "sku.name", "protection.storage_sku",
              lambda settings, _: settings.protection.storage_sku),
    Requested(SECRET_PROVIDER_CLASS, "tenantId", "tenant_id", lambda settings, _: settings.tenant.tenant_id),
    Requested(BROKER, "properties.memoryProfile", "broker.memory_profile", _broker("memory_profile")),
    Requested(BROKER, f"{_CARDINALITY}.frontend.replicas", "broker.frontend_replicas", _broker("frontend_replicas")),
    Requested(BROKER, f"{_CARDINALITY}.frontend.workers", "broker.frontend_workers", _broker("frontend_workers")),
    Requested(BROKER, f"{_CARDINALITY}.backendChain.partitions", "broker.backend_partitions",
              _broker("backend_partitions")),
    Requested(BROKER, f"{_CARDINALITY}.backendChain.workers", "broker.backend_workers", _broker("backend_workers")),
    Requested(BROKER, f"{_CARDINALITY}.backendChain.redundancyFactor", "broker.backend_redundancy_factor",
              _broker("backend_redundancy_factor")),
    Requested(BROKER, f"{_CLIENTS}.maxSessionExpirySeconds", "broker.max_session_hours",
              _limit("max_session_hours", 3600)),
    Requested(BROKER, f"{_CLIENTS}.maxMessageExpirySeconds", "broker.max_message_hours",
              _limit("max_message_hours", 3600)),
    Requested(BROKER, f"{_CLIENTS}.maxPacketSizeBytes", "broker.max_packet_mib", _limit("max_packet_mib", 1024**2)),
    Requested(BROKER, f"{_CLIENTS}.maxReceiveMaximum", "broker.max_receive_messages", _limit("max_receive_messages")),
    Requested(BROKER, f"{_CLIENTS}.maxKeepAliveSeconds", "broker.max_keep_alive_seconds",
              _limit("max_keep_alive_seconds")),
    Requested(BROKER, f"{_CLIENTS}.subscriberQueueLimit.length", "broker.max_queue_messages",
              _limit("max_queue_messages")),
    Requested(BROKER, f"{_CLIENTS}.subscriberQueueLimit.strategy", "broker.max_queue_messages", _when_full),
    Requested(BROKER, "properties.persistence.maxSize", "broker.persistence_gib",
              _if_persistent(lambda gib: f"{gib}GiB")),
    Requested(BROKER, "properties.persistence.retain.mode", "broker.persistence_gib",
              _if_persistent(lambda _: "Custom")),
    Requested(BROKER, "properties.persistence.retain.retainSettings.topics", "broker.persistence_gib",
              _if_persistent(lambda _: ["#"])),
    Requested(BROKER, "properties.persistence.subscriberQueue.mode", "broker.persistence_gib",
              _if_persistent(lambda _: "Custom")),
    Requested(BROKER, "properties.persistence.subscriberQueue.subscriberQueueSettings.subscriberClientIds",
              "broker.persistence_gib", _if_persistent(lambda _: ["*"])),
    Requested(DATAFLOW, "properties.requestDiskPersistence", "protection.dataflow_disk_persistence",
              _disk_persistence),
)  # fmt: skip


def values(view: View) -> Hits:
    """Require that each input of the table is what the settings ask for."""
    for row in REQUESTED:
        for name, cluster in view.clusters.items():
            if cluster.node is None and row.setting.startswith("node."):
                continue
            found, most = view.all(row.type, cluster=name), view.expected[name].resources.get(row.type)
            for resource in found if most is None or len(found) <= most else ():  # one too many is ASK-01
                expected = row.expected(view.settings, view.as_node(resource))
                for where, given in read(view.inputs(resource), row.path):
                    if given != expected:
                        message = f"{where}: {_show(given)}; the settings ask for {_show(expected)} ({row.setting})"
                        yield resource.name, message
    yield from _tags(view)


def _show(value: Any) -> str:
    return "none" if value is None else repr(value)


def _tags(view: View) -> Hits:
    """Require the tags of the settings wherever Azure takes tags; a resource group also says of which stack it is."""
    for resource in view.arm:
        own = view.clusters.get(view.cluster(resource))
        expected = {**view.settings.tags, **(own.tags if own else {})}
        if resource.arm_type == RESOURCE_GROUP.arm_type:
            expected[STACK_TAG] = stack_tag(view.settings)
        given = map_at(view.inputs(resource), "tags")
        if "tags" in shape_of(resource.type).table.body["properties"]:
            for key in sorted({*given, *expected}):
                if given.get(key) != expected.get(key):
                    yield resource.name, f"tags.{key}: not what the settings ask for (tags): {_show(expected.get(key))}"
