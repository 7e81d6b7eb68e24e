"""Control packets of MQTT 5, as far as node scripts send them (OASIS MQTT 5.0, 2 and 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, DISCONNECT = 0x10, 0x20, 0x30, 0x40, 0x80, 0x90, 0xE0
NOT_AUTHORIZED = 0x87
_SESSION_EXPIRY, _METHOD, _DATA = 0x11, 0x15, 0x16


@dataclass(frozen=True)
class Connect:
    """What a client says of itself."""

    client_id: str
    is_clean: bool
    session_seconds: int
    method: str
    data: str


@dataclass(frozen=True)
class Message:
    """A message at QoS 1."""

    number: int
    topic: str
    payload: bytes


def split(sent: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield kind and body of each whole packet."""
    place = 0
    while place < len(sent):
        length, start = _read_length(sent, place + 1)
        if start + length > len(sent):
            return
        yield sent[place] & 0xF0, sent[start : start + length]
        place = start + length


def pack(kind: int, body: bytes) -> bytes:
    """Return a packet."""
    length, left = b"", len(body)
    while left > 127:
        length, left = length + bytes([left % 128 | 128]), left // 128
    return bytes([kind]) + length + bytes([left]) + body


def read_connect(body: bytes) -> Connect:
    """Read CONNECT.

    Raises:
        ValueError: it is not of MQTT 5, or has what the model does not know.
    """
    if body[:7] != b"\0\4MQTT\5" or body[7] & ~2:
        raise ValueError("CONNECT other than of MQTT 5 without will and user name: extend mqtt_packets.py")
    length, start = _read_length(body, 10)
    found, place = {_SESSION_EXPIRY: b"", _METHOD: b"", _DATA: b""}, start
    while place < start + length:
        kind = body[place]
        if kind not in found:
            raise ValueError(f"property 0x{kind:02x} of CONNECT: the model does not know it; extend mqtt_packets.py")
        size = 4 if kind == _SESSION_EXPIRY else int.from_bytes(body[place + 1 : place + 3], "big")
        begin = place + (1 if kind == _SESSION_EXPIRY else 3)
        found[kind], place = body[begin : begin + size], begin + size
    client_id, _ = _read_text(body, place)
    seconds = int.from_bytes(found[_SESSION_EXPIRY], "big")
    return Connect(client_id, bool(body[7] & 2), seconds, found[_METHOD].decode(), found[_DATA].decode())


def read_subscribe(body: bytes) -> tuple[int, str]:
    """Return number and topic filter of SUBSCRIBE, which has one."""
    length, start = _read_length(body, 2)
    return int.from_bytes(body[:2], "big"), _read_text(body, start + length)[0]


def read_publish(body: bytes) -> Message:
    """Read PUBLISH."""
    topic, place = _read_text(body, 0)
    length, start = _read_length(body, place + 2)
    return Message(int.from_bytes(body[place : place + 2], "big"), topic, body[start + length :])


def pack_publish(message: Message) -> bytes:
    """Return PUBLISH at QoS 1."""
    topic = message.topic.encode()
    head = len(topic).to_bytes(2, "big") + topic + message.number.to_bytes(2, "big") + b"\0"
    return pack(PUBLISH | 2, head + message.payload)


def _read_length(data: bytes, place: int) -> tuple[int, int]:
    """Return a variable byte integer, and where it ends."""
    length = shift = 0
    for number in range(4):
        if place + number >= len(data):
            break
        byte = data[place + number]
        length, shift = length | (byte & 127) << shift, shift + 7
        if byte < 128:
            return length, place + number + 1
    raise ValueError("a length that is none")


def _read_text(data: bytes, place: int) -> tuple[str, int]:
    size = int.from_bytes(data[place : place + 2], "big")
    return data[place + 2 : place + 2 + size].decode("utf-8", "replace"), place + 2 + size
