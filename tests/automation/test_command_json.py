"""With --json every command prints one document that keeps to docs/commands.schema.json, however it ends."""

from __future__ import annotations

import copy
import json
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner, Result

from automation import cli as command
from automation.deployment.deployer import Deployer
from automation.deployment.operations import EngineResult
from settings.stand_ins import STAND_INS
from tests.automation.network import STACK, URNS, Site
from tests.conftest import PROGRAM, TWO_CLUSTERS, ask_no_rules

SCHEMA = json.loads((PROGRAM / "docs" / "commands.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SMALL = "from tests.automation.network import network\n\nnetwork(protect={protect})\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    Site(tmp_path)
    ask_no_rules(monkeypatch)
    monkeypatch.setattr(command, "PROGRAM", tmp_path)
    monkeypatch.chdir(tmp_path)
    return program(tmp_path)


@pytest.fixture
def whole(project: Path) -> Path:
    """With the real program."""
    (project / "__main__.py").write_text((PROGRAM / "__main__.py").read_text(encoding="utf-8"), encoding="utf-8")
    return project


def program(folder: Path, *, protect: bool = False, **settings: Any) -> Path:
    document = {"config": {"edge-stamps:settings": {**TWO_CLUSTERS, **STAND_INS, **settings}}}
    (folder / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    (folder / "__main__.py").write_text(SMALL.format(protect=protect), encoding="utf-8")
    return folder


def run(*arguments: str) -> tuple[Result, dict[str, Any]]:
    result = CliRunner().invoke(command.app, [*arguments, "--stack", STACK, "--json"])
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert "mistake of the program" not in result.stderr, result.stderr
    document = json.loads(result.stdout)
    VALIDATOR.validate(document)
    assert (document["command"], document["exit_code"]) == (arguments[0], result.exit_code)
    return result, document


def with_json() -> Iterator[str]:
    group = get_command(command.app)
    assert isinstance(group, TyperGroup)
    for name, one in group.commands.items():
        if any("--json" in parameter.opts for parameter in one.params):
            yield name


def test_the_schema_is_one_and_names_every_command_that_prints_a_document() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]["command"]["enum"]) == set(with_json())


@pytest.mark.parametrize("arguments", [["check"], ["explain"], ["explain", "clusters.site"], ["explain", "--egress"]])
@pytest.mark.usefixtures("project")
def test_what_looks_at_settings_ends_well(arguments: list[str]) -> None:
    _, document = run(*arguments)
    assert document["ok"] is True


@pytest.mark.usefixtures("project")
def test_a_life_ends_well_at_every_step() -> None:
    for operation in ("preview", "up", "refresh", "outputs", "destroy"):
        _, document = run(operation, "--offline")
        assert document["outcome"] == "succeeded"
    _, document = run("up", "--offline")
    assert document["outcomes"] == {"succeeded": 4}
    assert {one["outcome"] for one in document["resources"]} == {"succeeded"}
    _, document = run("up", "--offline")
    assert document["outcomes"] == {"skipped": 4}


@pytest.mark.usefixtures("whole")
def test_a_rehearsal_and_a_smoke_run_end_well() -> None:
    assert run("rehearse", "--without-messages")[1]["rules"] > 50
    assert run("rehearse", "--destroy")[1]["operation"] == "destroy"
    assert run("smoke", "--offline")[1]["steps"]


@pytest.mark.parametrize("name", sorted(set(with_json()) - {"doctor"}))
def test_unusable_settings_are_a_document_too(name: str, project: Path) -> None:
    program(project, release="2609", tags="none")
    arguments = ["--yes"] if name in ("destroy", "smoke") else []
    result, document = run(name, *arguments)
    assert (result.exit_code, document["outcome"]) == (2, "not-run")
    assert {one["where"] for one in document["problems"]} >= {"release", "tags"}
    assert all(one["at"].startswith(f"Pulumi.{STACK}.yaml:") for one in document["problems"])
    assert "release" in result.stderr


@pytest.mark.usefixtures("project")
def test_a_failure_says_what_became_of_every_resource() -> None:
    _, document = run("up", "--offline", "--fault", "vnet:create:bad-request")
    outcomes = {one["name"]: one["outcome"] for one in document["resources"]}
    assert outcomes == {"group": "succeeded", "nsg": "succeeded", "vnet": "failed", "subnet": "not-run"}
    assert document["outcomes"] == {"succeeded": 2, "failed": 1, "not-run": 1}
    (problem,) = document["problems"]
    assert (problem["kind"], problem["where"]) == ("resource", "vnet")
    assert problem["next"]


def test_an_update_says_which_property_and_what_it_was(whole: Path) -> None:
    run("up", "--offline")
    document = {"config": {"edge-stamps:settings": {**TWO_CLUSTERS, **STAND_INS, "tags": {"costCenter": "1"}}}}
    (whole / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    _, preview = run("preview", "--offline")
    (node,) = (one for one in preview["resources"] if one["name"] == "site-node")
    assert (node["cluster"], node["concern"], node["outcome"]) == ("site", "nodes", None)
    assert {"path": "tags.costCenter", "before": "", "after": '"1"', "replaces": False} in node["differences"]


@pytest.mark.usefixtures("project")
def test_an_interrupted_run_is_cancelled_and_says_what_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(deployer: Deployer) -> None:
        deployer.progress("begun", URNS["group"], EngineResult("up"))
        deployer.progress("done", URNS["group"], EngineResult("up", changes={URNS["group"]: "create"}))
        deployer.progress("begun", URNS["vnet"], EngineResult("up"))
        raise KeyboardInterrupt

    monkeypatch.setattr(Deployer, "up", interrupted)
    result, document = run("up", "--offline")
    assert (result.exit_code, document["outcome"]) == (130, "cancelled")
    outcomes = {one["name"]: one["outcome"] for one in document["resources"]}
    assert outcomes == {"group": "succeeded", "vnet": "unknown", "nsg": "cancelled", "subnet": "cancelled"}
    assert document["next"] == "run the same command again; it goes on from where it was"


def test_a_lock_a_protection_and_a_wrong_option_are_documents_too(project: Path) -> None:
    program(project, protect=True)
    run("up", "--offline")
    _, protected = run("destroy", "--offline")
    assert [one["kind"] for one in protected["problems"]] == ["protection"]

    Site(project).lock(username="alice", hostname="laptop", pid=4321)
    _, locked = run("refresh", "--offline")
    assert [one["kind"] for one in locked["problems"]] == ["lock"]
    assert "alice@laptop" in locked["problems"][0]["message"]

    _, usage = run("up", "--offline", "--fault", "nonsense")
    assert (usage["exit_code"], usage["problems"][0]["kind"]) == (2, "usage")


def test_without_tools_it_is_a_document_too(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project / "nothing"))
    for name in ("preview", "up", "refresh", "outputs"):
        _, document = run(name)
        assert document["problems"][0]["message"] == "The Pulumi CLI is not on PATH."
    shutil.copy(PROGRAM / "requirements.txt", project)
    _, doctor = run("doctor")
    outcomes = {one["id"]: one["outcome"] for one in doctor["checks"]}
    assert outcomes["pulumi-cli"] == outcomes["azure-cli"] == "failed"


def test_what_the_cli_refuses_is_a_document_too(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = project / "bin"
    folder.mkdir()
    pulumi = folder / "pulumi"
    pulumi.write_text('#!/bin/sh\n[ "$1" = version ] && echo v3.260.0 && exit\necho "error: no" >&2; exit 255\n')
    pulumi.chmod(pulumi.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))
    _, document = run("up")
    assert document["problems"][0]["message"] == "error: no"


MUTATIONS: tuple[Callable[[dict[str, Any]], object], ...] = (
    lambda document: document.pop("next"),
    lambda document: document.update(outcome="fine"),
    lambda document: document.update(exit_code=3),
    lambda document: document.update(ok=False),
    lambda document: document.update(more=1),
    lambda document: document.update(problems=[{"message": "a"}]),
    lambda document: document.update(outcomes={"fine": 1}),
    lambda document: document.pop("changes"),
    lambda document: document["resources"][0].pop("cluster"),
    lambda document: document["resources"][0].update(change="destroy"),
    lambda document: document.update(command="outputs", operation=None),
)


@pytest.mark.usefixtures("project")
def test_the_schema_refuses_what_is_no_such_document() -> None:
    _, document = run("up", "--offline")
    for number, change in enumerate(MUTATIONS):
        changed = copy.deepcopy(document)
        change(changed)
        assert not VALIDATOR.is_valid(changed), number


@pytest.mark.usefixtures("whole")
def test_everything_that_is_printed_elsewhere_than_on_a_terminal_is_ascii() -> None:
    for arguments in (
        ["rehearse"],
        ["up", "--offline"],
        ["outputs", "--offline"],
        ["explain"],
        ["explain", "--egress"],
        ["diagram"],
        ["--help"],
    ):
        stack = [] if arguments == ["--help"] else ["--stack", STACK]
        result = CliRunner().invoke(command.app, [*arguments, *stack])
        assert result.exit_code == 0, result.stderr
        text = result.stdout + result.stderr
        assert text.isascii(), re.findall(r"[^\x00-\x7f]+", text)
        assert "\x1b" not in text
