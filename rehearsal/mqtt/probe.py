"""Try one thing at a broker, and compare what comes of it with what is expected."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from paho.mqtt.reasoncodes import ReasonCode

from rehearsal.mqtt.mosquitto import Broker
from rehearsal.mqtt.observer import Observer
from rehearsal.mqtt.wire import Connection, DeniedError, DistrustError, LostError, Message, Options

AT_TLS = "refused at TLS"
BY_CLIENT = "refused by the client"
BY_POLICY = "refused by policy"
BY_PROTOCOL = "refused by protocol"
NOT_DELIVERED = "not delivered"
DELIVERED = "delivered"

CONFIGURATION_ECHO = "configuration echo"
"""The case only shows a value that we write into Mosquitto's configuration ourselves, and nothing of AIO."""
_NOT_AUTHORIZED = 0x87


@dataclass(frozen=True)
class Case:
    """One try."""

    name: str
    expected: str
    observed: str
    ok: bool
    label: str = ""

    @property
    def is_refusal(self) -> bool:
        """Whether the case is about being refused."""
        return self.expected != DELIVERED

    @property
    def proves_refusal(self) -> bool:
        """Whether it was refused as expected, and not by our own configuration alone."""
        return self.ok and self.is_refusal and not self.label


@dataclass(frozen=True)
class Probe:
    """A running broker, and the observer of everything that it distributes."""

    broker: Broker
    observer: Observer

    def publish(
        self, name: str, expected: str, options: Options, topic: str, *, retain: bool = False, qos: int = 1,
        label: str = "",
    ) -> Case:  # fmt: skip
        """Connect and publish one message."""
        message = _new_message(topic, retain=retain, qos=qos)
        outcome = self._connect(options, lambda connection: _describe(connection.publish([message])[0]))
        return self._judge(name, expected, outcome, message, label)

    def leave_will(self, name: str, expected: str, options: Options, topic: str) -> Case:
        """Leave a Will message for the topic and be cut off: a second connection takes over the client id."""
        message = _new_message(topic)
        take_over = lambda _: self._connect(options, lambda _: NOT_DELIVERED)  # noqa: E731
        return self._judge(name, expected, self._connect(replace(options, will=message), take_over), message)

    def subscribe(self, name: str, options: Options, topic_filter: str, topic: str) -> Case:
        """Subscribe, and see whether a message on the topic comes."""

        def listen(connection: Connection) -> str:
            answer = connection.subscribe(topic_filter)
            message = _new_message(topic)
            self.observer.publish(message)
            connection.unsubscribe(topic_filter)
            return DELIVERED if message in connection.received else _describe(answer)

        outcome = self._connect(options, listen)
        self.observer.take_messages()
        return Case(name, BY_POLICY, outcome, outcome.startswith(BY_POLICY))

    def _connect(self, options: Options, use: Callable[[Connection], str]) -> str:
        """Return what `use` says of the connection, or how it was refused."""
        mark = self.broker.log_length()
        try:
            connection = Connection(self.broker.port, options).open()
        except DeniedError as error:
            return f"{BY_POLICY} ({error})"
        except DistrustError as error:
            return f"{BY_CLIENT} ({error})"
        except LostError as error:
            tls_error = self.broker.find_tls_error(mark)
            return f"{AT_TLS} ({tls_error})" if tls_error else f"connection lost ({error})"
        with connection:
            try:
                return use(connection)
            except LostError as error:
                return f"{BY_PROTOCOL} ({error})"

    def _judge(self, name: str, expected: str, outcome: str, message: Message, label: str = "") -> Case:
        delivered = any(seen.payload == message.payload for seen in self.observer.take_messages())
        observed = DELIVERED if delivered else outcome
        return Case(name, expected, observed, observed.startswith(expected), label)


def _new_message(topic: str, *, retain: bool = False, qos: int = 1) -> Message:
    return Message(topic, secrets.token_hex(8).encode(), retain, qos)


def _describe(answer: ReasonCode) -> str:
    """MQTT 5 has one code for what a policy refuses; any other one says something else (OASIS MQTT 5.0, §2.4)."""
    if not answer.is_failure:
        return "accepted"
    outcome = BY_POLICY if answer == _NOT_AUTHORIZED else "refused otherwise"
    return f"{outcome} ({answer}, reason code {answer.value})"
