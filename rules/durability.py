"""What waits for a dataflow at its own broker outlives the outage that the settings allow for.

Source: learn.microsoft.com/azure/iot-operations, connect-to-cloud/howto-configure-disk-persistence (what bounds a
queue) and howto-configure-mqtt-endpoint (Session expiry), manage-mqtt-broker/howto-broker-mqtt-client-options.
"""

from __future__ import annotations

from arm.types.iotoperations import BROKER, DATAFLOW, DATAFLOW_ENDPOINT
from graph.inputs import at, map_at, text_at
from rules.client_limits import CLIENTS
from rules.lookup import Hits, View
from rules.mqtt import MQTT

_DEFAULT_SECONDS = 600
"""Of an endpoint that says nothing."""
_LINK_SECONDS = 3600
"""Nothing is queued at the other end; a session there tells what has arrived after a short break."""
_BOUNDS = ("maxSessionExpirySeconds", "maxMessageExpirySeconds")


def queues_outlive_outages(view: View) -> Hits:
    """Require sessions, the broker's bounds and its disk to last as long as the settings allow a link to be down."""
    hours = view.settings.protection.outage_hours
    for endpoint in view.all(DATAFLOW_ENDPOINT):
        queues = view.is_local(endpoint)
        expected = hours * 3600 if queues else _LINK_SECONDS
        given = at(view.inputs(endpoint), f"{MQTT}.sessionExpirySeconds")
        if given != expected:
            shown = f"missing, so {_DEFAULT_SECONDS}" if given is None else given
            why = f": with its session the queue ends, and an outage may last {hours} h" if queues else ""
            yield endpoint.name, f"{MQTT}.sessionExpirySeconds: {shown}; expected {expected}{why}"
    for broker in view.all(BROKER):
        clients = map_at(view.inputs(broker), CLIENTS)
        for name in _BOUNDS:
            most = clients.get(name)
            if isinstance(most, int) and most < hours * 3600:
                yield (
                    broker.name,
                    f"{CLIENTS}.{name}: {most}; expected {hours * 3600} at least: an outage may last {hours} h",
                )
    yield from _on_disk(view)


def _on_disk(view: View) -> Hits:
    """Require a disk behind each dataflow that asks for one."""
    for dataflow in view.all(DATAFLOW):
        broker = view.one(BROKER, view.cluster(dataflow))
        kept = map_at(view.inputs(broker), "properties.persistence.subscriberQueue") if broker else {}
        if text_at(view.inputs(dataflow), "properties.requestDiskPersistence") == "Enabled" and broker and not kept:
            message = (
                f"properties.requestDiskPersistence: Enabled, but {broker.name} keeps no queue on disk: a restart loses"
                " what waits. Set broker.persistence_gib, or protection.dataflow_disk_persistence: false"
            )
            yield dataflow.name, message
