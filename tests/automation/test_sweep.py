"""A seeded part of the sweep, and that the sweep notices what it is there for. `make sweep-all` runs all of it."""

from __future__ import annotations

import random

import pytest

from arm.shapes import is_arm
from automation.deployment import deployer, pending_creates
from automation.sweep.baseline import Baseline, find_baseline
from automation.sweep.cases import RUNS, Case, choose, is_recoverable, list_pairs, list_singles
from automation.sweep.runner import PERMANENT, judge
from automation.sweep.table import render
from graph.urns import name_of
from rehearsal.azure.faults import KINDS, Fault
from tests.conftest import PROGRAM

SEED = 2026
EACH = 1
"""Cases of each run."""


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return find_baseline(PROGRAM, "dev")


@pytest.fixture(scope="module")
def singles(baseline: Baseline) -> list[Case]:
    return list(list_singles(baseline, random.Random(SEED)))


@pytest.fixture(scope="module")
def pairs(baseline: Baseline) -> list[Case]:
    return list(list_pairs(baseline, random.Random(SEED)))


@pytest.mark.parametrize("run", RUNS)
def test_every_type_is_tried_in_every_way_that_it_can_fail(run: str, baseline: Baseline, singles: list[Case]) -> None:
    operation = RUNS[run].operation
    tried = {(baseline.types[one.faults[0].target], one.kinds[0]) for one in singles if one.run == run}
    called = {baseline.types[name] for name in baseline.calls["create" if operation == "get" else operation]}
    assert tried == {(token, kind) for token in called for kind in KINDS if is_recoverable(kind, operation)}


def test_every_call_is_of_a_known_type(baseline: Baseline) -> None:
    in_azure = {name_of(urn) for urn, each in baseline.deployed.resources.items() if is_arm(each["type"])}
    assert in_azure == baseline.calls["create"]
    assert {name for names in baseline.calls.values() for name in names} == baseline.types.keys()


def test_two_faults_hit_what_depends_on_each_other_or_has_one_parent(baseline: Baseline, pairs: list[Case]) -> None:
    assert {tuple(fault.target for fault in case.faults) for case in pairs} <= baseline.related


@pytest.mark.parametrize("run", RUNS)
def test_a_disturbed_run_ends_as_if_nothing_had_happened(run: str, singles: list[Case], pairs: list[Case]) -> None:
    of_this_run = [case for case in (*singles, *pairs) if case.run == run]
    for case in random.Random(f"{SEED} {run}").sample(of_this_run, EACH):
        verdict = judge(PROGRAM, "dev", case)
        assert verdict.wrong == (), case
        assert verdict.tries == 1 + case.kinds.count(PERMANENT), case


def test_a_sample_has_a_part_of_every_run(singles: list[Case], pairs: list[Case]) -> None:
    chosen = choose([*singles, *pairs], 9, random.Random(SEED))
    assert {case.run for case in chosen} == RUNS.keys()
    assert sum(len(case.faults) == 2 for case in chosen) == 3


def test_a_create_in_doubt_that_nobody_adopts_is_noticed(monkeypatch: pytest.MonkeyPatch, baseline: Baseline) -> None:
    monkeypatch.setattr(deployer, "settle", lambda deployment, *_: pending_creates.Settled(deployment))
    verdict = judge(PROGRAM, "dev", Case("create", (Fault("site-node", "create", "connection-cut"),)))

    assert any("cannot create already existing resource" in line for line in verdict.wrong)
    assert any(line.startswith("orphan in Azure: ") and line.endswith("-0") for line in verdict.wrong)
    assert "FAILED" in render([verdict], baseline.types)


def test_a_resource_that_a_refresh_loses_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployer, "_urns", lambda _: set())
    verdict = judge(PROGRAM, "dev", Case("refresh", (Fault("site-nat-gateway", "get", "not-found"),)))
    assert "a second preview is not empty: create site-nat-gateway" in verdict.wrong


@pytest.mark.parametrize("kind", ["not-found", "role-spreading"])
def test_a_refresh_waits_for_what_passes(kind: str) -> None:
    assert judge(PROGRAM, "dev", Case("refresh", (Fault("site-nat-gateway", "get", kind),))).wrong == ()


def test_a_create_in_doubt_beside_an_error_that_lasts_is_settled() -> None:
    faults = Fault("enterprise-subnet", "create", "bad-request"), Fault("site-subnet", "create", "connection-cut")
    verdict = judge(PROGRAM, "dev", Case("create", faults))
    assert (verdict.tries, verdict.wrong) == (2, ())
