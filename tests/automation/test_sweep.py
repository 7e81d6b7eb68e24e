"""A seeded part of the sweep, and that the sweep notices what it is there for. `make sweep` runs all of it."""

from __future__ import annotations

import random

import pytest

from automation.commands.sweep import Case, cases, find_baseline, judge, table
from automation.deployment import deployer, pending_creates
from rehearsal.azure.faults import KINDS
from tests.conftest import PROGRAM

SEED = 2026
EACH = 2
"""Cases of each kind of failure; the types are the seed's choice."""


@pytest.fixture(scope="module")
def every_case() -> list[Case]:
    return list(cases(find_baseline(PROGRAM, "dev"), random.Random(SEED)))


def test_every_type_that_the_stack_creates_in_azure_is_tried_in_every_way(every_case: list[Case]) -> None:
    types = {resource["type"] for resource in find_baseline(PROGRAM, "dev").resources.values()}
    in_azure = {token for token in types if token.startswith("azure-native")}
    assert {(case.type, case.kind) for case in every_case} == {(token, kind) for token in in_azure for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_up_ends_as_if_nothing_had_happened(kind: str, every_case: list[Case]) -> None:
    of_this_kind = [case for case in every_case if case.kind == kind]
    for case in random.Random(f"{SEED} {kind}").sample(of_this_kind, EACH):
        verdict = judge(PROGRAM, "dev", case)
        assert verdict.wrong == (), case
        assert verdict.ups == (2 if kind == "bad-request" else 1), case


def test_a_create_in_doubt_that_nobody_adopts_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployer, "settle", lambda deployment, *_: pending_creates.Settled(deployment))
    verdict = judge(PROGRAM, "dev", Case("azure-native:compute:VirtualMachine", "site-node", "connection-cut"))

    assert any("cannot create already existing resource" in line for line in verdict.wrong)
    assert any(line.startswith("orphan in Azure: ") and line.endswith("-0") for line in verdict.wrong)
    assert "FAILED" in table([verdict])
