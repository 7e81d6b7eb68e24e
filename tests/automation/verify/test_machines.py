"""An Arc-enabled machine is asked as a VM is, by Run Commands of which none is left, however the asking ends."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from arm import ids
from arm.types.hybridcompute import MACHINE, MACHINE_RUN_COMMAND
from arm.types.keyvault import SECRET
from automation.verify import machine_commands
from automation.verify.check import VerifyResult
from automation.verify.resource_manager import Limits
from nodes import ASKING
from rehearsal.arm_rest import views
from rehearsal.azure.entries import Entry
from rehearsal.azure.faults import Fault, Faults
from rehearsal.azure.scripts import ScriptRun, tell_result
from rehearsal.azure.world import World
from tests.automation.verify.living import Living, Verifier, outcomes

_MACHINE = "machines/press-shop-1"
_SITE = "press-shop"
_LINK = "press-shop-to-enterprise"


def commands(world: World) -> set[str]:
    return {one.id for one in world.entries(MACHINE_RUN_COMMAND)}


def unknown(results: list[VerifyResult]) -> set[str]:
    return {one.found for one in results if one.outcome == "unknown"}


def watch(
    world: World, monkeypatch: pytest.MonkeyPatch, act: Callable[[Entry], object] = lambda _: None
) -> list[Entry]:
    """Let something happen while a question's script runs; return the questions."""
    asked: list[Entry] = []
    run_script = world._run_script

    def run(look: Any, command: Entry) -> ScriptRun:
        if command.name.startswith(ASKING):
            asked.append(command)
            act(command)
        return run_script(look, command)

    monkeypatch.setattr(world, "_run_script", run)
    return asked


