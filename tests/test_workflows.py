"""What runs by itself on a schedule: pinned, with the least rights, and its own lines do what they are for."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from automation.doctor.machine import NEWEST_PYTHON, OLDEST_PYTHON
from settings.stand_ins import STAND_INS
from tests.conftest import PROGRAM, RUN_IN, TWO_CLUSTERS
from tests.docs.commands import problems_in
from tools.build import TOOLS

FILES = sorted((PROGRAM / ".github" / "workflows").glob("*.yml"))
RENEWAL = PROGRAM / ".github" / "workflows" / "certificates.yml"
RIGHTS = {"contents": "read", "id-token": "write"}
_OURS = re.compile(r"\.venv/bin/python -m automation [^>|;&\n\\]*")


def read(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def jobs(file: Path) -> list[dict[str, Any]]:
    return list(read(file)["jobs"].values())


def scripts(file: Path) -> list[str]:
    return [step["run"] for job in jobs(file) for step in job["steps"] if "run" in step]


def test_there_is_one_to_check() -> None:
    assert RENEWAL in FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_action_is_pinned_by_commit_and_says_its_version(file: Path) -> None:
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert len(lines) == sum("uses" in step for job in jobs(file) for step in job["steps"])
    wrong = [line for line in lines if not re.search(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+){2}$", line)]
    assert wrong == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_job_has_the_least_rights_and_no_secret(file: Path) -> None:
    assert read(file)["permissions"] == {}
    for job in jobs(file):
        assert job["permissions"].items() <= RIGHTS.items()
    assert "secrets." not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_job_ends_and_two_of_one_stack_never_run_at_once(file: Path) -> None:
    for job in jobs(file):
        assert job["timeout-minutes"] <= 6 * 60
        assert job["concurrency"] == {"group": "edge-stamps-${{ matrix.stack }}", "cancel-in-progress": False}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_line_of_shell_is_made_of_an_expression(file: Path) -> None:
    """What an expression gives would be code (docs.github.com/actions/reference/security/secure-use)."""
    assert [text for text in scripts(file) if "${{" in text] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_commands_of_ours_take_what_they_are_given(file: Path) -> None:
    found = [line.strip() for text in scripts(file) for line in _OURS.findall(text)]
    assert found
    assert [problem for line in found for problem in problems_in(line)] == []


def test_it_has_the_python_and_the_engine_that_are_tested() -> None:
    (job,) = jobs(RENEWAL)
    given = {key: value for step in job["steps"] for key, value in step.get("with", {}).items()}
    oldest, newest = OLDEST_PYTHON, NEWEST_PYTHON
    assert oldest <= tuple(map(int, given["python-version"].split("."))) <= newest
    assert f"v{given['pulumi-version']}" == TOOLS["pulumi"].version


def test_it_runs_every_week_and_only_where_stacks_are_named() -> None:
    found = read(RENEWAL)
    (schedule,) = found[True]["schedule"]  # YAML's `on`
    assert re.fullmatch(r"[1-9]\d? \d+ \* \* [0-6]", schedule["cron"])
    (job,) = jobs(RENEWAL)
    assert (job["if"], job["environment"]) == ("vars.STACKS != ''", "${{ matrix.stack }}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stack dev in the modelled Azure, and in `.venv` a Python that works there."""
    if not shutil.which("jq"):
        pytest.skip("jq is not on PATH: the lines of the workflow were not run")
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(PROGRAM / name, tmp_path)
    write_settings(tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    script = f"#!/bin/sh\nshift 2\nexec {sys.executable} -c '{RUN_IN}' {tmp_path} \"$@\" --offline\n"
    python.write_text(script, encoding="utf-8")
    python.chmod(0o755)
    command(tmp_path, ".venv/bin/python -m automation up --stack dev")
    return tmp_path


def write_settings(folder: Path, **settings: Any) -> None:
    document = {"config": {"edge-stamps:settings": {**TWO_CLUSTERS, **STAND_INS, **settings}}}
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def command(folder: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(PROGRAM), "STACK": "dev", **variables}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def run_workflow(folder: Path) -> tuple[dict[str, int], str]:
    """The steps from the look on, as GitHub runs them, with what each ends with; and what they have printed."""
    output, codes, printed = folder / "output", dict[str, int](), ""
    (job,) = jobs(RENEWAL)
    steps = [step for step in job["steps"] if "run" in step]
    for step in steps[1:]:
        output.touch()
        renews = "renew=true" in output.read_text(encoding="utf-8")
        if "if" in step and not renews:
            continue
        assert step.get("if") in (None, "steps.look.outputs.renew == 'true'")
        done = command(folder, step["run"], GITHUB_OUTPUT=str(output))
        codes[step["name"]] = done.returncode
        printed += done.stdout
        if done.returncode:
            break
    return codes, printed


def age(folder: Path, name: str, days_left: int) -> None:
    """Let certificates whose resource is called so end in so many days."""
    file = folder / ".rehearsal" / "dev" / "state.json"
    text = file.read_text(encoding="utf-8")
    end = (datetime.now(UTC) + timedelta(days=days_left)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for one in json.loads(text)["deployment"]["resources"]:
        if name in one["urn"] and "validityEndTime" in one.get("outputs", {}):
            text = text.replace(one["outputs"]["validityEndTime"], end)
    file.write_text(text, encoding="utf-8")


def test_where_nothing_is_due_nothing_is_deployed(folder: Path) -> None:
    codes, printed = run_workflow(folder)
    assert codes == {"Look": 0}
    assert "broker/enterprise: 364 days left, next up: nothing" in printed
    assert (folder / "certificates.ics").stat().st_size > 1000


def test_what_is_due_is_renewed_and_seen_to_be(folder: Path) -> None:
    age(folder, "leaf-g1", 30)
    codes, printed = run_workflow(folder)
    assert codes == {"Look": 0, "Refuse more than a renewal": 0, "Renew": 0, "Look again": 0}, printed
    assert "Stack dev: 6 certificates, 0 due." in printed


def test_what_more_the_settings_ask_for_is_left_to_a_person(folder: Path) -> None:
    age(folder, "leaf-g1", 30)
    state = (folder / ".rehearsal" / "dev" / "state.json").read_bytes()
    plant = {"code": "p", "address_space": "10.9.0.0/16"}
    write_settings(
        folder, clusters={"site": {}, "enterprise": {}, "plant": plant}, links=[{"from": "site", "to": "enterprise"}]
    )
    codes, printed = run_workflow(folder)
    assert codes == {"Look": 0, "Refuse more than a renewal": 1}
    assert "create plant-key-vault" in printed
    assert (folder / ".rehearsal" / "dev" / "state.json").read_bytes() == state


def test_what_no_up_mends_fails_the_job(folder: Path) -> None:
    age(folder, "enterprise-server-root-g1", 300)
    assert run_workflow(folder)[0] == {"Look": 1}


def test_unusable_settings_fail_the_job(folder: Path) -> None:
    write_settings(folder, release="none")
    assert run_workflow(folder)[0] == {"Look": 2}
