"""What a real Mosquitto with the deployed keys and policy, or a verifier of certificates, has to refuse."""

from __future__ import annotations

import pytest

from tests.attacks.lab import Lab
from tests.attacks.matrix import ROWS, name, try_row
from tests.attacks.row import Row


@pytest.mark.parametrize("row", [one for one in ROWS if one.decider in ("broker", "chain")], ids=name)
def test_an_attack_is_refused_and_its_honest_twin_is_not(row: Row, lab: Lab) -> None:
    try_row(row, lab)
