"""Every attack is refused or reported by what must decide it, and the same done honestly goes through."""

from __future__ import annotations

import pytest

from tests.attacks.chain import ROWS as CHAIN
from tests.attacks.identity import ROWS as IDENTITY
from tests.attacks.lab import Lab
from tests.attacks.row import Row

ROWS = [*IDENTITY, *CHAIN]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.case}: {row.who}")
def test_the_attack_is_refused_and_its_honest_twin_is_not(row: Row, lab: Lab) -> None:
    assert row.twin(lab) == ""
    assert row.refused in row.attack(lab)
