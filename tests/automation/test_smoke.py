"""The smoke run, in the modelled Azure: its steps, where it stops, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from automation import cli as command
from automation.commands import smoke
from automation.commands.result import CommandResult
from automation.commands.stack import Target, deployer_of, operate, outputs
from automation.deployment import open_stack
from automation.deployment.operations import Operation
from automation.deployment.stack_lock import LockedError
from automation.deployment.workspace import VARIABLE
from automation.verify.checks import CHECKS
from rehearsal.azure.faults import Fault, Faults
from rehearsal.engine import Backend
from settings.stand_ins import STAND_INS
from tests.automation.network import delete_in_rehearsed
from tests.conftest import PROGRAM, TWO_CLUSTERS, ask_no_rules

STEPS = ["preview", "up", "second preview", "refresh", "preview after refresh", "outputs", "verify", "destroy"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    monkeypatch.setattr(command, "PROGRAM", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "__main__.py").write_text((PROGRAM / "__main__.py").read_text(encoding="utf-8"), encoding="utf-8")

    def with_settings(**settings: Any) -> Path:
        document = {"config": {"edge-stamps:settings": {**TWO_CLUSTERS, **STAND_INS, **settings}}}
        (tmp_path / "Pulumi.test.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        return tmp_path

    return with_settings


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command.app, [*arguments, "--stack", "test", "--offline"])


def test_a_whole_life_leaves_nothing_behind(project: Callable[..., Path]) -> None:
    folder = project()
    result = run("smoke", "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, [step["name"] for step in document["steps"]]) == (0, STEPS)
    assert {step["wrong"] for step in document["steps"]} == {""}
    durations = [one["name"] for one in document["durations"] if one["step"] == "up"]
    assert {"site-node", "enterprise-link-listener"} <= set(durations)
    assert {check["id"] for check in document["checks"]} == {check.id for check in CHECKS}
    assert {check["outcome"] for check in document["checks"]} == {"ok"}
    assert Backend(folder).state("test").resources == []
    assert not list(folder.glob("smoke-*"))  # seconds in a model are none


def test_what_is_kept_is_refused_the_next_time(project: Callable[..., Path]) -> None:
    project()
    kept = run("smoke", "--keep")
    assert kept.exit_code == 0
    assert "destroy" not in kept.stdout
    again = run("smoke")
    assert (again.exit_code, again.stdout) == (2, "")
    assert again.stderr.startswith("Stack test has resources, and a smoke run ends by destroying its stack.\n")


def test_protected_stacks_are_refused_before_anything_is_made(project: Callable[..., Path]) -> None:
    folder = project(profile="prod")
    result = run("smoke")
    assert result.exit_code == 2
    assert "protects resources from destroy" in result.stderr
    assert Backend(folder).state("test").resources == []


def test_what_somebody_else_has_deployed_meanwhile_is_not_destroyed(
    project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their `up` lands after the look whether the stack is empty."""
    folder = project()

    def late(target: Target, operation: Operation) -> Any:
        if operation == "up":
            operate(target, "up")
        return operate(target, operation)

    monkeypatch.setattr(smoke, "operate", late)
    result = run("smoke")
    assert result.exit_code == 1
    assert "up: it did not create exactly what the preview said; somebody else may be at work" in result.stderr
    assert result.stderr.endswith("Next: find out who it is; nothing was destroyed\n")
    assert len(Backend(folder).state("test").resources) > 100


