"""All rows."""

from __future__ import annotations

from tests.attacks import chain, faults, identity, leaks, platform, protocol
from tests.attacks.lab import Lab
from tests.attacks.row import Row

ROWS: list[Row] = [*identity.ROWS, *chain.ROWS, *protocol.ROWS, *platform.ROWS, *leaks.ROWS, *faults.ROWS]


def try_row(row: Row, lab: Lab) -> None:
    """The attack is refused or reported, and what differs from it in the one thing that is wrong goes through."""
    assert row.twin(lab) == ""
    assert row.refused in row.attack(lab)


def name(row: Row) -> str:
    return f"{row.case}: {row.who}"
