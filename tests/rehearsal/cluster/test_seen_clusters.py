"""Clusters that were seen before are built anew only where something has changed, and then as if never seen."""

from __future__ import annotations

import pytest

from rehearsal.cluster import build
from tests.rehearsal.cluster import cases_broker, cases_sync
from tests.rehearsal.cluster.all_cases import CASES
from tests.rehearsal.cluster.cases import Case
from tests.rehearsal.cluster.deployments import SITE, Bench

TIME = (cases_broker.years_have_passed, cases_broker.clock_is_behind)
"""What has changed nothing but the moment of the look."""


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.breakage not in TIME], ids=lambda case: case.breakage.__name__
)
def test_what_is_broken_is_seen(case: Case) -> None:
    bench = Bench(case.stack)
    bench.seen = {}
    bench.views()
    case.breakage(bench)
    again = bench.views()
    bench.seen = None
    assert again == bench.views()


def test_only_what_has_changed_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    built, whole = list[str](), build._build

    def note(*args: object) -> object:
        built.append(args[1].name)  # type: ignore[attr-defined]
        return whole(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(build, "_build", note)
    bench = Bench("dev")
    bench.seen = {}
    bench.views()
    assert len(built) == 2
    bench.views()
    assert len(built) == 2
    cases_sync.one_vault_secret_is_missing(bench)
    bench.views()
    assert built[2:] == [SITE]
