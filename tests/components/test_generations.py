"""Reading the marks from the stack's own state."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.generations import read_state
from settings.high_water import Mark

URN = "urn:pulumi:dev::edge-stamps::edge-stamps:generations:Generations::generations"


class Result:
    def __init__(self, value: Any) -> None:
        self.value = value


def test_a_state_that_is_just_being_written_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [RuntimeError("failed to load checkpoint: EOF"), RuntimeError("unexpected end of JSON input")]
    marks = {"link/a-to-b": {"generation": 3.0, "in_use": False, "live": []}}

    def invoke(*_: object) -> Result:
        if answers:
            raise answers.pop()
        return Result({"outputs": {URN: {"type": "t", "outputs": {"marks": marks}}}})

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    assert read_state().marks == {"link/a-to-b": Mark(3, in_use=False)}


def test_a_state_that_cannot_be_read_stops_the_program_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def invoke(*_: object) -> Result:
        raise RuntimeError("passphrase must be set")

    monkeypatch.setattr(pulumi.runtime, "invoke", invoke)
    with pytest.raises(pulumi.RunError, match=r"passphrase must be set. Next: run the command again"):
        read_state()


@pytest.mark.parametrize("answer", [None, {}, {"outputs": {}}, {"outputs": {URN: {"type": "t", "outputs": {}}}}])
def test_where_nothing_is_deployed_there_are_no_marks(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As mocks answer, and the engine before the first deployment."""
    monkeypatch.setattr(pulumi.runtime, "invoke", lambda *_: Result(answer))
    assert read_state().marks == {}
