"""Where a program registers a resource, by one frame.

For every registration the SDK describes its whole stack to the engine (pulumi/pulumi, sdk/python/lib/pulumi/runtime/
resource.py, `_get_stack_trace`): a tenth of the time of a recording, where nobody reads it. A mistake is told with the
place that the SDK calls the source position, and that is one frame.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulumi.runtime import resource as sdk
from pulumi.runtime.proto import source_pb2

_PROJECT = Path(__file__).resolve().parents[1]


@contextmanager
def limit_stack_traces() -> Iterator[None]:
    """Let the SDK describe the innermost frame of the program only."""
    original = sdk._get_stack_trace
    sdk._get_stack_trace = _trace_program
    try:
        yield
    finally:
        sdk._get_stack_trace = original


def _trace_program() -> source_pb2.StackTrace:
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__", "").partition(".")[0].startswith("pulumi"):
        if frame.f_back is None:
            return source_pb2.StackTrace()
        frame = frame.f_back
    position = source_pb2.SourcePosition(uri=frame.f_code.co_filename, line=frame.f_lineno)
    return source_pb2.StackTrace(frames=[source_pb2.StackFrame(pc=position)])


def describe_position(file: str, line: int) -> str:
    """Return `components/pki_chain.py:12`; of a file outside the project the name only."""
    path = Path(file)
    return f"{path.relative_to(_PROJECT) if path.is_relative_to(_PROJECT) else path.name}:{line}"
