"""What runs on a cluster, and what it stands on: pods, Services, storage.

K3s brings its own; AIO's broker runs as it was deployed, where the model of the cluster says that it does.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from graph.inputs import at, text_at
from rehearsal.cluster.broker import list_ports
from rehearsal.cluster.model import ClusterView
from rehearsal.node.machine import Machine
from rehearsal.node.tools import k3s
from rules.facts import extensions
from rules.facts.node import K3S_SERVICE_NETWORK

Body = Mapping[str, Any]
Object = tuple[str, str, Body]
"""Name, namespace, and what it has beside metadata."""

_STORAGE = "local-path"
"""K3s's own class (docs.k3s.io/storage)."""
_DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}
_EXTENSION_PODS = {
    extensions.CERT_MANAGER.type: (extensions.CERT_MANAGER.namespace, ("cert-manager", "trust-manager")),
    extensions.SECRET_STORE.type: ("azure-secret-store", ("secrets-store-sync-controller",)),
}
"""Extension -> where its pods are, and how their names begin.

learn.microsoft.com/azure/azure-arc/kubernetes/secret-store-extension and its troubleshooting page.
"""
_AIO_PODS = ("aio-operator", "aio-broker-authentication", "aio-broker-health-manager", "aio-dataflow-operator")

CHANGED = "2026-01-02T00:00:00Z"
"""When an endpoint has last changed, in the model: its clock is not that of the cluster."""
_BEFORE = "2026-01-01T00:00:00Z"


def list_storage_classes(machine: Machine) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield names and annotations."""
    disabled = machine.facts.get("k3s", {}).get("config", {}).get("disable", ())
    if "local-storage" not in {part.strip() for text in disabled for part in text.split(",")}:
        yield _STORAGE, _DEFAULT


def list_pods(
    machine: Machine, view: ClusterView | None, deployments: list[tuple[str, str]], elapsed: float
) -> Iterator[Object]:
    """Yield every pod; one for each deployment."""
    is_settled = k3s.is_settled(machine, elapsed)
    for name, namespace in deployments:
        yield f"{name}-0", namespace, _pod(is_settled)
    installed = machine.azure.extensions()
    for kind, (namespace, names) in _EXTENSION_PODS.items():
        if kind.lower() in installed:
            yield from ((f"{name}-0", namespace, _pod(is_settled)) for name in names)
    if view is None or extensions.AIO.type.lower() not in installed:
        return
    for name in _AIO_PODS:
        yield f"{name}-0", extensions.AIO.namespace, _pod(is_settled)
    yield from _list_dataflow_pods(machine, view, is_settled, elapsed)
    for broker in view.brokers.values():
        for name in _name_broker_pods(broker):
            runs = view.frontends_up or "frontend" not in name
            yield name, extensions.AIO.namespace, _pod(runs, "ContainerCreating")


def _list_dataflow_pods(machine: Machine, view: ClusterView, is_settled: bool, elapsed: float) -> Iterator[Object]:
    """Yield one for each profile, as young as the endpoints' last change where it runs with that."""
    names = sorted({f"aio-dataflow-{flow.profile}-0" for flow in view.dataflows.values()})
    is_behind = bool(names) and machine.azure.are_dataflows_behind(elapsed)
    for name in names:
        born = {"creationTimestamp": _BEFORE if is_behind else CHANGED}
        yield name, extensions.AIO.namespace, {**_pod(is_settled), "born": born}


def _name_broker_pods(broker: Body) -> Iterator[str]:
    """Yield frontends by replica, backends by partition and replica.

    learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-availability-scale; the names of a
    broker with several of each stand in microsoft/edge-ai.
    """
    yield from (f"aio-broker-frontend-{number}" for number in range(_count(broker, "frontend.replicas")))
    for partition in range(1, _count(broker, "backendChain.partitions") + 1):
        for replica in range(_count(broker, "backendChain.redundancyFactor")):
            yield f"aio-broker-backend-{partition}-{replica}"


def _count(broker: Body, path: str) -> int:
    found = at(broker, f"cardinality.{path}")
    return found if isinstance(found, int) else 0


def _pod(runs: bool, reason: str = "") -> Body:
    waiting = {} if runs else {"waiting": {"reason": reason or "ContainerCreating"}}
    container = {"name": "main", "ready": runs, "restartCount": 0, "state": waiting or {"running": {}}}
    ready = {"type": "Ready", "status": str(runs)}
    phase = "Running" if runs else "Pending"
    return {"status": {"phase": phase, "conditions": [ready], "containerStatuses": [container]}}


def list_claims(view: ClusterView | None) -> Iterator[Object]:
    """Yield the claim of each backend whose broker keeps its messages on disk."""
    for broker in view.brokers.values() if view else ():
        if at(broker, "persistence"):
            for name in _name_broker_pods(broker):
                if "backend" in name:
                    yield f"persistence-{name}", extensions.AIO.namespace, {"status": {"phase": "Bound"}}


def list_services(view: ClusterView | None) -> Iterator[Object]:
    """Yield the Service of each listener."""
    for name, listener in view.listeners.items() if view else ():
        kind = text_at(listener, "serviceType")
        ports = [{"port": one.get("port")} for one in list_ports(listener)]
        is_outside = view and kind == "LoadBalancer" and not {one["port"] for one in ports} & view.taken_ports.keys()
        ingress = [{"ip": address} for address in view.addresses] if view and is_outside else []
        spec = {"type": {"ClusterIp": "ClusterIP"}.get(kind, kind), "clusterIP": _address(name), "ports": ports}
        service = text_at(listener, "serviceName") or name
        yield service, extensions.AIO.namespace, {"spec": spec, "status": {"loadBalancer": {"ingress": ingress}}}


def list_endpoints(view: ClusterView | None) -> Iterator[Object]:
    """Yield the endpoints as they were deployed, with when that was."""
    for name, properties in view.endpoints.items() if view else ():
        fields = [{"manager": "Go-http-client", "operation": "Update", "time": CHANGED}]
        yield name, extensions.AIO.namespace, {"spec": dict(properties), "born": {"managedFields": fields}}


def find_listener(view: ClusterView, address: str) -> Body | None:
    """Return the listener behind a ClusterIP."""
    return next((one for name, one in view.listeners.items() if _address(name) == address), None)


def _address(listener: str) -> str:
    """Return the ClusterIP of a listener's Service: some address of K3s's network for Services."""
    return str(K3S_SERVICE_NETWORK.value[256 + zlib.crc32(listener.encode()) % 60_000])
