"""Which scripts the handler on a machine runs: one for each sequence number that it has not seen."""

from __future__ import annotations

from typing import Any

import pytest

from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import ConnectionCutError, OperationFailedError
from rehearsal.azure.scripts import OpenState, ScriptRun
from tests.rehearsal.azure.samples import Azure, refusal


class Scripts:
    """Ends scripts with these exit codes, the last of them for all that follow, and counts them."""

    def __init__(self, *codes: int) -> None:
        self.codes, self.ran = list(codes), 0

    def __call__(self, _: OpenState, __: Entry) -> ScriptRun:
        self.ran += 1
        code = self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]
        return ScriptRun(code, stderr=f"run {self.ran}")


def on_a_machine(*codes: int, **surroundings: Any) -> tuple[Azure, Scripts]:
    scripts = Scripts(*codes)
    azure = Azure(run_script=scripts, **surroundings)
    azure.deploy_until("vm")
    return azure, scripts


def message(azure: Azure, **changes: Any) -> str:
    with pytest.raises(OperationFailedError) as failure:
        azure.put("connect", **FLAG, **changes)
    return str(failure.value)


FLAG = {"treatFailureAsDeploymentFailure": True}


def test_a_failure_is_told_again_and_nothing_runs_for_the_same_body() -> None:
    azure, scripts = on_a_machine(7, 0)
    first = message(azure)
    assert "failed with exit code 7: run 1" in first and azure.entry("connect").state == "Failed"
    assert message(azure, tags={"a": "b"}) == first
    assert (scripts.ran, azure.entry("connect").state) == (1, "Failed")


def test_another_body_runs_after_a_failure_and_the_old_one_of_the_two_as_well() -> None:
    azure, scripts = on_a_machine(7, 0)
    message(azure)
    azure.put("connect", **FLAG, timeoutInSeconds=99)
    assert (scripts.ran, azure.entry("connect").state) == (2, "Succeeded")
    azure.put("connect", **FLAG)
    assert scripts.ran == 3


def test_what_is_made_anew_under_its_name_does_not_run_before_its_number_is_a_higher_one() -> None:
    azure, scripts = on_a_machine(0)
    azure.put("connect", **FLAG)
    azure.put("connect", **FLAG, timeoutInSeconds=99)
    azure.delete("connect")
    assert "connect-arc was not run: the machine has seen number 0" in message(azure)
    assert "has seen number 1" in message(azure, timeoutInSeconds=99)
    assert scripts.ran == 2
    azure.put("connect", **FLAG, timeoutInSeconds=98)
    assert (scripts.ran, azure.entry("connect").state) == (3, "Succeeded")


def test_a_new_machine_has_seen_nothing() -> None:
    azure, scripts = on_a_machine(0)
    azure.put("connect", **FLAG)
    azure.delete("vm")
    azure.put("vm")
    azure.put("connect", **FLAG)
    assert scripts.ran == 2


def test_a_machine_that_is_updated_or_started_again_forgets_nothing() -> None:
    azure, scripts = on_a_machine(0)
    azure.put("connect", **FLAG)
    azure.put("vm", tags={"a": "b"})
    azure.world.set_power(azure.entry("vm").id, running=False)
    azure.world.set_power(azure.entry("vm").id, running=True)
    azure.put("connect", **FLAG)
    assert scripts.ran == 1


def test_a_command_that_never_reached_its_machine_runs_with_the_same_body() -> None:
    azure, scripts = on_a_machine(0)
    azure.order("connect", "create", "accepted-then-failed")
    assert refusal(azure.put, "connect", **FLAG) and scripts.ran == 0
    azure.put("connect", **FLAG)
    assert scripts.ran == 1


def test_an_answer_that_is_lost_while_the_script_runs_changes_nothing_of_its_end() -> None:
    azure, scripts = on_a_machine(7)
    azure.order("connect", "create", "cut-while-running")
    with pytest.raises(ConnectionCutError):
        azure.put("connect", **FLAG)
    azure.clock.advance(600)
    assert azure.entry("connect").state == "Failed"
    assert "run 1" in message(azure) and scripts.ran == 1
