"""`rehearse --stack all`: every stack with a file and every example, a process each."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from tests.project_copy import PROGRAM, copy_project

SCHEMA = json.loads((PROGRAM / "docs" / "commands.schema.json").read_text(encoding="utf-8"))
ALL = [sys.executable, "-m", "automation", "rehearse", "--stack", "all", "--engine", "offline", "--without-messages"]
SECONDS = 120


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy with the stack dev and one example."""
    copy_project(tmp_path)
    (tmp_path / "Pulumi.prod.yaml").unlink()
    for example in ("every-setting", "external-ca", "brownfield", "plant", "two-enterprises"):
        (tmp_path / "examples" / f"Pulumi.{example}.yaml").unlink()
    return tmp_path


def test_every_stack_is_rehearsed_and_what_is_wrong_with_one_keeps_no_other_from_it(project: Path) -> None:
    text = (project / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    (project / "Pulumi.broken.yaml").write_text(text.replace("environment:", "enviroment:"), encoding="utf-8")
    run = subprocess.run(
        [*ALL, "--json", "--report", "report-all.html"], cwd=project, capture_output=True, text=True, timeout=SECONDS
    )
    document = json.loads(run.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    ends = {stack: own["exit_code"] for stack, own in document["stacks"].items()}
    assert ends == {"broken": 2, "dev": 0, "three-sites": 0}
    assert run.returncode == document["exit_code"] == 2
    assert "broken: enviroment" in {one["where"] for one in document["problems"]}
    assert {page.name for page in project.glob("*.html")} == {"report-dev.html", "report-three-sites.html"}


def test_one_page_for_all_is_refused(project: Path) -> None:
    run = subprocess.run([*ALL, "--report", "page.html"], cwd=project, capture_output=True, text=True, timeout=SECONDS)
    assert run.returncode == 2
    assert "--report report-all.html" in run.stderr
    assert not (project / ".rehearsal").exists()


def test_a_stack_that_is_called_all_is_only_itself(project: Path) -> None:
    (project / "Pulumi.dev.yaml").rename(project / "Pulumi.all.yaml")
    run = subprocess.run([*ALL, "--json"], cwd=project, capture_output=True, text=True, timeout=SECONDS)
    document = json.loads(run.stdout)
    assert (document["stack"], document["ok"], "stacks" in document) == ("all", True, False)


def test_an_interrupt_ends_every_rehearsal(project: Path) -> None:
    with subprocess.Popen(ALL, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + SECONDS
        while not (children := _children(process.pid)) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert children
    assert not [child for child in children if Path(f"/proc/{child}").exists()]


def _children(pid: int) -> list[str]:
    file = Path(f"/proc/{pid}/task/{pid}/children")
    return file.read_text(encoding="ascii").split() if file.exists() else []
