"""`certificates` as a user and a CI meet it: words, document, files, exit codes, next step."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Tree

import icalendar
import jsonschema
import pytest
from typer.testing import CliRunner, Result

from automation import cli
from tests.automation.certificates.project import copy_into, enter, start_project, write_settings
from tests.conftest import PROGRAM

SCHEMA = json.loads((PROGRAM / "docs" / "commands.schema.json").read_text(encoding="utf-8"))
HEAD = ".venv/bin/python -m automation"
LEAVES = ["broker/enterprise", "link/site-to-enterprise"]
Run = Callable[..., Result]


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stack dev that is up, by the offline engine; copy it."""
    folder = tmp_path_factory.mktemp("rehearsed")
    start_project(folder)
    with pytest.MonkeyPatch.context() as patch:
        enter(folder, patch)
        done = CliRunner().invoke(cli.app, ["up", "--offline"])
        assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def project(rehearsed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return copy_into(rehearsed, tmp_path, monkeypatch)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli.app, ["certificates", "--offline", *arguments])
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert "mistake of the program" not in result.stderr, result.stderr
    return result


def read(*arguments: str) -> dict[str, Any]:
    result = run("--json", *arguments)
    document: dict[str, Any] = json.loads(result.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["exit_code"] == result.exit_code
    return document


def age(folder: Path, name: str, days_left: float) -> None:
    """Let one certificate end in so many days: in the state, where nothing else says when it does."""
    file = folder / ".rehearsal" / "dev" / "state.json"
    state = json.loads(file.read_text(encoding="utf-8"))
    end = (datetime.now(UTC) + timedelta(days=days_left)).strftime("%Y-%m-%dT%H:%M:%SZ")
    resources = state["deployment"]["resources"]
    (stack,) = (one for one in resources if one["type"] == "pulumi:pulumi:Stack")
    stack["outputs"]["certificates"][name]["not_after"] = end
    for one in resources:
        if one["urn"].endswith(("enterprise-server-leaf-g1", "site-to-enterprise-client-leaf-g1")):
            one["outputs"]["validityEndTime"] = end
    file.write_text(json.dumps(state), encoding="utf-8")


@pytest.mark.usefixtures("project")
def test_of_a_new_stack_nothing_is_due_and_all_of_it_is_said() -> None:
    result = run()
    assert result.exit_code == 0
    assert result.stdout.startswith("Stack dev: 6 certificates, 0 due.\n\n  broker/enterprise: 364 days left, until ")
    assert (
        "    CN=enterprise-broker-g1, by CN=myorgb-dev-server-intermediate-g1, generation 1\n"
        "    next up: nothing\n"
        "    vault secret kv-myorgb-dev-001/server-leaf-crt-g1 on enterprise\n"
    ) in result.stdout
    assert result.stdout.endswith(f"Next: {HEAD} verify --stack dev --offline asks whether the clusters have them\n")
    document = read()
    assert (document["outcome"], document["problems"]) == ("succeeded", [])
    assert [one["name"] for one in document["certificates"]][:2] == LEAVES
    assert all(one["uses"] for one in document["certificates"])


def test_what_is_in_its_window_exits_with_1_and_up_renews_it(project: Path) -> None:
    age(project, "broker/enterprise", 91)
    result = run()
    assert result.exit_code == 1
    assert "  DUE  broker/enterprise: 90 days left" in result.stdout
    assert "next up: renew: it is inside its renewal window" in result.stdout
    step = f"{HEAD} up --stack dev --offline issues anew what is due"
    assert result.stdout.endswith(f"\nNext: {step}\n")
    document = read()
    assert (document["outcome"], document["next"]) == ("failed", step)
    assert [(one["kind"], one["where"], one["next"]) for one in document["problems"]] == [
        ("certificate", "broker/enterprise", step)
    ]
    words = step.removeprefix(f"{HEAD} ").partition(" issues")[0].split()
    assert CliRunner().invoke(cli.app, words).exit_code == 0
    assert run().exit_code == 0


def test_within_days_warns_before_the_window(project: Path) -> None:
    age(project, "link/site-to-enterprise", 95)
    assert run("--within", "2").exit_code == 0
    document = read("--within", "4")
    (due,) = (one for one in document["certificates"] if one["due"])
    assert (due["name"], due["state"], due["next_up"]) == ("link/site-to-enterprise", "valid", "nothing")
    assert re.fullmatch(rf"{HEAD} up --stack dev --offline on \d{{4}}-\d\d-\d\d or later", document["next"])


def test_of_a_root_that_is_due_a_person_has_to_raise_the_generation(project: Path) -> None:
    age(project, "broker/enterprise/root", 400)
    assert read()["next"] == (f"raise pki.generation in Pulumi.dev.yaml by one, then {HEAD} up --stack dev --offline")


def test_what_up_renews_is_the_next_step_before_what_a_person_has_to_do(project: Path) -> None:
    age(project, "broker/enterprise/root", 50)
    age(project, "client-root", 400)
    age(project, "broker/enterprise", 91)
    document = read()
    assert [one["where"] for one in document["problems"]] == [
        "broker/enterprise/root",
        "broker/enterprise",
        "client-root",
    ]
    assert document["next"] == f"{HEAD} up --stack dev --offline issues anew what is due"


def test_what_only_the_settings_have_is_no_failure_and_preview_shows_it(project: Path) -> None:
    write_settings(project, links=[{"from": "site", "to": "enterprise", "generation": 2}])
    document = read()
    assert document["exit_code"] == 0
    assert document["next"] == f"{HEAD} preview --stack dev --offline shows what up would change"
    (link,) = (one for one in document["certificates"] if one["next_up"] != "nothing")
    assert (link["generation"], link["why"]) == (1, "the settings ask for generation 2")


def test_an_end_that_nobody_knows_is_no_pass(project: Path) -> None:
    file = project / ".rehearsal" / "dev" / "state.json"
    state = json.loads(file.read_text(encoding="utf-8"))
    (stack,) = (one for one in state["deployment"]["resources"] if one["type"] == "pulumi:pulumi:Stack")
    stack["outputs"]["certificates"]["broker/enterprise"]["not_after"] = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    file.write_text(json.dumps(state), encoding="utf-8")
    document = read()
    assert (document["exit_code"], document["outcome"]) == (1, "unknown")
    assert document["problems"][0]["message"] == "its end is not known"
    assert document["next"].startswith(f"{HEAD} up --stack dev --offline")


def test_junit_and_calendar_are_written(project: Path) -> None:
    age(project, "broker/enterprise", -3)
    assert run("--junit", "c.xml", "--ics", "c.ics").exit_code == 1
    root = Tree.fromstring((project / "c.xml").read_text(encoding="utf-8"))
    assert (root.get("name"), root.get("tests"), root.get("failures")) == ("certificates dev", "6", "1")
    (failure,) = root.iter("failure")
    assert failure.get("message", "").startswith("has ended, until ")
    assert f"-> {HEAD} up --stack dev --offline" in (failure.text or "")
    octets = (project / "c.ics").read_bytes()
    assert b"\r\r\n" not in octets
    assert len(list(icalendar.Calendar.from_ical(octets).walk("VEVENT"))) == 12


def test_two_records_need_two_files(project: Path) -> None:
    result = run("--junit", "c", "--ics", "c")
    assert (result.exit_code, (project / "c").exists()) == (2, False)
    assert "expected a file for each" in result.stderr


def test_without_a_deployment_up_comes_first(project: Path) -> None:
    shutil.rmtree(project / ".rehearsal")
    document = read()
    assert (document["exit_code"], document["outcome"]) == (1, "not-run")
    assert document["next"] == f"{HEAD} up --stack dev --offline"
    assert [one["message"] for one in document["problems"]] == ["stack dev has no certificates yet"]
