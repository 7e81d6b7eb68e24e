"""The page about the modelled Azure says what its tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from automation.reference import azure_model
from rehearsal.azure.faults import KINDS
from rehearsal.azure.refusals import WORLD_RULES
from rehearsal.azure.refusals.quotas import QUOTAS


def test_the_page_is_current() -> None:
    assert azure_model.main(["--check"]) == 0, "make docs"


def test_every_rule_fault_and_quota_is_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert azure_model.main([]) == 0
    page = capsys.readouterr().out
    rows = [line.split(" | ")[0].removeprefix("| ").strip("`") for line in page.splitlines() if line.startswith("| ")]
    heads = ["rule", "---", "kind", "---", "what", "---"]
    assert [row for row in rows if row not in heads] == [*(rule.id for rule in WORLD_RULES), *KINDS, *QUOTAS]


def test_a_page_that_is_not_current_is_found_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(azure_model, "PAGE", tmp_path / "world.md")
    assert azure_model.main(["--check"]) == 1
    assert azure_model.main(["--write"]) == 0
    assert azure_model.main(["--check"]) == 0
    (tmp_path / "world.md").write_text("old")
    assert azure_model.main(["--check"]) == 1
    assert capsys.readouterr().err.splitlines() == ["docs/world.md is not what its tables say. Next: make docs"] * 2


def test_the_faults_say_whether_azure_has_written() -> None:
    written = {row.split(" | ")[0][2:]: row.rstrip(" |").split(" | ")[-1] for row in azure_model.page().splitlines()}
    assert {name: written[f"`{name}`"] for name in ("throttled", "accepted-then-failed", "connection-cut")} == {
        "throttled": "no",
        "accepted-then-failed": "failed",
        "connection-cut": "yes",
    }
    assert written["`cut-while-running`"] == "goes on"
