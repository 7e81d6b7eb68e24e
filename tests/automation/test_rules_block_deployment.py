"""`preview` and `up` ask the rules first: what they find stops the command before anything is created."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project_copy import copy_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, with the endpoint's wait for its Secret taken out of the program."""
    folder = tmp_path_factory.mktemp("project")
    copy_project(folder)
    file = folder / "components" / "links.py"
    text = file.read_text(encoding="utf-8")
    wait = "        pulumi.ResourceOptions(parent=parts.own, depends_on=gates),\n"
    assert text.count(wait) == 1, "this test breaks that edge: follow the program"
    file.write_text(text.replace(wait, "        pulumi.ResourceOptions(parent=parts.own),\n"), encoding="utf-8")
    return folder


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "automation", *arguments, "--offline"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.parametrize("command", ["preview", "up"])
def test_a_wrong_edge_stops_it_with_the_rule_s_words_and_nothing_is_created(project: Path, command: str) -> None:
    done = run(project, command)
    assert done.returncode == 1
    assert "EDGE-02 site-to-enterprise-endpoint" in done.stdout
    assert "docs/rules.md" in done.stdout
    assert not (project / ".rehearsal" / "dev" / "azure.json").exists()


def test_the_document_has_the_findings(project: Path) -> None:
    document = json.loads(run(project, "up", "--json").stdout)
    assert (document["ok"], document["exit_code"], document["outcome"]) == (False, 1, "not-run")
    assert {one["rule"] for one in document["findings"]} == {"EDGE-02"}
    assert [one["kind"] for one in document["problems"]] == ["finding"] * len(document["findings"])
