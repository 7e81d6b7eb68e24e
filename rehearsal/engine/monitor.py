"""The engine's side of the program's calls: plan, do, answer (pulumi/pulumi, pkg/resource/deploy/source_eval.go)."""

from __future__ import annotations

import threading
from typing import Any, NoReturn

from google.protobuf import empty_pb2
from pulumi import get_stack
from pulumi.runtime.proto import resource_pb2

from arm.values import reveal
from graph.graph import Severity
from graph.monitor import READ_STATE, Monitor
from graph.property_values import from_struct, to_struct
from graph.urns import STACK_TYPE, compose_urn
from rehearsal.engine import goals
from rehearsal.engine.dependencies import list_named
from rehearsal.engine.executor import Executor, StepFailed, Stopped
from rehearsal.engine.goals import Package
from rehearsal.engine.journal import Journal
from rehearsal.engine.planner import Goal, Planner
from rehearsal.engine.recording import Recording
from rehearsal.engine.registry import PROVIDER_TYPE, Registry
from rehearsal.engine.result import Result, UnsupportedError
from rehearsal.engine.state import ResourceState
from rehearsal.providers import ProviderError


class EngineMonitor(Monitor):
    """Takes the registrations of one run of the program. Called from several threads at once.

    It offers hooks and transforms, as the SDK's own does, so that they arrive here and are refused by name.
    """

    def __init__(
        self,
        journal: Journal,
        registry: Registry,
        planner: Planner,
        executor: Executor,
        result: Result,
        recording: Recording | None = None,
    ) -> None:
        super().__init__()
        self._journal = journal
        self._registry = registry
        self._planner = planner
        self._executor = executor
        self._result = result
        self._recording = recording
        self._planning = threading.RLock()
        self._package: dict[str, Package] = {}
        self._requests: dict[str, Any] = {}
        self._states: dict[str, ResourceState] = {}
        self._skipped: set[str] = set()
        self._defaults: dict[str, str] = {}
        """Default providers: name -> reference."""
        self.interrupted = False
        self.crash: BaseException | None = None
        """The first thing that went wrong in the engine or a provider, as opposed to the program."""

    def log(self, severity: Severity, urn: str, message: str) -> None:
        if severity != "debug":
            self._result.say(severity, urn, message, logged=True)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the name is the engine's
        self._take_down("RegisterResource", request)
        try:
            return self._deploy(request)
        except Stopped:
            raise
        except BaseException as error:
            self.crash = self.crash or error
            raise

    def _take_down(self, call: str, request: Any) -> None:
        if self._recording is not None:
            self._recording.note(call, request)

    def _deploy(self, request: Any) -> Any:
        goals.refuse(request)
        urn = self._claim(request)
        with self._planning:
            if self._executor.stopped:
                self._result.set(urn, "skipped")
                raise Stopped
            if request.custom and not request.provider and not request.type.startswith(PROVIDER_TYPE):
                package = request.type.partition(":")[0]
                request.provider = self._default_provider(package, request.version, request.packageRef)
            goal = goals.read_goal(urn, request, request.provider, self._package.get(request.packageRef))
            self._states[urn] = goal.new
            if self._must_skip(goal.new):
                return self._answer(self._planner.dry_run(goal), resource_pb2.Result.SUCCESS, unknown=True)
            try:
                steps = self._planner.plan(goal)
            except ProviderError as error:
                # The engine ends the operation here, also where it is to continue on errors.
                self._executor.fail(urn, str(error), stop=True)
        try:
            self._executor.run(steps)
        except StepFailed:
            self._executor.failed.add(urn)
            self._result.set(urn, "failed")
            return self._answer(goal.new, resource_pb2.Result.FAIL)
        return self._answer(goal.new, resource_pb2.Result.SUCCESS)

    def _claim(self, request: Any) -> str:
        urn = compose_urn(request.parent, request.type, request.name)
        with self._planning:
            if urn in self._requests:
                raise ValueError(f"two resources have the URN {urn}: choose another logical name for one of them")
            self._requests[urn] = request
            if request.parent in self._requests:
                goals.inherit(request, self._requests[request.parent])
        return urn

    def _must_skip(self, new: ResourceState) -> bool:
        """Whether something that the resource needs has failed or was skipped itself."""
        needed = list_named(new) | {new.parent}
        missing = sorted(needed & (self._executor.failed | self._skipped))
        if missing:
            self._skipped.add(new.urn)
            self._planner.operated.add(new.urn)
            self._result.set(new.urn, "skipped")
            why = "failed" if missing[0] in self._executor.failed else "was skipped"
            self._result.say("info", new.urn, f"skipped because {missing[0]} {why}")
        return bool(missing)

    def _answer(self, new: ResourceState, result: Any, *, unknown: bool = False) -> Any:
        # A component's outputs of last time may name resources that are not registered again yet.
        outputs = to_struct(new.outputs if new.custom else {})
        return resource_pb2.RegisterResourceResponse(
            urn=new.urn, id=new.id, object=outputs, result=result, unknown=unknown
        )

    def _default_provider(self, package: str, version: str, package_ref: str) -> str:
        """Return the reference of the provider for resources that name none; it is registered at its first use."""
        parameterized = self._package.get(package_ref)
        version = parameterized.version if parameterized else version
        name = "_".join(["default", *([version.replace(".", "_")] if version else [])])
        urn = compose_urn("", PROVIDER_TYPE + package, name)
        with self._planning:
            if urn not in self._defaults:
                new = ResourceState(urn=urn, type=PROVIDER_TYPE + package, custom=True)
                self._executor.run(
                    self._planner.plan(Goal(new, goals.make_provider_inputs({}, version, parameterized), None))
                )
                self._defaults[urn] = f"{urn}::{new.id}"
            return self._defaults[urn]

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        self._take_down("RegisterResourceOutputs", request)
        outputs = from_struct(request.outputs)
        state = self._states[request.urn]
        if state.type == STACK_TYPE:
            self.stack_outputs = outputs
        elif request.urn not in self._skipped:
            state.change(outputs=outputs)
            self._journal.changed(state)
        return empty_pb2.Empty()

    def stop(self) -> None:
        """Begin nothing more: somebody has interrupted the run."""
        self.interrupted = True
        self._executor.stopped = True

    def finish(self) -> None:
        """Set the stack's outputs; after a failure the absence of one does not mean that it is gone."""
        stack = next((state for state in self._states.values() if state.type == STACK_TYPE), None)
        if stack is None:
            return
        old = self._planner.olds.get(stack.urn)
        before = old.outputs if old is not None and not self._result.succeeded else {}
        stack.change(outputs={**before, **self.stack_outputs})
        self._result.outputs = stack.outputs

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        if request.tok == READ_STATE:
            return resource_pb2.ResourceInvokeResponse(**{"return": to_struct(self._read_state(request))})
        if request.tok.startswith("pulumi:"):
            raise UnsupportedError("functions of the engine's own", request.tok)
        package = request.tok.partition(":")[0]
        reference = request.provider or self._default_provider(package, request.version, request.packageRef)
        provider = self._registry.at(reference.rpartition("::")[0])
        return resource_pb2.ResourceInvokeResponse(
            **{"return": to_struct(provider.invoke(request.tok, reveal(from_struct(request.args))))}
        )

    def _read_state(self, request: Any) -> dict[str, Any]:
        """Return the outputs of what the state has held when the run began (pkg/backend/backend.go)."""
        self._take_down("Invoke", request)  # it brings a default provider with it
        name = from_struct(request.args)["stackName"]
        if name.rpartition("/")[2] != get_stack():
            raise UnsupportedError("stack references", name)
        self._default_provider("pulumi", request.version, "")
        olds = self._planner.olds.values()
        return {"name": name, "outputs": {old.urn: {"type": old.type, "outputs": old.outputs} for old in olds}}

    def RegisterPackage(self, request: Any) -> Any:  # noqa: N802
        self._take_down("RegisterPackage", request)
        given = request.parameterization
        if given.name:
            self._package[given.name] = Package(request.name, request.version, given.name, given.version, given.value)
        return resource_pb2.RegisterPackageResponse(ref=given.name or request.name)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        what = (
            "stack references" if request.type.startswith("pulumi:pulumi:StackRef") else "reads of existing resources"
        )
        self.refuse(what, f"{request.type} {request.name!r}")

    def Call(self, request: Any) -> Any:  # noqa: N802
        self.refuse("calls of a resource's methods", request.tok)

    def ExistsResource(self, request: Any) -> Any:  # noqa: N802
        self.refuse("questions whether a resource exists", request.type)

    def refuse(self, what: str, where: str) -> NoReturn:
        """End the operation, whatever the SDK makes of the exception."""
        self.crash = self.crash or UnsupportedError(what, where)
        raise self.crash


class NoCallbacks:
    """In the place of the server by which the SDK lets an engine call hooks and transforms: refuses each by name."""

    def __init__(self, monitor: EngineMonitor) -> None:
        self._monitor = monitor

    def __getattr__(self, name: str) -> NoReturn:
        self._monitor.refuse(f"{name.removeprefix('register_').replace('_', ' ')}s", "the program")
