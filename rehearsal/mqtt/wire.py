"""Connect by MQTT 5 with paho, single-threaded; every wait is bounded."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

LOOPBACK = "127.0.0.1"
"""The only address that anything here connects to."""
_WAIT_SECONDS = 5.0


class LostError(Exception):
    """The connection never came about, or has ended; or the other side does not answer."""


class ClosedPortError(LostError):
    """Nobody listens there."""


class DistrustError(LostError):
    """The client does not accept the broker's certificate."""


class DeniedError(LostError):
    """The broker has refused the connection with a reason code."""


@dataclass(frozen=True)
class Message:
    """A message to send, or received."""

    topic: str
    payload: bytes
    retain: bool = False
    qos: int = 1


class Tls(ssl.SSLContext):
    """TLS 1.3 towards a host whose socket is elsewhere: the certificate must be for the host."""

    host = ""
    _socket: ssl.SSLSocket | None = None

    def wrap_socket(self, sock: Any, *args: Any, **options: Any) -> ssl.SSLSocket:
        self._socket = super().wrap_socket(sock, *args, **{**options, "server_hostname": self.host})
        return self._socket

    def close(self) -> None:
        """Close the last socket, which paho leaves open after a handshake that failed."""
        if self._socket:
            self._socket.close()


@dataclass(frozen=True)
class Options:
    """How to connect."""

    client_id: str
    tls: Tls | None = None
    keep_alive: int = 60
    max_inflight: int = 100
    clean_start: bool = True
    session_expiry: int = 0
    will: Message | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass
