"""Parts of Pulumi's SDK in a lighter form, for the time of a recording, and two that say more.

* For every registration the SDK describes its whole stack to the engine (`_get_stack_trace` of pulumi/pulumi,
  sdk/python/lib/pulumi/runtime/resource.py): a tenth of the time of a recording, where nobody reads it. A mistake is
  told with the place that registers, and with the place in another file that calls this one: two frames.
* For every value it asks for unknowns with a function that is defined anew and holds itself (`contains_unknowns` of
  runtime/rpc.py). What holds itself only the garbage collector frees: two thirds of all garbage, and the larger the
  stack the dearer, as it no longer fits into a cache.
* What fails in an apply, or in the call of a provider's function, is noted with its place: a future gives the traceback
  of its error to the first who asks only, and a function is called in a thread that the program has no frame in.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

import pulumi
from pulumi.runtime import known_types, rpc
from pulumi.runtime import resource as sdk
from pulumi.runtime.proto import source_pb2

from graph.places import describe_position, find_place


@contextmanager
def lighter_sdk() -> Iterator[None]:
    """Let the SDK describe at most two frames of the program, and leave no garbage when it asks for unknowns."""
    original = sdk._get_stack_trace, rpc.contains_unknowns
    apply, invoke_output = pulumi.Output.apply, pulumi.runtime.invoke_output

    def noted_apply(self: Any, func: Callable[[Any], Any], run_with_unknowns: bool = False) -> Any:
        return apply(self, partial(_call, func), run_with_unknowns)

    def noted_invoke(*given: Any, **named: Any) -> Any:
        place = describe_trace(_trace_program())
        output = invoke_output(*given, **named)
        output._data.add_done_callback(partial(_note, place))
        return output

    sdk._get_stack_trace, rpc.contains_unknowns = _trace_program, contains_unknowns
    setattr(pulumi.Output, "apply", noted_apply)  # noqa: B010 mypy takes no assignment to a method
    setattr(pulumi.runtime, "invoke_output", noted_invoke)  # noqa: B010
    try:
        yield
    finally:
        sdk._get_stack_trace, rpc.contains_unknowns = original
        setattr(pulumi.Output, "apply", apply)  # noqa: B010
        setattr(pulumi.runtime, "invoke_output", invoke_output)  # noqa: B010


def _call(func: Callable[[Any], Any], value: Any) -> Any:
    try:
        return func(value)
    except BaseException as error:
        if place := find_place(error):
            error.add_note(place)
        raise


def _note(place: str, output: asyncio.Future[Any]) -> None:
    if not output.cancelled() and (error := output.exception()) is not None:
        error.add_note(place)


_WRAPPERS = ("pulumi", "components.packages", __name__)
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


def describe_trace(trace: source_pb2.StackTrace) -> str:
    """Return the place that registers or calls, and the one in another file that calls it."""
    return ", called at ".join(describe_position(one.pc.uri, one.pc.line) for one in trace.frames)


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
