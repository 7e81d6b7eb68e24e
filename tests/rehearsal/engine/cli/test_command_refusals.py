"""What the stand-in does not do it refuses, with the command and the flag."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pulumi import automation as auto

from rehearsal.engine import UnsupportedError
from rehearsal.engine.cli.arguments import parse
from tests.rehearsal.engine.cli.project import STACK, Project
from tests.rehearsal.engine.memory import Thing

URN = "urn:pulumi:test::edge-stamps::memory:index:Thing::thing"
Call = Callable[[auto.Stack], object]

COMMANDS: dict[str, Call] = {
    "config set": lambda stack: stack.set_config("key", auto.ConfigValue("value")),
    "config set-all": lambda stack: stack.set_all_config({"key": auto.ConfigValue("value")}),
    "config get": lambda stack: stack.get_config("key"),
    "config rm": lambda stack: stack.remove_config("key"),
    "config rm-all": lambda stack: stack.remove_all_config(["key"]),
    "config refresh": lambda stack: stack.refresh_config(),
    "config env": lambda stack: stack.add_environments("environment"),
    "stack tag": lambda stack: stack.get_tag("key"),
    "stack rename": lambda stack: stack.rename("other"),
    "stack change-secrets-provider": lambda stack: stack.workspace.pulumi_command.run(
        ["stack", "change-secrets-provider", "passphrase"], stack.workspace.work_dir, {}
    ),
    "import": lambda stack: stack.import_resources(resources=[]),
    "whoami": lambda stack: stack.workspace.who_am_i(),
    "org get-default": lambda stack: stack.workspace.org_get_default(),
    "install": lambda stack: stack.workspace.pulumi_command.run(["install"], stack.workspace.work_dir, {}),
    "plugin install": lambda stack: stack.workspace.install_plugin("memory", "1.0.0"),
    "plugin ls": lambda stack: stack.workspace.list_plugins(),
    "new": lambda stack: stack.workspace.pulumi_command.run(["new", "python"], stack.workspace.work_dir, {}),
}

FLAGS: dict[tuple[str, str], Call] = {
    ("up", "--target"): lambda stack: stack.up(target=[URN]),
    ("up", "--target-dependents"): lambda stack: stack.up(target_dependents=True),
    ("up", "--exclude"): lambda stack: stack.up(exclude=[URN]),
    ("up", "--exclude-dependents"): lambda stack: stack.up(exclude_dependents=True),
    ("up", "--refresh"): lambda stack: stack.up(refresh=True),
    ("up", "--plan"): lambda stack: stack.up(plan="plan.json"),
    ("up", "--client"): lambda stack: stack.up(program=lambda: None),
    ("up", "--policy-pack"): lambda stack: stack.up(policy_packs=["pack"]),
    ("up", "--policy-pack-config"): lambda stack: stack.up(policy_pack_configs=["pack.json"]),
    ("up", "--run-program"): lambda stack: stack.up(run_program=False),
    ("up", "--config-file"): lambda stack: stack.up(config_file="other.yaml"),
    ("up", "--diff"): lambda stack: stack.up(diff=True),
    ("up", "--debug"): lambda stack: stack.up(debug=True),
    ("up", "--attach-debugger"): lambda stack: stack.up(attach_debugger=True),
    ("up", "--logflow"): lambda stack: stack.up(log_flow=True),
    ("up", "--verbose"): lambda stack: stack.up(log_verbosity=9),
    ("up", "--tracing"): lambda stack: stack.up(tracing="file:trace"),
    ("preview", "--target"): lambda stack: stack.preview(target=[URN]),
    ("preview", "--save-plan"): lambda stack: stack.preview(plan="plan.json"),
    ("preview", "--import-file"): lambda stack: stack.preview(import_file="import.json"),
    ("preview", "--json"): lambda stack: stack.preview(json=True),
    ("preview", "--client"): lambda stack: stack.preview(program=lambda: None),
    ("refresh", "--target"): lambda stack: stack.refresh(target=[URN]),
    ("refresh", "--clear-pending-creates"): lambda stack: stack.refresh(clear_pending_creates=True),
    ("refresh", "--run-program"): lambda stack: stack.refresh(run_program=True),
    ("destroy", "--target"): lambda stack: stack.destroy(target=[URN]),
    ("destroy", "--exclude-protected"): lambda stack: stack.destroy(exclude_protected=True),
    ("destroy", "--refresh"): lambda stack: stack.destroy(refresh=True),
    ("destroy", "--run-program"): lambda stack: stack.destroy(run_program=True),
    ("stack init", "--secrets-provider"): lambda stack: auto.Stack.create(
        "other",
        auto.LocalWorkspace(
            work_dir=stack.workspace.work_dir,
            pulumi_command=stack.workspace.pulumi_command,
            secrets_provider="passphrase",
        ),
    ),
}


def refused(project: Project, call: Call) -> str:
    """What the refusal says; nothing may have been done."""
    stack = project.made(lambda: Thing("thing", name="one"))
    before = project.kept("state.json").read_text(), list(project.world.calls), project.runs
    with pytest.raises(auto.CommandError) as refusal:
        call(stack)
    assert (project.kept("state.json").read_text(), project.world.calls, project.runs) == before
    return str(refusal.value)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_command_is_refused_by_name(command: str, project: Project) -> None:
    told = refused(project, COMMANDS[command])
    assert f"error: pulumi {command}" in told
    assert "the offline engine does not do this command; use the real engine" in told


@pytest.mark.parametrize(("command", "flag"), FLAGS)
def test_an_unknown_flag_is_refused_with_its_command(command: str, flag: str, project: Project) -> None:
    told = refused(project, FLAGS[command, flag])
    assert f"error: pulumi {command}: the offline engine does not do the flag {flag};" in told


def test_the_value_of_a_setting_is_not_repeated_in_the_refusal(project: Project) -> None:
    told = refused(project, lambda stack: stack.set_config("key", auto.ConfigValue("pa55word", secret=True)))
    assert "pa55word" not in told


def test_a_remote_workspace_is_refused_when_it_looks_for_its_stack(project: Project) -> None:
    project.stack()
    workspace = project.workspace
    workspace._remote = True
    with pytest.raises(auto.CommandError, match="pulumi stack --stack: the offline engine does not do this command"):
        workspace.select_stack(STACK)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("up --skip-preview=false", "pulumi up: the offline engine does not do the flag --skip-preview=false"),
        ("up https://example.com/program", "pulumi up: .* the argument https://example.com/program"),
        ("stack output kubeconfig --json", "pulumi stack output: .* the argument kubeconfig"),
        ("stack init one two", "pulumi stack init: .* the argument two"),
        ("stack", "pulumi stack: .* this command"),
        ("", "pulumi : .* this command"),
    ],
)
def test_what_is_not_served_of_a_command_line_is_not_passed_over(line: str, told: str) -> None:
    with pytest.raises(UnsupportedError, match=told):
        parse(line.split())


def test_flags_are_read_in_both_ways_of_writing_and_wherever_they_stand() -> None:
    replace = ["--replace", "a", "--replace", "b"]
    apart = parse(["--non-interactive", "up", "--yes", "--parallel", "8", *replace, "--stack", "org/project/dev"])
    joined = parse(["up", "--stack=org/project/dev", "--replace=a", "--replace=b", "--parallel=8", "--yes"])

    assert apart == joined
    assert (apart.stack, apart.value("--parallel"), apart.flags["--replace"]) == ("dev", "8", ["a", "b"])
    assert apart.has("--yes")
    assert not apart.has("--continue-on-error")
    empty = parse(["up", "--message=", "--yes"])
    assert (empty.flags, empty.value("--message", "none")) == ({"--message": [""], "--yes": []}, "")
