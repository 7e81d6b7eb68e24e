"""A provider that keeps its objects in memory, and the resources and programs that the tests run against it."""

# ruff: noqa: ARG002 a provider takes what the protocol gives

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from arm.values import UNKNOWN, is_unknown
from rehearsal.engine import Engine, Op, Options, Result, State
from rehearsal.providers import Diff, ExistingResource, InitializationError, Properties, ProviderError, ReadResult

PACKAGE = "memory"


class MemoryProvider:
    """Changing `name` replaces, everything else updates. `handle` is another one for each object created."""

    def __init__(self) -> None:
        self.objects: dict[str, Properties] = {}
        """By id."""
        self.calls: list[tuple[str, str]] = []
        """What was done to the world: (operation, logical name)."""
        self.seen: list[Properties] = []
        """The inputs of every create and update."""
        self.faults: dict[tuple[str, str], BaseException] = {}
        """(operation, logical name) -> what it raises, once."""
        self.delete_before_replace = True
        self._count = 0
        self._lock = threading.Lock()

    def check(self, urn: str, type_token: str, old_inputs: Properties, inputs: Properties) -> Properties:
        self._fail("check", urn)
        return {"colour": "grey", **inputs} if type_token.endswith(":Painted") else inputs

    def diff(self, old: ExistingResource, inputs: Properties, ignore_changes: Sequence[str]) -> Diff:
        keys = sorted({*old.inputs, *inputs})
        changed = [key for key in keys if old.inputs.get(key) != inputs.get(key) or is_unknown(inputs.get(key))]
        replaces = [key for key in changed if key == "name"]
        detailed = {key: "update_replace" if key in replaces else "update" for key in changed}
        return Diff(changed, replaces, bool(replaces) and self.delete_before_replace, detailed)

    def create(self, urn: str, type_token: str, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        if preview:
            return "", {**inputs, "handle": UNKNOWN}
        with self._lock:
            self._count += 1
            resource_id = f"{_name(urn)}-{self._count}"
            outputs = {**inputs, "handle": f"handle-{self._count}"}
        self._fail("create", urn, resource_id, inputs, outputs)
        return resource_id, self._done("create", urn, resource_id, outputs)

    def read(self, old: ExistingResource) -> ReadResult:
        self._fail("read", old.urn)
        if old.id not in self.objects:
            return ReadResult("", {}, {})
        found = self.objects[old.id]
        return ReadResult(old.id, {key: value for key, value in found.items() if key != "handle"}, found)

    def update(self, old: ExistingResource, inputs: Properties, *, preview: bool) -> Properties:
        outputs = {**inputs, "handle": old.outputs.get("handle", "?")}
        if preview:
            return outputs
        self._fail("update", old.urn, old.id, inputs, outputs)
        return self._done("update", old.urn, old.id, outputs)

    def delete(self, old: ExistingResource) -> None:
        self._fail("delete", old.urn)
        with self._lock:
            del self.objects[old.id]
            self.calls.append(("delete", _name(old.urn)))

    def invoke(self, token: str, arguments: Properties) -> Properties:
        if arguments["id"] not in self.objects:
            raise ProviderError(f"404 {arguments['id']}")
        return self.objects[arguments["id"]]

    def fail(self, operation: str, name: str, error: BaseException | None = None) -> None:
        self.faults[operation, name] = error or ProviderError(f"Azure refuses to {operation} {name}")

    def half_made(self, name: str, operation: str = "create") -> None:
        """Accept the call and fail later."""
        self.faults[operation, name] = InitializationError("", {}, {}, ["it never became ready"])

    def _fail(self, operation: str, urn: str, resource_id: str = "", *values: Properties) -> None:
        error = self.faults.pop((operation, _name(urn)), None)
        if isinstance(error, InitializationError):
            self._done(operation, urn, resource_id, values[1])
            raise InitializationError(resource_id, values[0], values[1], error.reasons)
        if error is not None:
            raise error

    def _done(self, operation: str, urn: str, resource_id: str, outputs: Properties) -> Properties:
        with self._lock:
            self.objects[resource_id] = outputs
            self.seen.append({key: value for key, value in outputs.items() if key != "handle"})
            self.calls.append((operation, _name(urn)))
        return outputs


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


class Thing(pulumi.CustomResource):
    handle: pulumi.Output[str]

    def __init__(
        self, name: str, /, type_: str = "Thing", opts: pulumi.ResourceOptions | None = None, **inputs: Any
    ) -> None:
        super().__init__(f"{PACKAGE}:index:{type_}", name, {**inputs, "handle": None}, opts)


class Group(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("memory:index:Group", name, None, opts)


def options(**values: Any) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(**values)


class Bench:
    """A stack: one state and one world, and whichever program is to be run on them."""

    def __init__(self, **how: Any) -> None:
        self.world = MemoryProvider()
        self.state = State()
        self.options = Options(**how)

    def engine(self, program: Callable[[], object], config: Mapping[str, Any] | None = None) -> Engine:
        return Engine(program, "dev", config or {}, {PACKAGE: self.world}, self.state, self.options)

    def preview(self, program: Callable[[], object]) -> Result:
        return self.engine(program).preview()

    def up(self, program: Callable[[], object]) -> Result:
        """Deploy, and leave only this deployment's calls to look at."""
        self.world.calls.clear()
        self.world.seen.clear()
        return self.engine(program).up()

    def made(self, program: Callable[[], object]) -> Bench:
        """With this program deployed."""
        result = self.up(program)
        assert result.succeeded, errors(result)
        return self

    def resource(self, name: str) -> Any:
        (found,) = [item for item in self.state.resources if _name(item.urn) == name]
        return found

    @property
    def names(self) -> set[str]:
        """What the state holds, without what the engine adds."""
        return {_name(item.urn) for item in self.state.resources} - {"edge-stamps-dev", "default"}


def ops(result: Result, *only: Op) -> list[tuple[Op, str]]:
    """What was done in which order, without what the engine adds."""
    return [(op, name) for op, name in result.ops(*only) if name not in ("edge-stamps-dev", "default")]


def outcomes(result: Result) -> dict[str, str]:
    """By logical name, without what the engine adds and what stays the same."""
    changes = {_name(urn): str(outcome) for urn, outcome in result.changes.items()}
    return {name: outcome for name, outcome in changes.items() if name not in ("edge-stamps-dev", "default")}


def errors(result: Result) -> str:
    return "\n".join(str(item) for item in result.diagnostics if item.severity == "error")
