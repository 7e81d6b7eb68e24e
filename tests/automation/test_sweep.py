"""A seeded part of the sweep, and that the sweep notices what it is there for. `make sweep-all` runs all of it."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from typing import Any

import pytest

from arm.shapes import is_arm
from automation.deployment import deployer, pending_creates
from automation.deployment.deployment_result import DeploymentResult
from automation.sweep import cases
from automation.sweep.baseline import Baseline, find_baseline
from automation.sweep.cases import JUMPS, RUNS, Case, choose, is_recoverable, list_cases, list_pairs, list_singles
from automation.sweep.coverage import describe, find_types_without
from automation.sweep.runner import judge
from automation.sweep.table import render
from graph.urns import name_of
from rehearsal.azure import world
from rehearsal.azure.clock import SteadyClock
from rehearsal.azure.faults import KINDS, Fault
from tests.conftest import PROGRAM

SEED = 2026
EACH = 1
"""Cases of each run."""
VAULT_SECRET = "azure-native:keyvault:Secret"
RUN_COMMAND = "azure-native:compute:VirtualMachineRunCommandByVirtualMachine"


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
    called = {baseline.types[name] for name in baseline.phases[RUNS[run].phase].calls[RUNS[run].of]}
    assert tried == {(token, kind) for token in called for kind in KINDS if is_recoverable(kind, operation)}


def test_every_call_is_of_a_known_type(baseline: Baseline) -> None:
    first = baseline.phases["create"]
    in_azure = {name_of(urn) for urn, each in first.end.resources.items() if is_arm(each["type"])}
    assert in_azure == first.calls["create"]
    called = {name for phase in baseline.phases.values() for names in phase.calls.values() for name in names}
    assert called == baseline.types.keys()


@pytest.mark.parametrize(
    ("operation", "without"), [("create", []), ("update", []), ("delete", [RUN_COMMAND, VAULT_SECRET])]
)
def test_each_operation_is_done_to_every_type_but_those_with_a_reason(
    operation: str, without: list[str], baseline: Baseline
) -> None:
    assert find_types_without(baseline, operation) == without


def test_a_further_site_brings_about_what_only_a_removal_deletes(baseline: Baseline) -> None:
    updated = {"enterprise-link-authentication", "enterprise-link-authorization", "enterprise-network-security-group"}
    link, site = baseline.phases["remove a link"].calls, baseline.phases["remove a site"].calls
    assert baseline.phases["add a site"].calls["update"] == updated
    scripts = {f"sweep-site-{script}" for script in ("apply-objects", "await-secrets", "probe-links")}
    assert {*updated, *scripts} == link["update"]
    assert "enterprise-to-sweep-site-peering" in link["delete"]
    assert "sweep-site-resource-group" in site["delete"]
    assert all("sweep-site" in name for name in site["delete"])


def test_two_faults_hit_what_depends_on_each_other_or_has_one_parent(baseline: Baseline, pairs: list[Case]) -> None:
    assert {tuple(fault.target for fault in case.faults) for case in pairs} <= baseline.related


@pytest.mark.parametrize("run", RUNS)
def test_a_disturbed_run_ends_as_if_nothing_had_happened(run: str, singles: list[Case], pairs: list[Case]) -> None:
    of_this_run = [case for case in (*singles, *pairs) if case.run == run]
    for case in random.Random(f"{SEED} {run}").sample(of_this_run, EACH):
        verdict = judge(PROGRAM, "dev", case)
        assert verdict.wrong == (), case
        assert verdict.tries == 1 + case.mended_by_hand, case


def test_a_sample_has_a_part_of_every_run_of_pairs_and_of_jumps(baseline: Baseline) -> None:
    every = list_cases(baseline, random.Random(SEED))
    groups = {case.group for case in every}
    chosen = choose(every, len(groups), random.Random(SEED))
    assert {case.group for case in chosen} == groups
    assert {case.run for case in chosen} == RUNS.keys()
    assert {"back", "forward", ""} == {case.clock for case in chosen}


def test_a_sample_says_what_was_tried_and_what_was_not(baseline: Baseline, singles: list[Case]) -> None:
    text = describe(baseline, singles[:3], singles)
    assert f"create: 3 of {sum(one.run == 'create' for one in singles)} cases, 1 type, 3 of {len(KINDS)} kinds" in text
    assert "two faults at once: 0 of 0 cases" in text
    assert f"{len(singles) - 3} cases that the sample has left out" in text
    assert f"delete of {VAULT_SECRET}: the program leaves vault secrets" in text
    assert "get with accepted-then-failed" in text


def test_roles_that_act_later_than_gates_wait_are_told_and_the_next_up_succeeds() -> None:
    verdict = judge(PROGRAM, "dev", Case("create", ()))
    assert (verdict.tries, verdict.wrong) == (2, ())


def test_gates_that_do_not_wait_for_roles_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "LATE_ROLES", RUNS["create"])
    assert "the scripts have not waited for the roles" in judge(PROGRAM, "dev", Case("create", ())).wrong


@pytest.mark.parametrize("clock", [jump for jump in JUMPS if jump])
def test_a_clock_that_jumps_during_a_run_and_after_it_changes_nothing(clock: str) -> None:
    fault = Fault("site-virtual-network", "create", "cut-while-running")
    assert judge(PROGRAM, "dev", Case("create", (fault,), clock)).wrong == ()


def test_an_azure_that_waits_for_a_clock_that_was_set_back_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "SteadyClock", _Follows)
    fault = Fault("site-virtual-network", "create", "cut-while-running")
    assert judge(PROGRAM, "dev", Case("create", (fault,), "back")).wrong


class _Follows(SteadyClock):
    def now(self) -> float:
        return self._clock.now()


def test_what_recovery_looks_at_fails_in_the_refresh_of_the_recovery(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, look = [], deployer.Deployer._look

    def noting(one: deployer.Deployer, urns: Collection[str], result: DeploymentResult) -> Mapping[str, Any]:
        notes = len(result.notes)
        found = look(one, urns, result)
        looked.append(result.notes[notes:])
        return found

    monkeypatch.setattr(deployer.Deployer, "_look", noting)
    verdict = judge(PROGRAM, "dev", Case("recovery", (Fault("site-virtual-network", "get", "throttled"),)))
    assert verdict.wrong == ()
    assert looked == [["site-virtual-network: Too many requests (TRANSIENT-05); tried again"]]


def test_a_create_in_doubt_that_nobody_adopts_is_noticed(monkeypatch: pytest.MonkeyPatch, baseline: Baseline) -> None:
    monkeypatch.setattr(deployer, "settle", lambda deployment, *_: pending_creates.Settled(deployment))
    verdict = judge(PROGRAM, "dev", Case("create", (Fault("site-node", "create", "connection-cut"),)))

    assert any("cannot create already existing resource" in line for line in verdict.wrong)
    assert any(line.startswith("orphan in Azure: ") and line.endswith("-0") for line in verdict.wrong)
    assert "FAILED" in render([verdict], baseline.types)


def test_a_resource_that_a_refresh_loses_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployer, "list_urns", lambda _: set())
    verdict = judge(PROGRAM, "dev", Case("refresh", (Fault("site-nat-gateway", "get", "not-found"),)))
    assert "a second preview is not empty: create site-nat-gateway" in verdict.wrong


@pytest.mark.parametrize("kind", ["not-found", "role-spreading"])
def test_a_refresh_waits_for_what_passes(kind: str) -> None:
    assert judge(PROGRAM, "dev", Case("refresh", (Fault("site-nat-gateway", "get", kind),))).wrong == ()


def test_a_create_in_doubt_beside_an_error_that_lasts_is_settled() -> None:
    faults = Fault("enterprise-subnet", "create", "bad-request"), Fault("site-subnet", "create", "connection-cut")
    verdict = judge(PROGRAM, "dev", Case("create", faults))
    assert (verdict.tries, verdict.wrong) == (2, ())
