"""What the rules of the settings, or the models of Azure, clusters and AIO's policy, have to refuse or report."""

from __future__ import annotations

import pytest

from tests.attacks.lab import Lab
from tests.attacks.matrix import ROWS, name, try_row
from tests.attacks.row import Row


@pytest.mark.parametrize("row", [one for one in ROWS if one.decider in ("settings", "model")], ids=name)
def test_an_attack_is_refused_or_reported_and_its_honest_twin_is_not(row: Row, lab: Lab) -> None:
    try_row(row, lab)
