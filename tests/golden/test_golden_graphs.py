"""The whole deployment of each environment, as committed text: a change shows in review what users would get."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from rehearsal.stacks import evaluate_stack
from tests.conftest import PROGRAM
from tests.golden.normalise import as_text

_FOLDER = Path(__file__).parent


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_deployment_is_the_committed_one(stack: str, request: pytest.FixtureRequest) -> None:
    text = as_text(evaluate_stack(PROGRAM, stack, preview=False).graph)
    file = _FOLDER / f"{stack}.yaml"
    if request.config.getoption("--write-golden"):
        file.write_text(text, encoding="utf-8")
    committed = file.read_text(encoding="utf-8")
    difference = list(difflib.unified_diff(committed.splitlines(), text.splitlines(), "committed", "now", lineterm=""))
    assert not difference, "\n".join([*difference[:80], "", "If this was meant: make golden, and commit the result."])


def test_two_evaluations_give_the_same_text() -> None:
    first, second = (as_text(evaluate_stack(PROGRAM, "dev", preview=False).graph) for _ in range(2))

    assert first == second
