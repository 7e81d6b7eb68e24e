"""Each rule bites: one thing is broken, its cause and its consequences are named, and nothing else is blamed."""

from __future__ import annotations

import pytest

from rehearsal.cluster.rules import CLUSTER_RULES
from rehearsal.node.drills import run as drills
from tests.rehearsal.cluster.all_cases import CASES
from tests.rehearsal.cluster.cases import Case
from tests.rehearsal.cluster.deployments import Bench, problems


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.breakage.__name__)
def test_is_named_by_the_rule_and_nothing_else_is_blamed(case: Case) -> None:
    bench = Bench(case.stack)
    case.breakage(bench)
    found = [problem for view in bench.views().values() for problem in view.problems]
    assert {(one.rule, one.cluster, one.where) for one in found} == {case.problem, *case.then}
    said = [str(one) for one in found if (one.rule, one.cluster, one.where) == case.problem]
    assert any(case.says in text for text in said), said
    assert all(one.what and one.remedy for one in found)
    assert "PRIVATE KEY" not in repr(bench.views())


@pytest.mark.parametrize("stack", ["dev", "three-sites", "every-setting", "plant"])
def test_nothing_is_wrong_before(stack: str) -> None:
    assert problems(Bench(stack)) == set()


def test_every_rule_has_a_case() -> None:
    in_drills = {drills.RULE}  # tests/rehearsal/node/test_drills.py
    assert {case.problem[0] for case in CASES} | in_drills == {rule.id for rule in CLUSTER_RULES}


def test_every_rule_has_an_id_of_its_own_a_title_and_a_source() -> None:
    ids = [rule.id for rule in CLUSTER_RULES]
    assert sorted(set(ids)) == ids
    assert all(rule.title and rule.source for rule in CLUSTER_RULES)
