"""Send numbered messages over a link, as its dataflows would, and count them at the other end."""

from __future__ import annotations

import json
import re
import ssl
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from rehearsal.mqtt.bodies import Credentials
from rehearsal.mqtt.client import ClientPlan, Flow, tls_context
from rehearsal.mqtt.mosquitto import Broker
from rehearsal.mqtt.observer import Observer
from rehearsal.mqtt.wire import Connection, DistrustError, LostError, Message

_NAMED = 5
"""How many missing numbers a problem names."""
_NO_JSON = b"\xff\x00"
"""How a payload begins that is no JSON and no UTF-8 either."""
_EVERY_BYTE = bytes(range(256))


@dataclass(frozen=True)
class Delivery:
    """What arrived of what was sent."""

    sent: int
    arrived: int
    """Different numbers, each on its topic, bit by bit as it was sent."""
    no_json: int
    """How many of these had a payload that is no JSON."""
    by_topic: Mapping[str, int]
    variants: Sequence[str]
    """The credentials that were used (`ClientPlan.credential_variants`)."""
    problems: Sequence[str]


@dataclass(frozen=True)
class _Batch:
    """What one connection sends."""

    variant: str
    credentials: Credentials
    flow: Flow
    messages: dict[int, Message]


def deliver(broker: Broker, observer: Observer, plan: ClientPlan, messages: int) -> Delivery:
    """Send the numbered messages, spread over dataflows, source topics and variants of the credentials."""
    problems: list[str] = []
    expected: dict[int, Message] = {}
    observer.take_messages()  # what came before is not ours
    for batch in _make_batches(plan, messages):
        expected |= batch.messages
        problems += _send(broker, plan, batch)
    seen = observer.take_messages()
    numbers = [_read_number(message.payload) for message in seen]
    good = {number for number, message in zip(numbers, seen, strict=True) if expected.get(number) == message}
    problems += _compare(expected, dict(zip(numbers, seen, strict=True)), Counter(numbers))
    by_topic = Counter(expected[number].topic for number in good)
    no_json = sum(expected[number].payload.startswith(_NO_JSON) for number in good)
    return Delivery(len(expected), len(good), no_json, by_topic, list(plan.credential_variants), problems)


def _make_batches(plan: ClientPlan, messages: int) -> Iterator[_Batch]:
    ways = [(variant, flow) for flow in plan.flows for variant in plan.credential_variants.items()]
    numbers: list[list[int]] = [[] for _ in ways]
    for number, way in zip(range(1, max(messages, len(ways)) + 1), cycle(numbers), strict=False):
        way.append(number)
    for ((variant, credentials), flow), own in zip(ways, numbers, strict=True):
        sources = islice(cycle(flow.concrete_sources), len(own))
        sent = {
            number: build_message(
                plan, flow, number, source, retained=position == 0, is_json=flow.only_json or position % 2 == 0
            )
            for position, (number, source) in enumerate(zip(own, sources, strict=True))
        }
        yield _Batch(variant, credentials, flow, sent)


def build_message(
    plan: ClientPlan, flow: Flow, number: int, source: str, *, retained: bool = False, is_json: bool = True
) -> Message:
    """Return what a dataflow makes of a message on the site's broker: passed through, on its destination's topic."""
    text = {"number": number, "cluster": plan.cluster, "dataflow": flow.name, "topic": source}
    payload = json.dumps(text).encode() if is_json else _NO_JSON + number.to_bytes(4, "big") + _EVERY_BYTE
    return Message(flow.destination, payload, retained and plan.keeps_retain, plan.qos)


def _read_number(payload: bytes) -> int:
    """Return the number of a message; 0 of what is none of ours."""
    if payload.startswith(_NO_JSON):
        return int.from_bytes(payload[len(_NO_JSON) :][:4], "big")
    found = re.match(rb'\{"number": (\d+),', payload)
    return int(found[1]) if found else 0


def _send(broker: Broker, plan: ClientPlan, batch: _Batch) -> list[str]:
    what = f"dataflow {batch.flow.name}, {batch.variant}"
    mark = broker.log_length()
    try:
        tls = tls_context(plan, batch.credentials, broker.folder)
        with Connection(broker.port, plan.options(batch.flow.client_id, tls)).open() as connection:
            reason_codes = connection.publish(list(batch.messages.values()))
    except ssl.SSLError as error:
        return [f"{what}: the certificates are unusable: {error.reason}"]
    except DistrustError as error:
        return [f"{what}: the client refuses the broker: {error}"]
    except LostError as error:
        return [f"{what}: {broker.find_tls_error(mark) or error}"]
    refused = Counter(answer.value for answer in reason_codes if answer.is_failure)
    return [f"{what}: {count} messages refused with reason code {code}" for code, count in refused.items()]


def _compare(expected: Mapping[int, Message], seen: Mapping[int, Message], counts: Counter[int]) -> Iterator[str]:
    missing = sorted(set(expected) - set(seen))
    if missing:
        yield f"{len(missing)} of {len(expected)} messages did not arrive, among them {missing[:_NAMED]}"
    repeated = sorted(number for number, count in counts.items() if count > 1)
    if repeated:
        yield f"{len(repeated)} messages arrived more than once, among them {repeated[:_NAMED]}"
    wrong = [number for number, message in seen.items() if expected.get(number) != message]
    if wrong:
        yield f"{len(wrong)} messages arrived on another topic, with another flag or text, among them {wrong[:_NAMED]}"
    if any(message.qos == 0 for message in expected.values()):
        yield "messages are sent at QoS 0, so that none is sent again when it is lost"
