"""What one operation did, from the engine's events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import automation as auto
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from automation.deployment.operations import PARALLEL, EngineResult, Operation, run
from graph.property_values import SECRET_SIGNATURE, SIGNATURE
from graph.urns import name_of
from rehearsal.engine.cli.events import stream_events
from tests.rehearsal.engine.cli.project import Project
from tests.rehearsal.engine.memory import Group, Thing, options

STACK_URN = "urn:pulumi:test::edge-stamps::pulumi:pulumi:Stack::edge-stamps-test"
VNET_URN = "urn:pulumi:test::edge-stamps::azure-native:network:VirtualNetwork::vnet"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def things(*names: str, **inputs: Any) -> Callable[[], object]:
    return lambda: [Thing(name, name=name, **inputs) for name in names]


def changed(outcome: EngineResult) -> dict[str, str]:
    return {name_of(urn): change for urn, change in outcome.changes.items() if ":Thing::" in urn}


def test_changes_are_named_as_what_they_mean_for_the_resource(project: Project) -> None:
    stack = project.made(lambda: (Thing("one", name="one", size=1), Thing("two", name="a"), Thing("three", name="c")))
    project.program = lambda: (Thing("one", name="one", size=2), Thing("two", name="b"), Thing("four", name="d"))
    expected = {"one": "update", "two": "replace", "three": "delete", "four": "create"}

    assert changed(run(stack, "preview")) == expected
    outcome = run(stack, "up")
    assert outcome.ok
    assert changed(outcome) == expected
    assert outcome.names("replace") == {"two"}
    assert run(stack, "up").changes == {}


def test_a_replacement_that_creates_first_is_one_replacement(project: Project) -> None:
    project.world.delete_before_replace = False
    stack = project.made(things("one"))
    project.program = lambda: Thing("one", name="other")
    assert changed(run(stack, "up")) == {"one": "replace"}


def test_replace_is_asked_for_by_urn(project: Project) -> None:
    stack = project.made(things("one", "two"))
    deployment = stack.export_stack().deployment or {}
    (urn,) = (each["urn"] for each in deployment["resources"] if name_of(each["urn"]) == "two")
    assert changed(run(stack, "up", replace=[urn])) == {"two": "replace"}


def test_a_refresh_tells_what_has_changed_and_what_is_gone(project: Project) -> None:
    stack = project.made(things("one", "two", "three"))
    project.world.objects["one-1"] = {**project.world.objects["one-1"], "colour": "red"}
    (two,) = (key for key in project.world.objects if key.startswith("two-"))
    del project.world.objects[two]
    assert changed(run(stack, "refresh")) == {"one": "update", "two": "delete"}
    assert run(stack, "refresh").changes == {}


def test_the_stack_is_no_change_and_its_outputs_are_told(project: Project) -> None:
    def program() -> None:
        pulumi.export("handle", Thing("one", name="one").handle)
        pulumi.export("known", {"list": [1, "two"]})

    project.program = program
    stack = project.stack()
    preview = run(stack, "preview")
    assert preview.outputs == {"handle": None, "known": {"list": [1, "two"]}}
    up = run(stack, "up")
    assert up.outputs == {"handle": "handle-1", "known": {"list": [1, "two"]}}
    assert STACK_URN not in {*preview.changes, *up.changes}
    assert run(stack, "refresh").outputs == up.outputs
    assert run(stack, "destroy").outputs == {}


def test_a_failure_is_told_by_resource_and_what_does_not_depend_on_it_goes_on(project: Project) -> None:
    def program() -> None:
        one = Thing("one", name="one")
        Thing("after", name="after", of=one.handle)
        Thing("beside", name="beside")

    project.program = program
    stack = project.stack()
    project.world.fail("create", "one")
    outcome = run(stack, "up")

    assert not outcome.ok
    assert {name_of(urn): told for urn, told in outcome.failures.items()} == {"one": "Azure refuses to create one"}
    assert changed(outcome) == {"beside": "create"}
    assert "error: up failed" in outcome.text


def test_destroy_goes_on_beside_a_failure(project: Project) -> None:
    stack = project.made(things("one", "two"))
    project.world.fail("delete", "one")
    outcome = run(stack, "destroy")
    assert {name_of(urn) for urn in outcome.failures} == {"one"}
    assert changed(outcome)["two"] == "delete"
    assert "one" not in changed(outcome)


def test_creates_that_were_begun_are_kept_with_their_inputs_but_no_components(project: Project) -> None:
    def program() -> None:
        group = Group("group")
        Thing("one", name="one", size=1, opts=options(parent=group))
        Thing("two", name="two", password=pulumi.Output.secret("pa55word"))

    project.program = program
    stack = project.stack()
    project.world.fail("create", "one")
    creates = {name_of(urn): new for urn, new in run(stack, "up").creates.items()}
    assert {"one", "two"} <= creates.keys()
    assert not {"group", "edge-stamps-test"} & creates.keys()
    assert creates["one"].inputs == {"name": "one", "size": 1}
    assert creates["one"].parent.endswith("::group")
    hidden = {SIGNATURE: SECRET_SIGNATURE, "ciphertext": "[secret]"}
    assert creates["two"].inputs == {"name": "two", "password": hidden}
    assert run(stack, "destroy").creates == {}


def test_what_the_program_raises_is_the_failure_of_no_resource(project: Project) -> None:
    def broken() -> None:
        raise ValueError("no such cluster")

    project.program = broken
    assert run(project.stack(), "preview").failures == {"": "the program failed: no such cluster"}


def test_a_command_that_fails_without_any_event_is_a_failure_too(project: Project) -> None:
    stack = project.stack()
    stack.name = "other"
    outcome = run(stack, "up")
    assert not outcome.ok
    assert "Pulumi.other.yaml" in outcome.failures[""] or "stack other" in outcome.failures[""]


def test_a_lock_is_no_outcome(project: Project) -> None:
    stack = project.stack()
    project.lock()
    with pytest.raises(auto.ConcurrentUpdateError):
        run(stack, "up")


def test_progress_is_told_while_it_runs(project: Project) -> None:
    told: list[tuple[str, str, bool]] = []

    def note(stage: str, urn: str, so_far: EngineResult) -> None:
        told.append((stage, name_of(urn), urn in so_far.changes))

    stack = project.made(things("same"))
    project.program = things("same", "one")
    run(stack, "up", progress=note)
    assert [one for one in told if one[1] == "one"] == [("begun", "one", False), ("done", "one", True)]
    assert ("same", "same", False) in told


class Telling(auto.PulumiCommand):
    """Sends these events and fails, as the CLI would; other commands answer with nothing."""

    def __init__(self, *events: Mapping[str, Any]) -> None:
        self.command, self.version = "telling", VersionInfo(3, 260, 0)
        self.lines: list[list[str]] = []
        self._events = events

    def run(self, args: list[str], *_: Any, **__: Any) -> auto.CommandResult:
        self.lines.append(args)
        if "--event-log" not in args:
            return auto.CommandResult("{}", "", 0)
        with stream_events(args[args.index("--event-log") + 1], planning=False) as stream:
            for event in self._events:
                stream.send(**event)
        raise create_command_error(auto.CommandResult("", "error: update failed", 1))


def told_by_cli(
    folder: Path, operation: Operation, *diagnostics: tuple[str, str, str]
) -> tuple[EngineResult, list[str]]:
    """The outcome of (URN, severity, message), and the command line."""
    events = [
        {"diagnosticEvent": {"urn": urn, "message": message, "color": "never", "severity": severity}}
        for urn, severity, message in diagnostics
    ]
    command = Telling(*events)
    workspace = auto.LocalWorkspace(work_dir=str(folder), pulumi_command=command)
    outcome = run(auto.Stack.select("test", workspace), operation)
    (line,) = (line for line in command.lines if operation in line)
    return outcome, line


def test_several_messages_about_one_resource_are_one_failure(tmp_path: Path) -> None:
    outcome, _ = told_by_cli(
        tmp_path,
        "up",
        (VNET_URN, "warning", "deprecated\n"),
        (VNET_URN, "error", "Status=429\n"),
        (VNET_URN, "error", "1 error occurred\n"),
        (STACK_URN, "info#err", "npm warn\n"),
    )
    assert outcome.failures == {VNET_URN: "Status=429\n1 error occurred"}


@pytest.mark.parametrize("operation", ["up", "preview", "refresh", "destroy"])
def test_what_the_engine_adds_about_the_stack_is_no_failure_of_its_own(operation: Operation, tmp_path: Path) -> None:
    said = {"up": "update", "preview": "preview", "refresh": "refresh", "destroy": "destroy"}[operation]
    outcome, _ = told_by_cli(
        tmp_path, operation, (VNET_URN, "error", "Status=429"), (STACK_URN, "error", f"{said} failed\n")
    )
    assert outcome.failures == {VNET_URN: "Status=429"}
    assert not outcome.ok


def test_that_the_engine_has_ended_the_program_is_no_failure_of_its_own(tmp_path: Path) -> None:
    """Both engines agree on what a refusal by protection says; the real one ended the program late one time in 50."""
    said = ("", "error", "Resource monitor has terminated, shutting down\n")
    outcome, _ = told_by_cli(tmp_path, "up", (VNET_URN, "error", "protected"), said)
    assert outcome.failures == {VNET_URN: "protected"}


def test_an_engine_that_names_nothing_else_has_failed_itself(tmp_path: Path) -> None:
    outcome, _ = told_by_cli(tmp_path, "up", (STACK_URN, "error", "update failed"))
    assert "error: update failed" in outcome.failures[""]


@pytest.mark.parametrize(
    ("operation", "goes_on"), [("up", True), ("destroy", True), ("preview", False), ("refresh", False)]
)
def test_the_engine_is_told_how_to_go_about_it(operation: Operation, goes_on: bool, tmp_path: Path) -> None:
    _, line = told_by_cli(tmp_path, operation)
    assert line[line.index("--parallel") + 1] == str(PARALLEL) == "64"
    assert ("--continue-on-error" in line) is goes_on
    assert ("--suppress-outputs" in line) is (operation != "preview")
