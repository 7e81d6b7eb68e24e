"""The operations: preview, up, refresh, destroy (pulumi/pulumi, pkg/resource/deploy/deployment_executor.go)."""

from __future__ import annotations

import asyncio
import runpy
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi.runtime.settings import SETTINGS, get_root_resource

from graph import run_program
from graph.urns import STACK_TYPE
from rehearsal.engine.deletes import delete_the_rest
from rehearsal.engine.executor import Executor, ProtectedError, Stopped
from rehearsal.engine.journal import Journal
from rehearsal.engine.monitor import EngineMonitor, NoCallbacks
from rehearsal.engine.planner import Planner
from rehearsal.engine.recording import Recording
from rehearsal.engine.refresh import refresh_all
from rehearsal.engine.registry import Registry
from rehearsal.engine.result import Diagnostic, Observer, Operation, Result, UnsupportedError
from rehearsal.engine.state import State
from rehearsal.providers import ResourceProvider


@dataclass(frozen=True)
class Options:
    """How an operation goes about it."""

    parallel: int = 64
    """How many resources are worked on at once."""
    continue_on_error: bool = False
    """After a failure, go on with what does not depend on the failed resource."""
    allow_pending_creates: bool = False
    """Go on although nobody knows whether what a killed run was creating exists."""
    replace: Sequence[str] = ()
    """URNs to replace although nothing has changed."""
    observe: Observer = lambda *_: None
    tell: Callable[[Diagnostic], None] = lambda _: None
    """Called at once with each message."""
    recording: Recording | None = None
    """Takes down what the program registers, to be played again."""


Program = Callable[[], object] | Path | Recording


@dataclass
class Engine:
    """One stack of a program, its providers and its state. Not for two threads at once."""

    program: Program
    """What to run; of a folder, its `__main__.py`."""
    stack: str
    config: Mapping[str, Any]
    """The `config` block of the stack file; objects as objects."""
    providers: Mapping[str, ResourceProvider]
    """By plugin name, e.g. azure-native, which answers for its parameterized packages too."""
    state: State
    options: Options = field(default_factory=Options)

    def preview(self) -> Result:
        """Tell what `up` would do. The state and the world stay as they are."""
        return self._deploy(preview=True)

    def up(self) -> Result:
        """Make the resources what the program says. Every step is in the state before the next depends on it."""
        if self.options.allow_pending_creates or not self._pending(creates=True):
            return self._deploy(preview=False)
        result = self._result("up", preview=False)
        result.say("error", "", self._pending_message())
        return result

    def refresh(self, *, preview: bool = False) -> Result:
        """Make the state what the resources are."""
        result = self._result("refresh", preview=preview)
        journal, registry = self._begin(preview=preview)
        refresh_all(journal, registry, result, parallel=self.options.parallel)
        result.outputs = next((item.outputs for item in self.state.resources if item.type == STACK_TYPE), {})
        return result

    def destroy(self, *, preview: bool = False) -> Result:
        """Delete everything, dependents first; with a protected resource among it, nothing at all.

        The real `destroy` previews first and then stops as well; only with `--skip-preview` would it delete the others.
        """
        result = self._result("destroy", preview=preview)
        journal, registry = self._begin(preview=preview)
        for old in journal.base:
            if old.protect and not old.delete:
                result.set(old.urn, "failed")
                result.say("error", old.urn, str(ProtectedError(old.urn)))
        if not result.succeeded:
            return result
        planner = Planner(journal.base, registry, result, self.options.replace)
        try:
            executor = self._executor(journal, registry, planner, result)
            delete_the_rest(journal.base, planner, executor, result, parallel=self.options.parallel)
        finally:
            journal.finish()
        return result

    def _deploy(self, *, preview: bool) -> Result:
        result = self._result("up", preview=preview)
        if self._pending() and not preview:
            result.say("warning", "", self._pending_message())
        journal, registry = self._begin(preview=preview)
        planner = Planner(journal.base, registry, result, self.options.replace)
        executor = self._executor(journal, registry, planner, result)
        monitor = EngineMonitor(journal, registry, planner, executor, result, self.options.recording)
        try:
            self._run_to_the_end(monitor, journal, planner, executor, result)
        finally:
            journal.finish()
        return result

    def _run_to_the_end(
        self, monitor: EngineMonitor, journal: Journal, planner: Planner, executor: Executor, result: Result
    ) -> None:
        error = self._run_program(monitor, preview=result.preview)
        if monitor.crash or isinstance(error, UnsupportedError):
            raise monitor.crash or error  # type: ignore[misc]
        if monitor.interrupted or isinstance(error, KeyboardInterrupt):
            monitor.finish()
            raise KeyboardInterrupt
        if executor.stopped:
            monitor.finish()
            return
        if error is not None:
            result.error = error
            result.say("error", "", f"the program failed: {error}")
        else:
            delete_the_rest(journal.base, planner, executor, result, parallel=self.options.parallel)
        monitor.finish()

    def _result(self, operation: Operation, *, preview: bool) -> Result:
        return Result(operation, preview, observe=self.options.observe, tell=self.options.tell)

    def _begin(self, *, preview: bool) -> tuple[Journal, Registry]:
        journal = Journal(self.state, preview=preview)
        return journal, Registry(self.providers, journal.base)

    def _executor(self, journal: Journal, registry: Registry, planner: Planner, result: Result) -> Executor:
        return Executor(
            journal, registry, result, deleted=planner.deleted, continue_on_error=self.options.continue_on_error
        )

    def _run_program(self, monitor: EngineMonitor, *, preview: bool) -> BaseException | None:
        """Run the program to its end; what it raised, but not that the engine stopped it."""
        try:
            # What the program prints is a message, and no part of what a command prints as its result.
            with run_program.without_garbage_collection(), redirect_stdout(sys.stderr):
                if isinstance(self.program, Recording):
                    run_program.configure_sdk(self.stack, self.config, monitor, preview=preview)
                    self.program.play(monitor)
                else:
                    asyncio.run(self._run(self.program, monitor, preview=preview))
        except Stopped:
            return None
        except BaseException as error:  # a `sys.exit` of the program as well; the caller reports it
            return error
        return None

    async def _run(self, program: Callable[[], object] | Path, monitor: EngineMonitor, *, preview: bool) -> None:
        # The SDK calls the monitor in the loop's default threads; asyncio.run waits for those that are still at work.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(self.options.parallel))
        await run_program.run_program(
            lambda: _start(program, monitor), self.stack, self.config, monitor, preview=preview
        )

    def _pending(self, *, creates: bool = False) -> list[str]:
        return [
            f"  * {item.resource.urn}, interrupted while {item.type}"
            for item in self.state.pending_operations
            if item.type == "creating" or not creates
        ]

    def _pending_message(self) -> str:
        """Return the engine's own words; it only warns where we refuse, as azure-native refuses later anyway."""
        pending = self._pending()
        first = (
            f"Attempting to deploy or update resources with {len(pending)} pending operations from previous deployment."
        )
        last = (
            "These resources are in an unknown state because the run was interrupted while waiting for changes to these"
            " resources to complete. Confirm whether the operations completed by looking at Azure."
        )
        return "\n".join([first, *pending, last])


def _start(program: Callable[[], object] | Path, monitor: EngineMonitor) -> None:
    SETTINGS.callbacks = NoCallbacks(monitor)
    if isinstance(program, Path):
        runpy.run_path(str(program), run_name="__main__")
    else:
        program()
    if getattr(get_root_resource(), "_async_program", None) is not None:
        raise UnsupportedError("pulumi.run", "the program")
