"""The generated pages of docs/ are current, and hold every row of the tables that they are made of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from automation.deployment.error_catalog import REMEDIES, TRANSIENTS
from automation.reference.__main__ import PAGES
from automation.reference.facts import list_facts
from automation.reference.pages import DOCS, write_or_check
from rehearsal.azure.faults import KINDS
from rehearsal.azure.refusals import WORLD_RULES
from rehearsal.azure.refusals.quotas import QUOTAS
from rehearsal.cluster.rules import CLUSTER_RULES
from rules import PREVIEW_RULES, RULES
from rules.facts.children import children_of
from rules.facts.releases import RELEASES
from settings.rules import RULES as SETTINGS_RULES
from tests.conftest import PROGRAM

ROWS = {
    "world.md": [*(rule.id for rule in WORLD_RULES), *KINDS, *(quota.name for quota in QUOTAS.values())],
    "cluster.md": [rule.id for rule in CLUSTER_RULES],
    "rules.md": [
        *(rule.id for rule in SETTINGS_RULES),
        *(rule.id for rule in RULES),
        *(rule.id for rule in PREVIEW_RULES),
    ],
    "facts.md": [
        *list_facts(),
        *RELEASES,
        *dict.fromkeys(one.arm_type for release in RELEASES.values() for one in children_of(release)),
    ],
    "errors.md": [*(row.id for row in TRANSIENTS), *(row.id for row in REMEDIES)],
}


def first_cells(name: str) -> list[str]:
    return [line.split(" | ")[0].removeprefix("| ").strip("`") for line in PAGES[name]().splitlines()]


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "make docs"


@pytest.mark.parametrize("name", ROWS)
def test_every_row_of_the_tables_is_on_the_page(name: str) -> None:
    assert [cell for cell in first_cells(name) if cell in ROWS[name]] == ROWS[name]


@pytest.mark.parametrize("module", ["tests.engine.describe", "tests.kubernetes.describe"])
def test_the_pages_about_tests_are_current(module: str) -> None:
    """In a process of its own: the page is what pytest collects."""
    command = [sys.executable, "-m", module, "--check"]
    done = subprocess.run(command, cwd=PROGRAM, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_page_that_is_not_current_is_named_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = {"one.md": lambda: "1\n", "two.md": lambda: "2\n"}
    assert write_or_check(pages, ["--check"], tmp_path) == 1
    assert write_or_check(pages, ["--write"], tmp_path) == 0
    assert write_or_check(pages, ["--check"], tmp_path) == 0
    (tmp_path / "two.md").write_text("old")
    assert write_or_check(pages, ["--check"], tmp_path) == 1
    wrong = [f"docs/{name} is not what its tables say. Next: make docs" for name in ("one.md", "two.md", "two.md")]
    assert capsys.readouterr().err.splitlines() == wrong


def test_the_faults_say_whether_azure_has_written() -> None:
    written = {
        line.split(" | ")[0][2:]: line.rstrip(" |").split(" | ")[-1] for line in PAGES["world.md"]().splitlines()
    }
    kinds = ("throttled", "accepted-then-failed", "connection-cut", "cut-while-running")
    assert [written[f"`{name}`"] for name in kinds] == ["no", "failed", "yes", "goes on"]