def test_asking_leaves_nothing_in_azure_and_no_two_questions_have_one_name(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = Living("plant").world()
    before = world.entries()
    asked = watch(world, monkeypatch)
    verifier("plant", world, inside=True)
    assert len({one.name for one in asked}) == len(asked) >= 4

    def without_numbers(entry: Entry) -> Entry:
        """Without what the machine's agent remembers of what has run."""
        return replace(entry, facts={name: fact for name, fact in entry.facts.items() if name != "mrseq"})

    assert [*map(without_numbers, world.entries())] == [*map(without_numbers, before)]


def test_no_question_and_no_answer_has_a_secret_in_it(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    world = Living("plant").world()
    answers: list[Mapping[str, Any]] = []

    def tell(entry: Entry) -> Mapping[str, Any]:
        answers.append(tell_result(entry))
        return answers[-1]

    monkeypatch.setattr(views, "tell_result", tell)
    asked = watch(world, monkeypatch)
    verifier("plant", world, inside=True, messages=True)
    text = "".join([*(str(one.inputs) for one in asked), *map(str, answers)])
    secrets = [line for one in world.entries(SECRET) for line in str(one.inputs["properties"]["value"]).splitlines()]
    assert len(asked) >= 6
    assert "items" in text
    assert not [line for line in secrets if len(line) > 30 and line in text]
    assert "PRIVATE KEY" not in text.replace("BEGIN [A-Z ]*PRIVATE KEY", "")


@pytest.mark.parametrize(
    ("operation", "kind", "words"),
    [
        ("create", "conflict", "409: (AnotherOperationInProgress)"),
        ("create", "accepted-then-failed", "Azure says that the Run Command is Failed"),
        ("create", "connection-cut", "Connection aborted"),
        ("get", "forbidden", "403: (AuthorizationFailed)"),
    ],
)
def test_a_question_that_fails_is_unknown_and_deleted(
    operation: str, kind: str, words: str, verifier: Verifier
) -> None:
    living = Living("plant")
    living.faults = Faults(Fault(f"*/{_MACHINE}/runCommands/{ASKING}*", operation, kind, times=99))
    world = living.world()
    before = commands(world)
    results = verifier("plant", world, clusters=[_SITE], links=[_LINK], inside=True)
    assert {found for found in unknown([*results]) if words not in found} == set()
    assert {("VERIFY-55", _SITE), ("VERIFY-69", _LINK)} <= outcomes(results, "unknown")
    assert commands(world) == before


def test_a_script_without_an_end_is_given_up_and_deleted(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    world = Living("plant").world()
    before = commands(world)
    monkeypatch.setattr(machine_commands, "_SECONDS", 1)
    monkeypatch.setattr(machine_commands, "_SLACK_SECONDS", 0)
    monkeypatch.setattr(machine_commands, "_POLL_SECONDS", 0.3)
    watch(world, monkeypatch)
    monkeypatch.setattr(views, "tell_result", lambda _: {"executionState": "Running"})
    results = verifier("plant", world, clusters=[_SITE], links=[], inside=True)
    assert f"not seen: cluster {_SITE}: the script has not ended within 1 s" in unknown([*results])
    assert commands(world) == before


def test_a_script_that_runs_on_is_asked_again(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    world, seen = Living("plant").world(), list[str]()

    def tell_late(entry: Entry) -> dict[str, Any]:
        seen.append(entry.id)
        return tell_result(entry) if seen.count(entry.id) > 3 else {"executionState": "Running"}

    monkeypatch.setattr(views, "tell_result", tell_late)
    monkeypatch.setattr(machine_commands, "_POLL_SECONDS", 0.01)
    results = verifier("plant", world, clusters=[_SITE], links=[], inside=True)
    assert ("VERIFY-55", _SITE) in outcomes(results, "ok")
    assert any(seen.count(one) == 4 for one in seen if ASKING in one)


def test_ctrl_c_leaves_no_question_behind(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    world = Living("plant").world()
    before = commands(world)
    began = time.monotonic()

    def interrupt(_: Entry) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)

    monkeypatch.setattr(views, "tell_result", lambda _: {"executionState": "Running"})
    monkeypatch.setattr(machine_commands, "_POLL_SECONDS", 0.1)
    asked = watch(world, monkeypatch, interrupt)
    with pytest.raises(KeyboardInterrupt):
        verifier("plant", world, clusters=[_SITE], links=[], inside=True)
    assert len(asked) == 1
    assert commands(world) == before
    assert time.monotonic() - began < 30


def test_when_the_time_for_the_run_is_over_the_question_is_deleted_all_the_same(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = Living("plant").world()
    before = commands(world)
    asked = watch(world, monkeypatch, lambda _: time.sleep(6))
    verifier("plant", world, clusters=[_SITE], links=[], limits=Limits(retries=0, busy=0, whole=5), inside=True)
    assert asked
    assert commands(world) == before


def test_what_a_killed_run_has_left_is_deleted_and_nothing_else(verifier: Verifier) -> None:
    living, now = Living("plant"), int(time.time())
    end = f"{_MACHINE}/runCommands/setup-k3s"
    left = f"{ASKING}{now - 1900}-0123456789ab"
    for name in (left, f"{ASKING}{now - 60}-0123456789ab", f"{ASKING}of-somebody", f"my-{left}"):
        living.add(end, name)
    world = living.world()
    before = commands(world)
    verifier("plant", world, clusters=[_SITE], links=[], inside=True)
    assert {ids.name_of(one) for one in before - commands(world)} == {left}


def test_what_azure_does_not_delete_is_told(verifier: Verifier) -> None:
    living = Living("plant")
    living.faults = Faults(Fault(f"*/{_MACHINE}/runCommands/{ASKING}*", "delete", "forbidden", times=99))
    results = verifier("plant", living.world(), clusters=[_SITE], links=[], inside=True)
    (found,) = unknown([*results])
    assert "is left at machine press-shop-1, for the next verify to delete: 403: (AuthorizationFailed)" in found
    assert f"Run Command {ASKING}" in found


def test_a_machine_that_azure_is_not_in_touch_with_is_not_asked(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    living = Living("plant")
    living.answer(_MACHINE, "status", "Disconnected")
    world = living.world()
    asked = watch(world, monkeypatch)
    results = verifier("plant", world, clusters=[_SITE], links=[], inside=True)
    assert not asked
    assert f"not seen: cluster {_SITE}: machine press-shop-1 is Disconnected; expected Connected" in unknown([*results])
    assert outcomes(results, "failed") == {("VERIFY-14", _SITE)}


def test_a_machine_that_is_gone_is_told_once(verifier: Verifier) -> None:
    living = Living("plant")
    living.remove(_MACHINE)
    results = verifier("plant", living.world(), clusters=[_SITE], links=[], inside=True)
    assert outcomes(results, "failed") == {("VERIFY-02", _SITE)}


def test_region_and_identity_of_a_machine_are_those_that_azure_has(verifier: Verifier) -> None:
    """Nobody but Azure knows them: the settings have an id and no more."""
    living, principal = Living("plant"), "00000000-aaaa-4000-8000-000000000000"
    old = living.find(_MACHINE, "identity.principalId")
    living.answer(_MACHINE, "identity.principalId", principal)
    living.answer(_MACHINE, "location", "norwayeast")
    for key, entry in [*living.entries.items()]:
        if entry.row is MACHINE_RUN_COMMAND:
            living.entries[key] = replace(entry, outputs={**entry.outputs, "location": "norwayeast"})
        elif entry.outputs.get("principalId") == old:
            living.entries[key] = replace(
                entry,
                inputs={**entry.inputs, "principalId": principal},
                outputs={**entry.outputs, "principalId": principal},
            )
    results = verifier("plant", living.world(), clusters=[_SITE], links=[])
    assert not outcomes(results, "failed", "warning", "unknown")
    assert living.entry(_MACHINE).row is MACHINE
