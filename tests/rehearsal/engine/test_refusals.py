"""What the offline engine does not do, it refuses by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor

from rehearsal.engine import UnsupportedError
from tests.conftest import PROGRAM
from tests.rehearsal.engine.memory import Bench, Thing, options


def with_options(**values: Any) -> Callable[[], object]:
    return lambda: Thing("thing", name="one", opts=options(**values))


def hooked() -> None:
    hook = pulumi.ResourceHook("hook", lambda _: None)
    Thing("thing", name="one", opts=options(hooks=pulumi.ResourceHookBinding(before_create=[hook])))


def error_hooked() -> None:
    hook = pulumi.ErrorHook("hook", lambda _: False)
    Thing("thing", name="one", opts=options(hooks=pulumi.ResourceHookBinding(on_error=[hook])))


async def entry() -> None:
    return None


def remote() -> None:
    pulumi.ComponentResource("memory:index:Remote", "thing", {}, None, remote=True)


def called() -> None:
    monitor: Any = get_monitor()
    monitor.Call(resource_pb2.ResourceCallRequest(tok="memory:index:Thing/poke"))


def asked_whether_it_exists() -> None:
    monitor: Any = get_monitor()
    monitor.ExistsResource(resource_pb2.RegisterResourceRequest(type="memory:index:Thing"))


REFUSED: dict[str, Callable[[], object]] = {
    "aliases": with_options(aliases=[pulumi.Alias(name="former")]),
    "import of existing resources": with_options(import_="/some/id"),
    "transforms": with_options(transforms=[lambda _: None]),
    "stack transforms": lambda: pulumi.runtime.register_resource_transform(lambda _: None),
    "invoke transforms": lambda: pulumi.runtime.register_invoke_transform(lambda _: None),
    "resource hooks": hooked,
    "error hooks": error_hooked,
    "stack references": lambda: pulumi.StackReference("organization/other/dev"),
    "reads of existing resources": with_options(id="/some/id"),
    "remote components": remote,
    "calls of a resource's methods": called,
    "questions whether a resource exists": asked_whether_it_exists,
    "replacement triggers": with_options(replacement_trigger="now"),
    "functions of the engine's own": lambda: pulumi.runtime.invoke("pulumi:pulumi:getResource", {"urn": "x"}),
    "pulumi.run": lambda: pulumi.run(entry),
}


def test_the_state_of_another_stack_is_refused() -> None:
    other = {"stackName": "organization/edge-stamps/other"}
    with pytest.raises(UnsupportedError, match="stack references"):
        Bench().preview(lambda: pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", other))


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_with_what_and_where(what: str) -> None:
    bench = Bench()
    with pytest.raises(UnsupportedError, match="use the real engine") as refusal:
        bench.preview(REFUSED[what])
    assert what in str(refusal.value)
    assert refusal.value.where
    assert bench.names == set()


@pytest.mark.parametrize("what", [*REFUSED, "targets"])
def test_the_readme_names_it(what: str) -> None:
    assert what in " ".join((PROGRAM / "rehearsal" / "engine" / "README.md").read_text(encoding="utf-8").split())


def test_a_resource_that_was_only_read_before_is_not_taken_over() -> None:
    bench = Bench().made(with_options())
    bench.resource("thing").change(external=True)
    with pytest.raises(UnsupportedError, match="used to read"):
        bench.up(with_options())
