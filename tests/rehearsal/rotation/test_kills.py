"""A sample of `make kills`: after a kill nothing is lost, refused or made twice, in larger stacks than dev too."""

from __future__ import annotations

import pytest

from tests.rehearsal.rotation.conftest import changed, deployed
from tests.rehearsal.rotation.kills import RENEWALS, kill_after


@pytest.mark.parametrize(
    ("stack", "renewal", "step"),
    [
        ("dev", "pki", 40),
        ("prod", "link", 13),
        ("prod", "listener", 20),
        ("prod", "pki", 30),
        ("three-sites", "link", 12),
    ],
)
def test_the_next_run_goes_on(stack: str, renewal: str, step: int) -> None:
    one = kill_after(deployed(stack), changed(RENEWALS[renewal], stack), step)

    assert not one["said"], one["said"]
