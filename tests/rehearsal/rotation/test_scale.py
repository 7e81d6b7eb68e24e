"""All links rotate in one change, and what each costs does not depend on how many there are."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from benchmarks.evaluation import settings_for
from benchmarks.rotation import renewed
from rehearsal.cluster import build
from rehearsal.rotation import traffic
from rehearsal.rotation.result import Result
from rehearsal.rotation.run import deploy

FEW, MANY = 1, 4


def rotate(links: int, counts: Counter[str], monkeypatch: pytest.MonkeyPatch) -> Result:
    """Renew all links of so many sites, and count what takes the judge's time."""
    before = settings_for(links + 1)
    deployed = deploy(before, stack="bench")

    def count(place: Any, name: str) -> None:
        whole = getattr(place, name)

        def counted(*args: Any) -> Any:
            counts[name] += 1
            return whole(*args)

        monkeypatch.setattr(place, name, counted)

    with monkeypatch.context() as monkeypatch:
        for place, name in (
            (build, "_build"),
            (traffic, "read_site"),
            (traffic, "read_broker"),
            (traffic.Traffic, "_send_over"),
        ):
            count(place, name)
        return deployed.change_here(renewed(before), rate=4)


def test_each_link_costs_the_same_however_many_rotate(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = Counter[str](), Counter[str]()
    small, large = rotate(FEW, few, monkeypatch), rotate(MANY, many, monkeypatch)

    assert small.ok and large.ok, large.table()
    assert len(large.links) == MANY
    assert small.seconds == large.seconds > 0
    assert len(large.steps) - len(small.steps) <= (MANY - FEW) * len(small.steps) / FEW
    for what, times in few.items():
        assert many[what] <= times * MANY / FEW, (what, few, many)
