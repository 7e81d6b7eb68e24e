"""Find which endpoint leads to which cluster's port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph import pem
from rehearsal.cluster.model import ClusterView


@dataclass(frozen=True)
class DeployedLink:
    """An endpoint of a site, and the broker port behind its host."""

    site: ClusterView
    endpoint: str
    address: str
    """host:port, as inventory."""
    broker: ClusterView | None
    """None: no cluster has a LoadBalancer listener there."""

    @property
    def name(self) -> str:
        return f"{self.site.name}/{self.endpoint}"

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])


def find_links(views: Sequence[ClusterView]) -> list[DeployedLink]:
    """Return every endpoint that leads out of its cluster."""
    return [
        DeployedLink(site, name, address, next((view for view in views if is_at(view, address)), None))
        for site in views
        for name, endpoint in site.endpoints.items()
        if not is_local(site, endpoint)
        for address in [_read_address(endpoint)]
    ]


def is_local(view: ClusterView, endpoint: Mapping[str, Any]) -> bool:
    """Return whether the endpoint leads to a Service of its own cluster's broker."""
    service, _, port = _read_address(endpoint).rpartition(":")
    return any(listener.get("serviceName") == service for listener, _ in _find_openings(view, port))


def _find_openings(view: ClusterView, port: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield each listener that opens the port, with the entry of its ports that does."""
    for listener in view.listeners.values():
        for opened in listener.get("ports", []):
            if port.isdigit() and opened.get("port") == int(port):
                yield listener, opened


def _read_address(endpoint: Mapping[str, Any]) -> str:
    return str((endpoint.get("mqttSettings") or {}).get("host", ""))


def is_at(view: ClusterView, address: str, *, inside: bool = False) -> bool:
    """Return whether a listener for others is at host:port; `inside`: or one that only the cluster itself reaches."""
    host, _, port = address.rpartition(":")
    return any(
        (inside or listener.get("serviceType") == "LoadBalancer")
        and (host in view.addresses or _certificate_is_for(view, opened, host))
        for listener, opened in _find_openings(view, port)
    )


def is_open(view: ClusterView, port: int) -> bool:
    """Return whether a listener for others has the port."""
    return any(listener.get("serviceType") == "LoadBalancer" for listener, _ in _find_openings(view, str(port)))


def find_balanced_services(view: ClusterView, port: int) -> list[str]:
    """Return the Services by which listeners for others have the port; AIO names one without a name by its listener.

    learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/howto-configure-brokerlistener
    """
    return [
        listener.get("serviceName") or name
        for name, listener in view.listeners.items()
        if listener.get("serviceType") == "LoadBalancer"
        if any(opened.get("port") == port for opened in listener.get("ports", []))
    ]


def _certificate_is_for(view: ClusterView, opened: Mapping[str, Any], host: str) -> bool:
    """Return whether the certificate is for the DNS name: nothing deployed says what a name resolves to."""
    if pem.is_ip(host):
        return False
    secret = view.secrets.get(str(((opened.get("tls") or {}).get("manual") or {}).get("secretRef", "")))
    chain = pem.certificates(secret.data.get("tls.crt", "")) if secret else []
    return bool(chain) and pem.names_host(chain[0], host)
