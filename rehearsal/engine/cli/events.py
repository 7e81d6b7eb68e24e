"""The engine's events, as the CLI streams them to the Automation API (pulumi/pulumi, sdk/go/common/apitype/events.go).

Secrets do not leave the engine: they are replaced by the CLI's own marker.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import grpc
from pulumi.runtime.proto import events_pb2, events_pb2_grpc
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_WIRE

from arm.values import SECRET_MARKER, substitute
from graph.property_values import SECRET_SIGNATURE, SIGNATURE
from graph.urns import STACK_TYPE, type_of
from rehearsal.engine.result import Diagnostic, Result, Stage, Step
from rehearsal.engine.state import ResourceState, State

_KIND: dict[Stage, str] = {"begun": "resourcePreEvent", "done": "resOutputsEvent", "failed": "resOpFailedEvent"}
_LOOPBACK = "tcp://"


class Stream:
    """Takes events from several threads, in the order in which they come."""

    def __init__(self, *, planning: bool) -> None:
        self._planning = planning
        self._queue: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._began = time.monotonic()

    def step(self, stage: Stage, step: Step, op: str) -> None:
        """Send the event of a step; this is the engine's observer."""
        resource = step.new or step.old
        metadata = {
            "op": op,
            "urn": step.urn,
            "type": type_of(step.urn),
            "old": _state(step.old),
            "new": _state(step.new),
            "diffs": list(step.diff.changed),
            "keys": list(step.diff.replaces),
            "detailedDiff": {
                path: {"diffKind": kind.replace("_", "-"), "inputDiff": True}
                for path, kind in step.diff.detailed.items()
            },
            "provider": resource.provider if resource else "",
        }
        self.send(**{_KIND[stage]: {"metadata": metadata, "planning": self._planning}})

    def tell(self, diagnostic: Diagnostic) -> None:
        """Send a message."""
        self.send(
            diagnosticEvent={
                "urn": diagnostic.urn,
                "prefix": f"{diagnostic.severity}: ",
                "message": f"{diagnostic.message}\n",
                "color": "never",
                "severity": diagnostic.severity,
            }
        )

    def end(self, result: Result, state: State) -> None:
        """Everything that is told when the work is done."""
        # A refresh has no step for the stack, and a first preview no state.
        for urn in {*result.outcomes, *(item.urn for item in state.resources)}:
            if f"::{STACK_TYPE}::" in urn:
                new = ResourceState(urn, STACK_TYPE, custom=False, outputs=result.outputs)
                self.step("done", Step("same", urn, new=new), "same")
        done = (outcome for outcome in result.outcomes.values() if outcome not in ("failed", "skipped"))
        self.send(
            summaryEvent={
                "maybeCorrupt": False,
                "durationSeconds": round(time.monotonic() - self._began),
                "resourceChanges": dict(Counter(done)),
                "PolicyPacks": {},
                "isPreview": self._planning,
                "result": "succeeded" if result.succeeded else "failed",
            }
        )

    def send(self, **event: Any) -> None:
        self._queue.put({"timestamp": int(time.time()), **event})

    def close(self) -> None:
        self._queue.put(None)

    def __iter__(self) -> Iterator[str]:
        sequence = 0
        while (event := self._queue.get()) is not None:
            yield json.dumps({"sequence": sequence, **event})
            sequence += 1


@contextmanager
def stream_events(address: str, *, planning: bool) -> Iterator[Stream]:
    """Send to the address that `--event-log` names; without one nobody listens."""
    stream = Stream(planning=planning)
    with ThreadPoolExecutor(1) as sender:
        sent = sender.submit(_send, stream, address)
        try:
            yield stream
        finally:
            stream.close()
        sent.result()


def _send(stream: Stream, address: str) -> None:
    if address.startswith(_LOOPBACK):
        with grpc.insecure_channel(address.removeprefix(_LOOPBACK), [("grpc.enable_http_proxy", 0)]) as channel:
            requests = (events_pb2.EventRequest(event=event) for event in stream)
            events_pb2_grpc.EventsStub(channel).StreamEvents(requests)
    elif address:
        with Path(address).open("a", encoding="utf-8") as file:
            file.writelines(f"{event}\n" for event in stream)


def _state(resource: ResourceState | None) -> dict[str, Any] | None:
    if resource is None:
        return None
    return {
        "type": resource.type,
        "urn": resource.urn,
        "id": resource.id,
        "parent": resource.parent,
        "provider": resource.provider,
        "custom": resource.custom,
        "protect": resource.protect,
        "inputs": _hide_secrets(resource.inputs),
        "outputs": _hide_secrets(resource.outputs),
    }


def _hide_secrets(value: Any) -> Any:
    """Return the value as events show it (pkg/display/events.go, `BlindingCrypter`)."""
    return substitute(value, lambda _: {SIGNATURE: SECRET_SIGNATURE, "ciphertext": SECRET_MARKER}, UNKNOWN_ON_WIRE)
