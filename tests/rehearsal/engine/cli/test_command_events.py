"""The events that the engine sends to the Automation API: counts, outputs, failures, and no secret."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import automation as auto
from pulumi.automation.events import EngineEvent, OpType

from arm.values import SECRET_MARKER
from tests.rehearsal.engine.cli.project import STACK, Project
from tests.rehearsal.engine.memory import Thing, options

SECRETS = ("pa55word", "t0ken", "pr1vate")


def with_secrets(size: int) -> None:
    """Secrets as an input, inside one, taken over from another resource, and as an output."""
    one = Thing("one", name="one", password=pulumi.Output.secret(SECRETS[0]), size=size)
    nested: dict[str, Any] = {"users": [{"token": pulumi.Output.secret(SECRETS[1])}], "size": size}
    two = Thing("two", name="two", nested=nested, opts=options(additional_secret_outputs=["handle"], depends_on=[one]))
    Thing("three", name=f"three-{size}", copied=pulumi.Output.secret(SECRETS[2]), of=two.handle)
    pulumi.export("one", one.handle)
    pulumi.export("key", {"pem": pulumi.Output.secret(SECRETS[2])})


def logged(project: Project, *arguments: str) -> list[dict[str, Any]]:
    """The events of a command that writes them to a file."""
    file = project.folder / "events.json"
    file.unlink(missing_ok=True)
    project.command.run([*arguments, "--event-log", str(file), "--stack", STACK], str(project.folder), {})
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_preview_counts_what_up_would_do_and_does_nothing(project: Project) -> None:
    stack = project.made(lambda: (Thing("one", name="one", size=1), Thing("two", name="two"), Thing("three", name="a")))
    project.program = lambda: (Thing("one", name="one", size=2), Thing("three", name="b"), Thing("four", name="four"))
    calls = list(project.world.calls)

    counts = stack.preview().change_summary
    assert counts == {"same": 2, "create": 1, "update": 1, "replace": 1, "delete": 1}
    assert project.world.calls == calls
    assert stack.up().summary.resource_changes == counts


def test_steps_are_told_in_order_with_what_was_and_what_is(project: Project) -> None:
    stack, events = project.made(lambda: Thing("one", name="one", size=1)), list[EngineEvent]()
    project.program = lambda: Thing("one", name="one", size=2)
    stack.up(on_event=events.append)

    assert [event.sequence for event in events] == list(range(len(events)))
    (begun,) = (e.resource_pre_event.metadata for e in events if e.resource_pre_event and ended(e) == "one")
    (done,) = (e.res_outputs_event.metadata for e in events if e.res_outputs_event and ended(e) == "one")
    assert (begun.op, begun.type, done.op) == (OpType.UPDATE, "memory:index:Thing", OpType.UPDATE)
    assert begun.old is not None
    assert (begun.old.inputs or {})["size"] == 1
    assert done.new is not None
    assert (done.new.inputs or {})["size"] == 2
    assert done.new.id == "one-1"
    assert done.diffs == ["size"]


def ended(event: EngineEvent) -> str:
    told = event.resource_pre_event or event.res_outputs_event or event.res_op_failed_event
    return told.metadata.urn.rpartition("::")[2] if told else ""


def test_a_failure_is_told_with_its_resource_and_message(project: Project) -> None:
    def program() -> None:
        one = Thing("one", name="one")
        Thing("two", name="two", of=one.handle)

    project.program, events = program, list[EngineEvent]()
    stack = project.stack()
    project.world.fail("create", "one")
    with pytest.raises(auto.CommandError, match="error: up failed"):
        stack.up(on_event=events.append, continue_on_error=True)

    assert [ended(event) for event in events if event.res_op_failed_event] == ["one"]
    errors = [event.diagnostic_event for event in events if event.diagnostic_event]
    told = {((item.urn or "").rpartition("::")[2], item.severity): item.message for item in errors}
    assert told["one", "error"] == "Azure refuses to create one\n"
    assert told["two", "info"].startswith("skipped because ")
    (summary,) = (event.summary_event for event in events if event.summary_event)
    assert events[-1].summary_event is summary
    assert summary.resource_changes == {OpType.CREATE: 2}


@pytest.mark.parametrize("operation", ["preview", "up", "refresh"])
def test_outputs_are_told_at_the_end(operation: str, project: Project) -> None:
    def program() -> None:
        pulumi.export("handle", Thing("one", name="one").handle)

    stack, events = project.made(program), list[EngineEvent]()
    getattr(stack, operation)(on_event=events.append)
    told = [e.res_outputs_event.metadata for e in events if e.res_outputs_event and ended(e) == "edge-stamps-test"]
    assert told[-1].new is not None
    assert told[-1].new.outputs == {"handle": "handle-1"}


def test_what_a_first_preview_cannot_know_is_marked_as_unknown(project: Project) -> None:
    project.program = lambda: Thing("one", name="one")
    project.stack()
    (one,) = (
        event["resOutputsEvent"]["metadata"]["new"]
        for event in logged(project, "preview")
        if event.get("resOutputsEvent", {}).get("metadata", {}).get("urn", "").endswith("::one")
    )
    assert one["outputs"]["handle"] == pulumi.runtime.rpc.UNKNOWN


@pytest.mark.parametrize("operation", ["preview", "up", "refresh", "destroy"])
def test_no_event_holds_a_secret(operation: str, project: Project) -> None:
    project.program = lambda: with_secrets(1)
    stack = project.stack()
    events = list[EngineEvent]()
    if operation in ("preview", "up"):  # nothing exists yet: creates
        getattr(stack, operation)(on_event=events.append)
    stack.up()
    project.program = lambda: with_secrets(2)  # updates, and a replacement
    project.world.objects["one-1"] = {**project.world.objects["one-1"], "size": 3}
    getattr(stack, operation)(on_event=events.append)

    texts = json.dumps(events, default=vars)
    assert "three" in texts
    assert SECRET_MARKER in texts
    assert not [secret for secret in (*SECRETS, "handle-2") if secret in texts]
    state = json.dumps(stack.export_stack().deployment)
    assert operation == "destroy" or all(secret in state for secret in SECRETS)


def test_a_log_file_holds_the_same_events_as_the_stream(project: Project) -> None:
    project.program = lambda: with_secrets(1)
    stack, streamed = project.stack(), list[EngineEvent]()
    stack.preview(on_event=streamed.append)
    written = logged(project, "preview")

    def kinds(keys: list[set[str]]) -> Counter[str]:
        return Counter(next(iter(key - {"sequence", "timestamp"})) for key in keys)

    assert kinds([set(event) for event in written]) == {
        "resourcePreEvent": 5, "resOutputsEvent": 6, "summaryEvent": 1,
    }  # fmt: skip
    assert [event["sequence"] for event in written] == list(range(12))
    assert len(streamed) == 12
    assert not [secret for secret in SECRETS if secret in json.dumps(written)]


def test_the_summary_of_a_log_file_says_whether_it_was_a_preview(project: Project) -> None:
    project.program = lambda: Thing("one", name="one")
    project.stack()
    previewed, done = logged(project, "preview")[-1], logged(project, "up")[-1]
    assert previewed["summaryEvent"]["isPreview"] is True
    assert done["summaryEvent"]["isPreview"] is False
    assert done["summaryEvent"]["resourceChanges"] == {"create": 3}


def test_nobody_has_to_listen(project: Project, tmp_path: Path) -> None:
    before = {path.name for path in tmp_path.iterdir()}
    project.made(lambda: Thing("one", name="one"))
    assert {path.name for path in tmp_path.iterdir()} - before == {".rehearsal"}


@pytest.mark.parametrize(("size", "ok"), [(1, True), (2, False)])
def test_expect_no_changes_fails_where_something_changes(size: int, ok: bool, project: Project) -> None:
    stack = project.made(lambda: Thing("one", name="one", size=1))
    project.program = lambda: Thing("one", name="one", size=size)
    if ok:
        assert stack.preview(expect_no_changes=True).change_summary == {"same": 3}
    else:
        with pytest.raises(auto.CommandError, match="error: preview failed"):
            stack.preview(expect_no_changes=True)


def test_replace_replaces_what_is_named_and_refuses_what_is_not_there(project: Project) -> None:
    stack = project.made(lambda: Thing("one", name="one"))
    urn = "urn:pulumi:test::edge-stamps::memory:index:Thing::"
    assert stack.preview(replace=[f"{urn}one"]).change_summary == {"same": 2, "replace": 1}
    with pytest.raises(auto.CommandError, match=r"Replace target '.*::two' could not be found in the stack"):
        stack.up(replace=[f"{urn}two"])
    assert project.world.calls == [("create", "one")]
