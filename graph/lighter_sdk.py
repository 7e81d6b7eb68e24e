"""Two parts of Pulumi's SDK in a lighter form, for the time of a recording.

* For every registration the SDK describes its whole stack to the engine (`_get_stack_trace` of pulumi/pulumi,
  sdk/python/lib/pulumi/runtime/resource.py): a tenth of the time of a recording, where nobody reads it. A mistake is
  told with the place that registers, and with the place in another file that calls this one: two frames.
* For every value it asks for unknowns with a function that is defined anew and holds itself (`contains_unknowns` of
  runtime/rpc.py). What holds itself only the garbage collector frees: two thirds of all garbage, and the larger the
  stack the dearer, as it no longer fits into a cache.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from pulumi.runtime import known_types, rpc
from pulumi.runtime import resource as sdk
from pulumi.runtime.proto import source_pb2


@contextmanager
def lighter_sdk() -> Iterator[None]:
    """Let the SDK describe at most two frames of the program, and leave no garbage when it asks for unknowns."""
    original = sdk._get_stack_trace, rpc.contains_unknowns
    sdk._get_stack_trace, rpc.contains_unknowns = _trace_program, contains_unknowns
    try:
        yield
    finally:
        sdk._get_stack_trace, rpc.contains_unknowns = original


_WRAPPERS = ("pulumi", "components.packages")
"""Beginnings of modules that register for others."""


def _trace_program() -> source_pb2.StackTrace:
    frames: list[source_pb2.StackFrame] = []
    frame: FrameType | None = sys._getframe(1)
    file = ""
    while frame is not None and len(frames) < 2:
        module, code = frame.f_globals.get("__name__", ""), frame.f_code
        if not module.startswith(_WRAPPERS) and code.co_filename != file and (not frames or _is_component(module)):
            file = code.co_filename
            position = source_pb2.SourcePosition(uri=file, line=frame.f_lineno)
            frames.append(source_pb2.StackFrame(pc=position))
        frame = frame.f_back
    return source_pb2.StackTrace(frames=frames)


def _is_component(module: str) -> bool:
    return module.startswith("components.")


def contains_unknowns(val: Any) -> bool:
    """Return whether the value is unknown, or holds in its maps and lists what is."""
    seen: dict[int, Any] = {}
    waiting = [val]
    while waiting:
        one = waiting.pop()
        if known_types.is_unknown(one):
            return True
        if isinstance(one, dict | list) and id(one) not in seen:
            seen[id(one)] = one
            waiting.extend(one.values() if isinstance(one, dict) else one)
    return False


def take_apart(outputs: Iterable[asyncio.Future[Any]]) -> None:
    """Empty the resources that these outputs are of: each holds its outputs, and they hold it.

    Else all that a program has made is left to the garbage collector, an eighth of the time at a hundred clusters.
    """
    for output in outputs:
        data = output.result()
        for resource in data.resources:
            vars(resource).clear()
        data.resources.clear()
