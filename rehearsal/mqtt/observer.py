"""Observe everything that the broker distributes, on a listener of its own."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from rehearsal.mqtt.mosquitto import OBSERVER, Broker
from rehearsal.mqtt.wire import Connection, LostError, Message, Options

DESCRIPTION = (
    "an observer of our own counts what the broker distributes: on a second listener of Mosquitto's, on loopback, with"
    " a random password for each run; nothing that is deployed gives it access"
)
_END_TOPIC = "edge-stamps-observer/end"


class Observer:
    """Subscribed to every topic; the one client beside the deployed ones."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take_messages(self) -> list[Message]:
        """Return everything that the broker has distributed since the last call.

        Ends with a mark of its own: what the broker took before it also comes before it.
        """
        mark = secrets.token_bytes(8)
        self.publish(Message(_END_TOPIC, mark))
        arrived = self._connection.receive_until(lambda message: message.payload == mark)
        return [message for message in arrived if message.topic != _END_TOPIC]  # the mark of a call that did not wait

    def publish(self, message: Message) -> None:
        self._connection.publish([message])


@contextmanager
def observe(broker: Broker) -> Iterator[Observer]:
    """Observe from now on."""
    login = Options(OBSERVER, username=OBSERVER, password=broker.observer_password, keep_alive=600)
    with Connection(broker.observer_port, login).open() as connection:
        if connection.subscribe("#").is_failure:
            raise LostError("the observer may not subscribe")
        yield Observer(connection)
