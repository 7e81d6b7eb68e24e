"""The commands about a stack and its state, as the Automation API uses them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi import automation as auto
from pulumi.automation.errors import StackAlreadyExistsError, StackNotFoundError

from rehearsal.engine.cli.backend import Backend
from tests.rehearsal.engine.cli.project import STACK, Project
from tests.rehearsal.engine.memory import Thing, options


def things() -> None:
    one = Thing("one", name="one", password=pulumi.Output.secret("pa55word"))
    Thing("two", name="two", of=one.handle, opts=options(replace_with=[one], protect=True))
    pulumi.export("handle", one.handle)
    pulumi.export("hidden", {"inside": [pulumi.Output.secret("pa55word")]})


def raw(project: Project, *arguments: str) -> Any:
    return json.loads(project.command.run([*arguments, "--stack", STACK], str(project.folder), {}).stdout)


def exported(stack: auto.Stack) -> dict[str, Any]:
    """The state, without the moment of the export."""
    deployment = dict(stack.export_stack().deployment or {})
    deployment.pop("manifest")
    return deployment


ON_AN_UNKNOWN_STACK: dict[str, Callable[[auto.Stack], object]] = {
    "select": lambda stack: stack.workspace.select_stack(stack.name),
    "up": lambda stack: stack.up(),
    "preview": lambda stack: stack.preview(),
    "refresh": lambda stack: stack.refresh(),
    "destroy": lambda stack: stack.destroy(),
    "outputs": lambda stack: stack.outputs(),
    "history": lambda stack: stack.history(),
    "cancel": lambda stack: stack.cancel(),
    "export": lambda stack: stack.export_stack(),
    "import": lambda stack: stack.import_stack(auto.Deployment(3, {})),
    "remove": lambda stack: stack.workspace.remove_stack(stack.name),
    "remove by force": lambda stack: stack.workspace.remove_stack(stack.name, force=True),
}


@pytest.mark.parametrize("command", ON_AN_UNKNOWN_STACK)
def test_an_unknown_stack_is_told_as_such(command: str, project: Project) -> None:
    project.with_settings("other")
    stack = project.stack()
    stack.name = "other"
    with pytest.raises(StackNotFoundError, match="no stack named 'other' found"):
        ON_AN_UNKNOWN_STACK[command](stack)
    assert not (project.folder / ".rehearsal" / "other").exists()
    assert project.runs == 0


def test_a_second_stack_of_that_name_is_refused_and_the_first_stays(project: Project) -> None:
    stack = project.made(things)
    before = exported(stack)
    with pytest.raises(StackAlreadyExistsError, match="stack 'test' already exists"):
        auto.Stack.create(STACK, project.workspace)
    assert exported(stack) == before


def test_stacks_are_listed_and_keep_apart(project: Project) -> None:
    project.with_settings("other")
    project.made(things)
    other = auto.Stack.create("organization/edge-stamps/other", project.workspace)

    assert [stack.name for stack in project.workspace.list_stacks()] == ["other", STACK]
    assert exported(other)["resources"] == []
    assert other.up().summary.resource_changes == {"create": 4}


def test_a_stack_that_has_resources_is_removed_by_force_only(project: Project) -> None:
    stack = project.made(things)
    with pytest.raises(auto.CommandError, match="still has resources"):
        project.workspace.remove_stack(STACK)
    assert len(exported(stack)["resources"]) == 4

    project.workspace.remove_stack(STACK, force=True)
    assert project.workspace.list_stacks() == []
    assert not project.kept("").exists()


def test_an_emptied_stack_is_removed_without_force(project: Project) -> None:
    stack = project.made(lambda: Thing("one", name="one"))
    stack.destroy(remove=True)
    assert project.workspace.list_stacks() == []
    assert project.world.objects == {}


def test_secrets_among_the_outputs_are_masked_unless_shown(project: Project) -> None:
    stack = project.made(things)

    assert raw(project, "stack", "output", "--json") == {"handle": "handle-1", "hidden": "[secret]"}
    shown = {"handle": "handle-1", "hidden": {"inside": ["pa55word"]}}
    assert raw(project, "stack", "output", "--json", "--show-secrets") == shown
    found = {name: (output.value, output.secret) for name, output in stack.outputs().items()}
    assert found == {"handle": ("handle-1", False), "hidden": ({"inside": ["pa55word"]}, True)}


def test_outputs_of_a_stack_that_was_never_deployed_are_none(project: Project) -> None:
    assert project.stack().outputs() == {}


def test_the_history_tells_the_last_first_in_pages(project: Project) -> None:
    project.program = lambda: Thing("one", name="one")
    stack = project.stack()
    stack.up(message="first")
    stack.preview(message="no operation")
    stack.refresh(message="second")
    project.world.fail("delete", "one")
    with pytest.raises(auto.CommandError):
        stack.destroy(message="third")

    told = [(entry.message, entry.kind, entry.result) for entry in stack.history()]
    assert told == [
        ("third", "destroy", "failed"),
        ("second", "refresh", "succeeded"),
        ("first", "update", "succeeded"),
    ]
    pages = [[entry.message for entry in stack.history(page_size=2, page=page)] for page in (1, 2, 3)]
    assert pages == [["third", "second"], ["first"], []]
    assert stack.history()[2].resource_changes == {"create": 3}


def test_a_history_that_cannot_be_read_is_told_with_the_way_out(project: Project) -> None:
    stack = project.made(things)
    project.kept("history.json").write_text("[{", encoding="utf-8")
    with pytest.raises(auto.CommandError, match=f"Next: remove the folder {re.escape(str(project.kept('')))}"):
        stack.history()


def test_what_was_exported_is_imported_and_exported_the_same(project: Project) -> None:
    stack = project.made(things)
    before = stack.export_stack()
    stored = exported(stack)
    stack.import_stack(auto.Deployment(3, {}))
    assert exported(stack)["resources"] == []

    stack.import_stack(before)
    assert exported(stack) == stored
    assert before.version == 4
    assert len(stored["resources"]) == 4
    assert "pa55word" in json.dumps(stored)
    assert set(stack.preview().change_summary) == {"same"}


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (auto.Deployment(2, {}), "version 2"),
        (auto.Deployment(3, {"resources": [{"custom": True}]}), "urn"),
        (auto.Deployment(3, {"resources": "none"}), "cannot be imported"),
    ],
)
def test_a_state_that_cannot_be_imported_is_refused_and_the_old_one_stays(
    state: auto.Deployment, why: str, project: Project
) -> None:
    stack = project.made(things)
    before = exported(stack)
    with pytest.raises(auto.CommandError, match=f"this state cannot be imported.*{why}|{why}") as refusal:
        stack.import_stack(state)
    assert "remove the folder" not in str(refusal.value)
    assert exported(stack) == before


def test_a_file_without_json_is_refused_as_an_import(project: Project) -> None:
    project.stack()
    file = project.folder / "state.json"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(auto.CommandError, match="this state cannot be imported"):
        raw(project, "stack", "import", "--file", str(file))


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 2}', '{"version": 3, "deployment": {"resources": [{}]}}'])
def test_an_unreadable_state_tells_the_way_out(text: str, project: Project) -> None:
    project.stack()
    project.kept("state.json").write_text(text, encoding="utf-8")
    way_out = f"Next: remove the folder {re.escape(str(project.kept('')))}, which starts from nothing"
    for command in (project.stack, lambda: raw(project, "up"), lambda: raw(project, "stack", "export")):
        with pytest.raises(auto.CommandError, match=way_out):
            command()
    assert project.runs == 0


def test_what_is_kept_is_its_owner_s(project: Project) -> None:
    project.made(things)
    file = Backend(project.folder).folder(STACK) / "azure.json"
    assert not file.exists()  # the memory's world does not last

    modes = {path.name: path.stat().st_mode & 0o777 for path in project.kept("").iterdir()}
    assert modes == {"state.json": 0o600, "history.json": 0o600, "locks": 0o700}
    assert project.kept("").stat().st_mode & 0o777 == 0o700


def test_the_settings_are_the_stack_s_configuration(project: Project) -> None:
    config = project.stack().get_all_config()
    assert json.loads(config["edge-stamps:settings"].value)["prefix"] == STACK


def test_settings_that_cannot_be_used_fail_the_command(project: Project) -> None:
    stack = project.stack()
    (project.folder / f"Pulumi.{STACK}.yaml").write_text("config: {}", encoding="utf-8")
    with pytest.raises(auto.CommandError, match=r"config\.edge-stamps:settings"):
        stack.up()
    assert project.runs == 0


def test_what_the_command_printed_is_told_line_by_line(project: Project) -> None:
    project.program = things
    stack, lines, errors = project.stack(), list[str](), list[str]()
    printed = stack.up(on_output=lines.append, on_error=errors.append).stdout
    assert lines == printed.splitlines()
    assert lines[-1] == "4 create"
    assert errors == []

    project.world.fail("delete", "one")
    with pytest.raises(auto.CommandError, match="error: destroy failed"):
        stack.destroy(on_error=errors.append)
    assert errors == ["error: destroy failed"]
