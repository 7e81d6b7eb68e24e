"""The whole deployment of each environment, as committed text: a change shows in review what users would get."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from graph.evaluate_stack import evaluate_config
from graph.graph import Graph
from settings import load, stack_file
from settings.stand_ins import STAND_INS
from tests.conftest import PROGRAM
from tests.golden.normalise import as_text

_FOLDER = Path(__file__).parent


def _deployment(stack: str) -> Graph:
    """With stand-ins whether or not somebody has filled the tenant's values in: they do not belong into a commit."""
    config = stack_file.read(PROGRAM, stack)
    settings = config[stack_file.SETTINGS_KEY]
    assert isinstance(settings, dict)
    settings.update(STAND_INS)
    return evaluate_config(PROGRAM, stack, config, load(settings), preview=False)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_deployment_is_the_committed_one(stack: str, request: pytest.FixtureRequest) -> None:
    text = as_text(_deployment(stack))
    file = _FOLDER / f"{stack}.yaml"
    if request.config.getoption("--write-golden"):
        file.write_text(text, encoding="utf-8")
    committed = file.read_text(encoding="utf-8")
    difference = list(difflib.unified_diff(committed.splitlines(), text.splitlines(), "committed", "now", lineterm=""))
    assert not difference, "\n".join([*difference[:80], "", "If this was meant: make golden, and commit the result."])


def test_two_evaluations_give_the_same_text() -> None:
    first, second = (as_text(_deployment("dev")) for _ in range(2))

    assert first == second