def test_a_lock_in_the_middle_is_a_wrong_step(project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    project()

    def locked(target: Target, operation: Operation) -> Any:
        if operation == "refresh":
            raise LockedError("test", [])
        return operate(target, operation)

    monkeypatch.setattr(smoke, "operate", locked)
    result = run("smoke")
    assert result.exit_code == 1
    assert "then: Stack test is locked by another run:" in result.stderr
    assert "to delete what is deployed: .venv/bin/python -m automation destroy --stack test --offline" in result.stderr


def test_a_stand_in_for_azure_is_refused(project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project()
    monkeypatch.setenv(VARIABLE, "azure-native:1")
    loaded = open_stack.load(folder, "test", offline=True)
    monkeypatch.setattr(smoke, "deployer_of", lambda _: deployer_of(Target(loaded, offline=True)))
    ending = smoke.smoke(Target(loaded, offline=False), keep=False, doctor=CommandResult)
    assert (ending.exit_code, ending.next.partition(";")[0]) == (2, f"unset {VARIABLE}")


def test_an_interrupted_run_says_how_to_take_down_what_is_there(
    project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    project()
    monkeypatch.setattr(smoke, "outputs", _interrupted)
    result = run("smoke")
    assert result.exit_code == 130
    command_line = ".venv/bin/python -m automation destroy --stack test --offline"
    assert f"Next: to delete what is deployed: {command_line}\n" in result.stderr
    again = run("smoke")
    assert f"Next: if they are left of a smoke run: {command_line}." in again.stderr


def _interrupted(_: Target) -> CommandResult:
    raise KeyboardInterrupt


def test_it_stops_at_the_first_step_that_is_wrong(project: Callable[..., Path]) -> None:
    folder = project()
    target = Target(
        open_stack.load(folder, "test", offline=True), True, Faults(Fault("site-node", "create", "bad-request", 1))
    )
    ending = smoke.smoke(target, keep=False, doctor=CommandResult)
    assert (ending.exit_code, [step["name"] for step in ending.own["steps"]]) == (1, STEPS[:2])
    assert "site-node" in ending.own["steps"][-1]["wrong"]
    assert "automation destroy --stack test --offline" in ending.next


def test_a_preview_that_is_not_empty_is_wrong(project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A resource whose inputs are other ones in each run; PREVIEW-02 would find it before."""
    folder = project()
    ask_no_rules(monkeypatch)
    main = (folder / "__main__.py").read_text(encoding="utf-8")
    restless = (
        "\nimport time\nimport pulumi_azure_native as azure\n"
        "azure.resources.ResourceGroup('restless', resource_group_name='rg-restless', location='eastus2',"
        " tags={'at': str(time.time_ns()), 'edge-stamps-stack': 'x'})\n"
    )
    (folder / "__main__.py").write_text(main + restless, encoding="utf-8")
    result = run("smoke")
    assert result.exit_code == 1
    assert "second preview: it has to be empty, and is: update restless" in result.stderr


def test_what_verify_finds_is_a_wrong_step_and_nothing_is_destroyed(
    project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project()

    def lose_the_listener(target: Target) -> CommandResult:
        found = outputs(target)
        delete_in_rehearsed(folder, "test", "/listeners/default-loadbalancer")
        return found

    monkeypatch.setattr(smoke, "outputs", lose_the_listener)
    result = run("smoke", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [step["name"] for step in document["steps"]] == STEPS[: STEPS.index("verify") + 1]
    assert "Resources: enterprise-link-listener: " in document["steps"][-1]["wrong"]
    assert ("VERIFY-02", "failed") in {(check["id"], check["outcome"]) for check in document["checks"]}
    assert Backend(folder).state("test").resources


def test_in_azure_it_asks_first_and_begins_with_the_doctor(project: Callable[..., Path]) -> None:
    project()
    refused = CliRunner().invoke(command.app, ["smoke", "--stack", "test"], input="n\n")
    assert refused.exit_code == 1
    assert "which costs money" in refused.stderr

    target = Target(open_stack.load(PROGRAM, "dev", offline=True), offline=False)
    sick = CommandResult(1, "failed", error="", problems=[{"kind": "a", "where": "b", "message": "no az", "next": ""}])
    steps = list(smoke._until_wrong(target, keep=False, doctor=lambda: sick))
    assert [(step.name, step.wrong) for step in steps] == [("doctor", "b: no az")]
