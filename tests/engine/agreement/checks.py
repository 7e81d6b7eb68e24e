"""The test of agreement, for the stack that the module that imports it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from automation.deployment.operations import EngineResult
from rehearsal.providers.serve import all_providers
from tests.engine.agreement import cases
from tests.engine.agreement.compare import Facts, Watched
from tests.engine.agreement.known import find_stale, unexplained
from tests.engine.azure import Azure
from tests.engine.conftest import ENGINES, Deployment
from tests.engine.remembering import remembering


@dataclass
class Both:
    """One stack, deployed by each engine with the same keys."""

    name: str
    shared: dict[str, Any]
    deployed: list[Watched]
    created: list[list[Facts]]
    """What that did, by engine."""


def _create(deployment: Deployment) -> Iterator[EngineResult]:
    yield deployment.stack.up()


@pytest.fixture(scope="module")
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Both:
    request.getfixturevalue("pulumi")
    if request.config.getoption("--engine"):
        pytest.skip("--engine: this case compares both")
    name, folder = request.module.STACK, tmp_path_factory.mktemp("both")
    shared = remembering(all_providers(Azure().provider))
    deployed = [Watched.new(kind, folder / kind, shared, name) for kind in ENGINES]
    return Both(name, shared, deployed, [each.observe(_create) for each in deployed])


def _agree(both: Both, case: cases.Case, observed: list[list[Facts]]) -> None:
    offline, real = observed
    assert len(offline) == len(real) > 0
    for step, (one, other) in enumerate(zip(offline, real, strict=True)):
        assert one["order"] == other["order"] == []
        left = unexplained(one, other)
        assert not left, f"operation {step + 1}: {left}"
    stale = find_stale(both.name, case.__name__, zip(offline, real, strict=True))
    assert stale == set(), "known.py explains a difference that is none any more: take the row out"


def test_both_engines_agree_on_a_create(both: Both) -> None:
    _agree(both, _create, both.created)
    (real,) = both.created[1]
    assert sum(name.startswith("change ") for name in real) > 100


@pytest.mark.parametrize("case", cases.CHANGES, ids=lambda case: case.__name__)
def test_both_engines_agree_on(case: cases.Case, both: Both, tmp_path: Path) -> None:
    _change_both(case, both, tmp_path)


@pytest.mark.parametrize("case", cases.FAILURES, ids=lambda case: case.__name__)
def test_both_engines_agree_after(case: cases.Case, both: Both, tmp_path: Path) -> None:
    _change_both(case, both, tmp_path)


def _change_both(case: cases.Case, both: Both, tmp_path: Path) -> None:
    copies = [each.copy(tmp_path / kind) for kind, each in zip(ENGINES, both.deployed, strict=True)]
    observed = [each.observe(case) for each in copies]
    _agree(both, case, observed)
    assert any(name.startswith("change ") for name in observed[1][-1]), "nothing was done"


def test_both_engines_agree_on_a_create_that_fails_and_the_next_up(both: Both, tmp_path: Path) -> None:
    fresh = [Watched.new(kind, tmp_path / kind, both.shared, both.name) for kind in ENGINES]
    observed = [each.observe(cases.a_failed_create) for each in fresh]
    _agree(both, cases.a_failed_create, observed)
    assert [facts["ended well"] for facts in observed[1]] == [False, True]
