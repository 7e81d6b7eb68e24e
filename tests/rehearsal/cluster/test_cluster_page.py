"""The page about the modelled clusters says what its table says."""

from __future__ import annotations

import pytest

from automation.reference import cluster_model
from rehearsal.cluster.rules import CLUSTER_RULES


def test_the_page_is_current() -> None:
    assert cluster_model.main(["--check"]) == 0, "make docs"


def test_every_rule_is_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert cluster_model.main([]) == 0
    rows = [line.split(" | ")[0].removeprefix("| ") for line in capsys.readouterr().out.splitlines()]
    assert [row for row in rows if row.startswith("CLUSTER-")] == [rule.id for rule in CLUSTER_RULES]
