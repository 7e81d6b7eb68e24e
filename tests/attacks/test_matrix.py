"""The table is whole: each case is tried, or the documentation says why it cannot be."""

from __future__ import annotations

import re
from collections import Counter

from tests.attacks.cases import EVERY
from tests.attacks.matrix import ROWS, name
from tests.conftest import PROGRAM

PAGE, HEADING = PROGRAM / "docs" / "proven.md", "## Attacks and faults that nothing here can decide"


def undecided() -> list[str]:
    """The cases of the page's table that have a reason."""
    section = PAGE.read_text(encoding="utf-8").partition(f"{HEADING}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| (?!case |---)([^|]+?) \| [^|]{20,} \|$", section, re.MULTILINE)


def test_each_case_is_tried_or_told_and_none_is_both() -> None:
    tried = {row.case for row in ROWS}

    assert sorted([*tried, *undecided()]) == sorted(EVERY)


def test_no_row_is_there_twice() -> None:
    assert [one for one, times in Counter(map(name, ROWS)).items() if times > 1] == []


def test_a_row_says_what_it_is_refused_with_and_by_whom() -> None:
    assert all(row.refused and row.who for row in ROWS)
    assert {row.decider for row in ROWS} == {"settings", "chain", "model", "broker"}


def test_the_page_counts_the_rows() -> None:
    assert f"{len(ROWS)} attacks and faults" in PAGE.read_text(encoding="utf-8")
