"""Listeners and endpoints: each link connects to where its broker listens, and nobody else does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from arm.types.iotoperations import BROKER_LISTENER, DATAFLOW_ENDPOINT
from arm.types.network import NETWORK_INTERFACE
from graph.graph import Resource
from graph.inputs import list_at, text_at
from graph.pem import is_ip
from rules.lookup import Hits, LinkParts, View
from settings.model import Listener

MQTT = "properties.mqttSettings"
"""Where an endpoint's MQTT settings are."""


def endpoints_meet_listeners(view: View) -> Hits:
    """Require that a link's endpoint names the host and port of its broker's LoadBalancer listener, with TLS."""
    for parts in view.links:
        if parts.endpoint and parts.listener:  # else ASK-01
            yield from _endpoint(view, parts, parts.endpoint, parts.listener)
    of_links = {parts.endpoint.urn for parts in view.links if parts.endpoint}
    for endpoint in view.all(DATAFLOW_ENDPOINT):
        if endpoint.urn not in of_links and not view.is_local(endpoint):
            host = text_at(view.inputs(endpoint), f"{MQTT}.host")
            yield endpoint.name, f"{MQTT}.host: {host!r} is neither the own broker nor that of a link. Remove it"


def _endpoint(view: View, parts: LinkParts, endpoint: Resource, listener: Resource) -> Hits:
    inputs, host = view.inputs(endpoint), view.settings.listener_of(parts.link).host
    host = _node_address(view, parts.link.broker) if is_ip(host) else host
    given, expected = text_at(inputs, f"{MQTT}.host"), f"{host}:{parts.port.get('port')}"
    if given != expected:
        where = f"where {listener.name} of cluster {parts.link.broker} listens"
        yield endpoint.name, f"{MQTT}.host: {given!r}; expected {expected!r}, {where}"
    if text_at(inputs, f"{MQTT}.tls.mode") != "Enabled":
        yield endpoint.name, f"{MQTT}.tls.mode: expected 'Enabled', without which the link is in plain text"
    if text_at(inputs, f"{MQTT}.authentication.method") != "X509Certificate":
        yield endpoint.name, f"{MQTT}.authentication.method: expected 'X509Certificate', the only one of a link"


def _node_address(view: View, cluster: str) -> str:
    if not view.clusters[cluster].network:
        return str(view.clusters[cluster].address)  # nothing in the stack has it
    own = (one for one in view.all(NETWORK_INTERFACE, cluster=cluster) if view.further(one) is None)
    interface = next(own, None)
    found = list_at(view.inputs(interface), "ipConfigurations") if interface else []
    return text_at(found[0], "privateIPAddress") if found else ""


def listeners(view: View) -> Hits:
    """Every port asks who connects; a port for links also what it may do; no port, service type or service twice."""
    for cluster, expected in view.expected.items():
        found = view.all(BROKER_LISTENER, cluster=cluster)
        yield from _twice(view, found)
        for listener in found:
            outside = text_at(view.inputs(listener), "properties.serviceType") == "LoadBalancer"
            if outside and expected.listener is None:
                message = f"no link ends at cluster {cluster}, so nothing may reach it from outside. Remove it"
                yield listener.name, message
            for index, port in enumerate(view.ports(listener)):
                for problem in _port(port, expected.listener, outside=outside):
                    yield listener.name, f"properties.ports[{index}].{problem}"


def _port(port: Mapping[str, Any], expected: Listener | None, *, outside: bool) -> Iterator[str]:
    if not port.get("authenticationRef"):
        yield "authenticationRef: missing, so anyone may connect. Name one"
    if outside and not port.get("authorizationRef"):
        yield "authorizationRef: missing, so a client may do anything. Name one"
    if not text_at(port, "tls.mode"):
        yield "tls: missing, so the port is in plain text. Give a mode"
    if text_at(port, "tls.mode") == "Manual" and not text_at(port, "tls.manual.secretRef"):
        yield "tls.manual.secretRef: missing; a listener without its Secret takes the broker down. Name it"
    if outside and text_at(port, "tls.mode") == "Automatic":
        yield "tls.mode: expected 'Manual', with the certificate that links trust"
    if outside and expected and port.get("port") != expected.port:
        yield f"port: {port.get('port')}; the settings ask for {expected.port}"


def _twice(view: View, listeners: list[Resource]) -> Hits:
    types = Counter(text_at(view.inputs(one), "properties.serviceType") for one in listeners)
    ports = Counter(str(port.get("port")) for one in listeners for port in view.ports(one))
    services = Counter(_service(view, one) for one in listeners)
    for listener in listeners:
        service_type = text_at(view.inputs(listener), "properties.serviceType")
        if services[_service(view, listener)] > 1:
            message = f"properties.serviceName: another listener has the Service {_service(view, listener)!r} already"
            yield listener.name, message
        if types[service_type] > 1:
            yield listener.name, f"properties.serviceType: another listener is {service_type}; a broker has one of each"
        for port in view.ports(listener):
            if ports[str(port.get("port"))] > 1:
                yield listener.name, f"properties.ports: {port.get('port')} is used twice on this broker"


def _service(view: View, listener: Resource) -> str:
    """Return the listener's Service: without a name of its own it has the listener's."""
    return text_at(view.inputs(listener), "properties.serviceName") or text_at(view.inputs(listener), "listenerName")
