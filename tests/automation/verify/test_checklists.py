"""The lists of the three documents: every item is answered, by checks that exist or by what is lacking."""

from __future__ import annotations

import pytest

from automation.verify.checklists import CHECKLISTS, Item
from automation.verify.checks import CHECKS
from tests.conftest import PROGRAM

ITEMS = [item for items in CHECKLISTS.values() for item in items]


def test_every_item_of_the_documents_is_there() -> None:
    """Steps of the blueprint (3 looks at two things), rows of the matrix, boxes of the guide's checklist."""
    assert [len(items) for items in CHECKLISTS.values()] == [6, 7, 21]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.text)
def test_an_item_is_answered_by_what_exists_or_says_what_is_lacking(item: Item) -> None:
    assert set(item.checks) <= {check.id for check in CHECKS}
    assert not item.script or (PROGRAM / "nodes" / f"{item.script}.sh").is_file()
    assert item.checks or item.lacks
