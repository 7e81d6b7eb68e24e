"""One try at what must be refused: what was expected, and what came of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from rehearsal.mqtt.mosquitto import Broker
from rehearsal.mqtt.observer import Observer
from rehearsal.mqtt.wire import Answer, Connection, DeniedError, DistrustError, LostError, Message, Options

AT_TLS = "refused at TLS"
BY_CLIENT = "refused by the client"
BY_POLICY = "refused by policy"
BY_PROTOCOL = "refused by protocol"
NOT_DELIVERED = "not delivered"
DELIVERED = "delivered"

CONFIGURATION_ECHO = "configuration echo"
"""The case shows a value that we write into Mosquitto's configuration, and nothing of AIO (field-review §5.6)."""


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
    def refusal(self) -> bool:
        """Whether the case is about being refused."""
        return self.expected != DELIVERED


@dataclass(frozen=True)
class Stage:
    """Where tries take place."""

    broker: Broker
    observer: Observer

    def publish(
        self, name: str, expected: str, options: Options, topic: str, *, retain: bool = False, qos: int = 1,
        label: str = "",
    ) -> Case:  # fmt: skip
        """Connect and publish one message."""
        message = _message(topic, retain=retain, qos=qos)
        return self._judged(name, expected, self._sent(options, message), message, label)

    def will(self, name: str, expected: str, options: Options, topic: str) -> Case:
        """Leave a Will message for the topic and be cut off: a second connection takes over the client id."""
        message = _message(topic)
        with_will = Options(options.client_id, options.tls, will=message)
        how = self._opened(with_will, lambda _: self._opened(options, lambda _: NOT_DELIVERED))
        return self._judged(name, expected, how, message)

    def subscribe(self, name: str, options: Options, topic_filter: str, topic: str) -> Case:
        """Subscribe, and see whether a message on the topic comes."""

        def listen(connection: Connection) -> str:
            answer = connection.subscribe(topic_filter)
            message = _message(topic)
            self.observer.publish(message)
            connection.unsubscribe(topic_filter)
            return DELIVERED if message in connection.received else _by_policy(answer)

        how = self._opened(options, listen)
        self.observer.seen()
        return Case(name, BY_POLICY, how, how.startswith(BY_POLICY))

    def _sent(self, options: Options, message: Message) -> str:
        return self._opened(options, lambda connection: _by_policy(connection.publish([message])[0]))

    def _opened(self, options: Options, use: Callable[[Connection], str]) -> str:
        mark = self.broker.mark()
        try:
            connection = Connection(self.broker.port, options).open()
        except DeniedError as error:
            return f"{BY_POLICY} ({error})"
        except DistrustError as error:
            return f"{BY_CLIENT} ({error})"
        except LostError as error:
            why = self.broker.tls_error(mark)
            return f"{AT_TLS} ({why})" if why else f"connection lost ({error})"
        with connection:
            try:
                return use(connection)
            except LostError as error:
                return f"{BY_PROTOCOL} ({error})"

    def _judged(self, name: str, expected: str, how: str, message: Message, label: str = "") -> Case:
        delivered = any(seen.payload == message.payload for seen in self.observer.seen())
        observed = DELIVERED if delivered else how
        return Case(name, expected, observed, observed.startswith(expected), label)


def _message(topic: str, *, retain: bool = False, qos: int = 1) -> Message:
    return Message(topic, secrets.token_hex(8).encode(), retain, qos)


def _by_policy(answer: Answer) -> str:
    """MQTT 5 has one code for what a policy refuses; any other one says something else (OASIS MQTT 5.0, §2.4)."""
    if not answer.refused:
        return "accepted"
    how = BY_POLICY if answer.code == _NOT_AUTHORIZED else "refused otherwise"
    return f"{how} ({answer.text}, reason code {answer.code})"
