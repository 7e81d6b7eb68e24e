"""Generations that only the stack's state refuses: told as settings, wherever somebody meets them first."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner, Result

from automation import cli
from automation.deployment.engine import ENGINE_VARIABLE
from tests.automation.certificates.project import copy_into, enter, start_project, write_settings
from tests.conftest import PROGRAM

SCHEMA = json.loads((PROGRAM / "docs" / "commands.schema.json").read_text(encoding="utf-8"))
LINK = {"from": "site", "to": "enterprise"}
OFFLINE = ("--offline", "--engine", "offline")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stack dev whose link has had generation 3; copy it."""
    folder = tmp_path_factory.mktemp("deployed")
    start_project(folder, links=[{**LINK, "generation": 3}])
    with pytest.MonkeyPatch.context() as patch:
        enter(folder, patch)
        assert run("up", *OFFLINE).exit_code == 0
    return folder


@pytest.fixture
def project(deployed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)
    folder = copy_into(deployed, tmp_path, monkeypatch)
    write_settings(folder, links=[{**LINK, "generation": 2}])
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments)


REHEARSE = ("rehearse", "--without-messages", "--engine", "offline")


@pytest.mark.parametrize(
    ("arguments", "again"),
    [
        (("preview", *OFFLINE), "preview --stack dev --offline --engine offline"),
        (("up", *OFFLINE), "preview --stack dev --offline --engine offline"),
        (("up", "--yes", *OFFLINE), "preview --stack dev --offline --engine offline"),
        (("certificates", *OFFLINE), "certificates --stack dev --offline --engine offline"),
        (REHEARSE, "rehearse --stack dev --engine offline"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else None,
)
@pytest.mark.usefixtures("project")
def test_a_lowered_generation_is_a_setting_wherever_it_is_met(arguments: tuple[str, ...], again: str) -> None:
    told = run(*arguments)
    assert told.exit_code == 2, told.output
    assert "links[0].generation (Pulumi.dev.yaml:" in told.output
    assert "3 or more: this one has been 3" in told.output
    assert f"Next: fix the problems above, then ask the stack's state again: {command(again)}" in told.output
    for noise in ("FAILED", "not-run", "In Azure:", "check --", "The program failed", "rehearse-clean"):
        assert noise not in told.output

    document = json.loads(run(*arguments, "--json").stdout)
    jsonschema.validate(document, SCHEMA)
    assert (document["exit_code"], document["outcome"]) == (2, "not-run")
    assert [(one["kind"], one["where"], one["example"]) for one in document["problems"]] == [
        ("setting", "links[0].generation", "3")
    ]


def command(text: str) -> str:
    return f".venv/bin/python -m automation {text}"


def test_once_it_is_mended_the_command_that_was_told_goes_through(project: Path) -> None:
    write_settings(project, links=[{**LINK, "generation": 3}])
    assert run("preview", *OFFLINE).exit_code == 0