class _Inbox:
    """What comes in; knows nothing of the connection, so that both go away as soon as they are no longer used."""

    messages: list[Message] = field(default_factory=list)
    connected: ReasonCode | None = None
    lost: str = ""
    reason_codes: dict[int, list[ReasonCode]] = field(default_factory=dict)
    """By message id."""

    def listen_to(self, client: Client) -> None:
        def connected(_c: Any, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
            self.connected = reason

        def lost(_c: Any, _u: Any, _f: Any, reason: Any, _p: Any) -> None:
            self.lost = str(reason)

        def published(_c: Any, _u: Any, message_id: int, reason: ReasonCode, _p: Any) -> None:
            self.reason_codes[message_id] = [reason]

        def subscribed(_c: Any, _u: Any, message_id: int, reasons: list[ReasonCode], _p: Any) -> None:
            self.reason_codes[message_id] = reasons

        def received(_c: Any, _u: Any, message: MQTTMessage) -> None:
            self.messages.append(Message(message.topic, bytes(message.payload), message.retain, message.qos))

        client.on_connect, client.on_disconnect, client.on_message = connected, lost, received
        client.on_publish, client.on_subscribe, client.on_unsubscribe = published, subscribed, subscribed


class Connection:
    """Open, used, closed; `with` closes it."""

    def __init__(self, port: int, options: Options) -> None:
        self._port, self._options = port, options
        self._client = Client(CallbackAPIVersion.VERSION2, options.client_id, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.connect_timeout = _WAIT_SECONDS
        self._client.max_inflight_messages_set(options.max_inflight)
        self._client.max_queued_messages_set(0)
        if options.tls:
            self._client.tls_set_context(options.tls)
        if options.username:
            self._client.username_pw_set(options.username, options.password)
        if options.will:
            will = options.will
            self._client.will_set(will.topic, will.payload, will.qos, will.retain)
        self._client.on_socket_open = _send_at_once
        self._inbox = _Inbox()
        self._inbox.listen_to(self._client)

    @property
    def received(self) -> list[Message]:
        """Messages so far."""
        return self._inbox.messages

    def open(self) -> Self:
        """Connect, and wait for the broker's answer.

        Raises:
            ClosedPortError: nobody listens there.
            DeniedError: the broker refuses with a reason code.
            DistrustError: the client does not accept the broker's certificate.
            LostError: there is no connection.
        """
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._options.session_expiry
        try:
            self._client.connect(
                LOOPBACK,
                self._port,
                self._options.keep_alive,
                clean_start=self._options.clean_start,
                properties=properties,
            )
            self._wait(lambda: self._inbox.connected is not None)
        except (OSError, LostError) as error:
            self.close()
            raise _to_error(error) from None
        answer = self._inbox.connected
        if answer is not None and answer.is_failure:
            self.close()
            raise DeniedError(f"{answer}, reason code {answer.value}")
        return self

    def publish(self, messages: Sequence[Message]) -> list[ReasonCode]:
        """Send all, as many at once as may be, and wait for every answer.

        Fewer reason codes than messages: after a refusal, Mosquitto 2.0.11 ends the connection.
        """
        answers, lost = self._send(messages)
        reason_codes = [answer for answer in answers if answer is not None]
        if lost and not any(answer.is_failure for answer in reason_codes):
            raise lost
        return reason_codes

    def offer(self, messages: Sequence[Message]) -> tuple[list[ReasonCode | None], str]:
        """Send as `publish` does; return what came of each, None where there was no answer, and why there was none."""
        answers, lost = self._send(messages)
        return answers, str(lost or "")

    def _send(self, messages: Sequence[Message]) -> tuple[list[ReasonCode | None], LostError | None]:
        sent = [self._client.publish(one.topic, one.payload, one.qos, one.retain).mid for one in messages]
        reason_codes, lost = self._inbox.reason_codes, None
        try:
            self._wait(lambda: all(message_id in reason_codes for message_id in sent))
        except LostError as error:
            lost = error
        return [reason_codes.pop(one)[0] if one in reason_codes else None for one in sent], lost

    def subscribe(self, topic_filter: str) -> ReasonCode:
        """Subscribe at QoS 1; messages come with the retain flag that they were published with."""
        options = SubscribeOptions(qos=1, retainAsPublished=True)
        _, message_id = self._client.subscribe(topic_filter, options=options)
        return self._answer_to(message_id)

    def unsubscribe(self, topic_filter: str) -> ReasonCode:
        """Unsubscribe; what the broker had for this client before is received when this returns."""
        _, message_id = self._client.unsubscribe(topic_filter)
        return self._answer_to(message_id)

    def receive_until(self, arrived: Callable[[Message], bool]) -> list[Message]:
        """Return everything up to this message, which is left out; later calls begin behind it."""
        end = 0

        def is_there() -> bool:
            """Go on behind what an earlier call has looked at, or the time grows with the square of the messages."""
            nonlocal end
            while end < len(self.received) and not arrived(self.received[end]):
                end += 1
            return end < len(self.received)

        self._wait(is_there)
        before = self.received[:end]
        del self.received[: end + 1]
        return before

    def _answer_to(self, message_id: int | None) -> ReasonCode:
        if message_id is None:
            raise LostError("not connected")
        self._wait(lambda: message_id in self._inbox.reason_codes)
        return self._inbox.reason_codes.pop(message_id)[0]

    def _wait(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        while not done():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise LostError(f"no answer within {_WAIT_SECONDS:.0f} s")
            code = self._client.loop(remaining)
            if not done() and (code != MQTTErrorCode.MQTT_ERR_SUCCESS or self._inbox.lost):
                raise LostError(self._inbox.lost or code.name)

    def close(self) -> None:
        self._client.disconnect()
        # paho keeps three sockets until a client is collected, which may be never; its `select` takes those below 1024.
        self._client._reset_sockets()
        if self._options.tls:
            self._options.tls.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _send_at_once(_client: Any, _userdata: Any, opened: Any) -> None:
    """Turn Nagle's algorithm off: with delayed acknowledgements it costs 40 ms a message (RFC 896, RFC 1122)."""
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _to_error(error: Exception) -> LostError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return DistrustError(error.verify_message)
    if isinstance(error, ConnectionRefusedError):
        return ClosedPortError(str(error))
    return LostError(error.reason if isinstance(error, ssl.SSLError) else str(error))
