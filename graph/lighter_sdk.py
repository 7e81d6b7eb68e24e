"""Two parts of Pulumi's SDK in a lighter form, for the time of a recording.

* For every registration the SDK describes its whole stack to the engine (`_get_stack_trace` of pulumi/pulumi,
  sdk/python/lib/pulumi/runtime/resource.py): a tenth of the time of a recording, where nobody reads it. A mistake is
  told with the place that the SDK calls the source position, and that is one frame.
* For every value it asks for unknowns with a function that is defined anew and holds itself (`contains_unknowns` of
  runtime/rpc.py). What holds itself only the garbage collector frees: two thirds of all garbage, and the larger the
  stack the dearer, as it no longer fits into a cache.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pulumi.runtime import known_types, rpc
from pulumi.runtime import resource as sdk
from pulumi.runtime.proto import source_pb2


@contextmanager
def lighter_sdk() -> Iterator[None]:
    """Let the SDK describe only the innermost frame of the program, and leave no garbage when it asks for unknowns."""
    original = sdk._get_stack_trace, rpc.contains_unknowns
    sdk._get_stack_trace, rpc.contains_unknowns = _trace_program, contains_unknowns
    try:
        yield
    finally:
        sdk._get_stack_trace, rpc.contains_unknowns = original


def _trace_program() -> source_pb2.StackTrace:
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__", "").partition(".")[0].startswith("pulumi"):
        if frame.f_back is None:
            return source_pb2.StackTrace()
        frame = frame.f_back
    position = source_pb2.SourcePosition(uri=frame.f_code.co_filename, line=frame.f_lineno)
    return source_pb2.StackTrace(frames=[source_pb2.StackFrame(pc=position)])


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
