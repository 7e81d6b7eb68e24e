"""What a dataflow asks of a broker, and what it may send there, is what that broker takes.

Sources: learn.microsoft.com/azure/iot-operations, reference/mqtt-support (Broker limits), connect-to-cloud/
howto-configure-mqtt-endpoint (defaults), deployment-plan/deployment-planning-mqtt-options (what a broker bounds).
"""

from __future__ import annotations

from arm.types.iotoperations import BROKER, DATAFLOW_ENDPOINT
from graph.graph import Resource
from graph.inputs import at, map_at, text_at
from rules.facts import aio
from rules.lookup import Hits, LinkParts, View
from rules.mqtt import MQTT

CLIENTS = "properties.advanced.clients"
"""Where a broker's limits are."""
_ASKED = {
    "keepAliveSeconds": ("maxKeepAliveSeconds", 60),
    "maxInflightMessages": ("maxReceiveMaximum", 100),
    "sessionExpirySeconds": ("maxSessionExpirySeconds", 600),
}
"""Setting of an endpoint -> the broker's limit, and what an endpoint asks for that says nothing."""
_MIB = 1024**2


def endpoints_fit_brokers(view: View) -> Hits:
    """Require each broker to take what dataflows ask of it, and all that they may bring."""
    for endpoint in view.all(DATAFLOW_ENDPOINT):
        if view.is_local(endpoint) and (own := view.one(BROKER, view.cluster(endpoint))):
            yield from _asked(view, endpoint, own)
    for parts in view.links:
        receiver = view.one(BROKER, parts.link.broker)
        if parts.endpoint and receiver:  # else ASK-01
            yield from _asked(view, parts.endpoint, receiver)
            yield from _in_flight(view, parts.endpoint)
            yield from _packets(view, parts, receiver)


def _asked(view: View, endpoint: Resource, broker: Resource) -> Hits:
    limits = map_at(view.inputs(broker), CLIENTS)
    for name, (limit, default) in _ASKED.items():
        given, most = at(view.inputs(endpoint), f"{MQTT}.{name}"), limits.get(limit)
        asked = default if given is None else given
        if isinstance(most, int) and isinstance(asked, int) and asked > most:
            yield broker.name, f"{CLIENTS}.{limit}: {most}; {endpoint.name} asks for {asked} ({MQTT}.{name})"


def _in_flight(view: View, endpoint: Resource) -> Hits:
    given, most = at(view.inputs(endpoint), f"{MQTT}.maxInflightMessages"), aio.RECEIVE_MAXIMUM.value
    if isinstance(given, int) and given > most:
        where = f"{MQTT}.maxInflightMessages: {given}"
        yield endpoint.name, f"{where}; a broker takes {most} unacknowledged ones ({aio.RECEIVE_MAXIMUM.source})"


def _packets(view: View, parts: LinkParts, receiver: Resource) -> Hits:
    sender = view.one(BROKER, parts.link.client)
    sent, taken = (_largest(view, one) for one in (sender, receiver))
    if sender and sent > taken:
        message = (
            f"{CLIENTS}.maxPacketSizeBytes: it takes packets of {sent} bytes, and {receiver.name}, to which link"
            f" {parts.link.name} sends them, of {taken}: a larger one would stop the link"
            f" ({aio.LARGEST_PACKET_MIB.source})"
        )
        yield sender.name, message


def _largest(view: View, broker: Resource | None) -> int:
    if broker is None:
        return 0
    of_memory = aio.LARGEST_PACKET_MIB.value.get(text_at(view.inputs(broker), "properties.memoryProfile"), 0) * _MIB
    own = map_at(view.inputs(broker), CLIENTS).get("maxPacketSizeBytes")
    return min(of_memory, own) if isinstance(own, int) else of_memory
