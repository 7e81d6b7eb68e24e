"""Run a program in this process without a CLI, and record what it registers."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import MappingProxyType
from typing import Any, TextIO

from pulumi.runtime import configure, reset_options, run_in_stack
from pulumi.runtime.config import set_all_config
from pulumi.runtime.mocks import MockEngine, MockSettings
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import SETTINGS

from graph.bounded import bound
from graph.graph import Graph, Said, Severity
from graph.lighter_sdk import lighter_sdk, take_apart
from graph.monitor import Monitor, Provider, RecordingMonitor
from graph.side_effects import watch

PROJECT = "edge-stamps"
_SEVERITIES: Mapping[int, Severity] = {
    engine_pb2.DEBUG: "debug",
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}


class ProgramEndedError(Exception):
    """The program called `sys.exit`: a command must not end with it, with 0 as if all were well."""

    def __init__(self, error: SystemExit) -> None:
        super().__init__(f"the program ended itself, with exit code {error.code}")
        self.with_traceback(error.__traceback__)
        for note in getattr(error, "__notes__", ()):
            self.add_note(note)


def record(
    program: Callable[[], object],
    stack: str,
    config: Mapping[str, Any],
    *,
    provider: Provider,
    preview: bool,
    subscription_id: str,
    deployed: Mapping[str, Any] = MappingProxyType({}),
) -> Graph:
    """Run any program, e.g. one component in a test, and return what it registers. Not for two threads at once.

    Args:
        config: the `config` block of the stack file; objects as objects.
        deployed: outputs that the stack's state holds, by URN; left out, nothing is deployed yet.

    Raises:
        LookupError: the program uses a resource type or a function that nothing answers for.
        ProgramEndedError, ProgramStuckError: it ended itself, or would not end.
        Exception: whatever else the program raises.
    """
    monitor = RecordingMonitor(provider, preview=preview, deployed=deployed)
    with without_garbage_collection(), watch() as side_effects:
        try:
            with bound(lambda: len(monitor.recorded)), _taking_prints(monitor.said):
                asyncio.run(run_program(program, stack, config, monitor, preview=preview))
        except SystemExit as error:  # in apply
            raise ProgramEndedError(error) from error
        except Exception:
            if monitor.failure:
                raise monitor.failure from None
            raise
    return Graph(
        project=PROJECT,
        stack=stack,
        preview=preview,
        subscription_id=subscription_id,
        resources=monitor.recorded,
        outputs=monitor.stack_outputs,
        register_outputs_calls=monitor.register_outputs_calls,
        plugins=monitor.plugins,
        side_effects=side_effects,
        said=monitor.said,
    )


class _Tee(io.StringIO):
    """Keeps what is printed, and prints it as a message: what a command prints on standard output is its own."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(text)
        return super().write(text)


@contextmanager
def _taking_prints(said: list[Said]) -> Iterator[None]:
    out, error = _Tee(sys.stderr), _Tee(sys.stderr)
    with redirect_stdout(out), redirect_stderr(error):
        yield
    printed = Said("stdout", out.getvalue()), Said("stderr", error.getvalue())
    said += [one for one in printed if one.text]


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Collect once, afterwards: each full collection walks all of azure-native's classes."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


async def run_program(
    program: Callable[[], object],
    stack: str,
    config: Mapping[str, Any],
    monitor: Monitor,
    *,
    preview: bool,
) -> None:
    """Run the program in a stack, as the language host does, with this monitor in the place of the engine."""
    # A failure is raised once, by `record`; the SDK would print it for every output that waited for it.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    configure_sdk(stack, config, monitor, preview=preview)
    outputs: set[asyncio.Future[Any]] = set()
    with lighter_sdk():
        await run_in_stack(lambda: _run_and_settle(program, monitor, outputs))
    take_apart(outputs)


class _Engine(MockEngine):
    """Takes what the program logs: for the monitor, and as the SDK's own does, which prints warnings and errors."""

    def __init__(self, monitor: Monitor) -> None:
        super().__init__(logging.getLogger("pulumi"))
        self._monitor = monitor

    def Log(self, request: Any) -> None:  # noqa: N802 the name is the engine's
        super().Log(request)  # type: ignore[no-untyped-call]
        self._monitor.log(_SEVERITIES[request.severity], request.urn, request.message)


def configure_sdk(stack: str, config: Mapping[str, Any], monitor: Monitor, *, preview: bool) -> None:
    """Tell the SDK of this process which stack it works on, and who takes its calls."""
    reset_options(project=PROJECT, stack=stack, preview=preview)
    configure(
        MockSettings(  # type: ignore[no-untyped-call]
            monitor=monitor,
            monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),  # type: ignore[no-untyped-call]
            engine=_Engine(monitor),
            project=PROJECT,
            stack=stack,
            dry_run=preview,
            organization="organization",
            callbacks=None,
        )
    )
    set_all_config({key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()})


async def _run_and_settle(program: Callable[[], object], monitor: Monitor, outputs: set[asyncio.Future[Any]]) -> None:
    """Run the program, and wait for its outputs all at once.

    The SDK waits for them one by one and looks at all that remain each time: at 10 clusters more than half of its time.
    """
    try:
        program()
    except SystemExit as error:
        raise ProgramEndedError(error) from error
    outputs |= SETTINGS.outputs
    this = asyncio.current_task()
    while pending := [task for task in asyncio.all_tasks() if task is not this]:
        try:
            await asyncio.wait(pending)
        except asyncio.CancelledError:  # Ctrl-C; the SDK would wait for all that is still to be registered
            monitor.stop()
            raise
