"""Messages over the links: sent by clients with a service account token, and what does not answer is unknown."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from automation.verify.check import VerifyResult
from rehearsal.azure.scripts import ScriptRun
from tests.automation.verify.living import Living, Verifier, outcomes

_VM_A = "virtualMachines/vm-myorga-aio-dev-001-0"
_LINK = "site-to-enterprise"
_CHECKS = {("VERIFY-70", _LINK), ("VERIFY-71", _LINK)}


def messages(results: list[VerifyResult]) -> dict[tuple[str, str], str]:
    return {(one.id, one.where): one.found for one in results if one.concern == "Messages"}


@pytest.mark.parametrize(("stack", "count"), [("three-sites", 3), ("every-setting", 1)])
def test_each_link_says_how_long_its_message_took_and_how_the_other_was_refused(
    stack: str, count: int, verifier: Verifier
) -> None:
    """One of the stacks names whole client ids, as they were seen in a broker's log."""
    found = messages([*verifier(stack, Living(stack).world(), messages=True)])
    links = {where for _, where in found}
    assert len(links) == count
    for link in links:
        assert re.fullmatch(r"\d as expected: (\S+ -> \S+ within \d+ s(, )?)+", found["VERIFY-70", link])
        assert found["VERIFY-71", link] == "1 as expected: reason code 0x87"


def test_without_being_asked_nothing_is_sent(verifier: Verifier) -> None:
    world = Living("dev").world()
    before = world.entries()
    assert messages([*verifier("dev", world, inside=True)]) == {}
    assert world.entries() == before


def test_only_the_chosen_links_get_messages(verifier: Verifier) -> None:
    results = verifier(
        "three-sites", Living("three-sites").world(), clusters=[], links=["porto-to-enterprise"], messages=True
    )
    assert {where for _, where in messages([*results])} == {"porto-to-enterprise"}


def take_no_token(living: Living) -> None:
    path = "properties.authenticationMethods.0.serviceAccountTokenSettings.audiences"
    living.set("instances/iotops-arck-myorga-dev-001/brokers/default/authentications/default", path, ["others"])


def stop_machine(living: Living) -> None:
    living.set(_VM_A, "stopped", True, where="facts")


def lose_frontends(living: Living) -> None:
    living.remove("secretSyncs/broker-tls-cert-g1")


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (take_no_token, "cluster site: publish: 10.43.*:18883: CONNECT is refused (0x87)"),
        (stop_machine, "409: (OperationNotAllowed)*"),
        (lose_frontends, "cluster enterprise: subscribe: 10.43.*:18883: no answer: *Connection refused"),
    ],
)
def test_a_broker_that_cannot_be_asked_is_unknown(
    break_it: Callable[[Living], None], words: str, verifier: Verifier
) -> None:
    living = Living("dev")
    break_it(living)
    results = verifier("dev", living.world(), messages=True)
    assert outcomes(results, "unknown") >= _CHECKS
    for found in messages([*results]).values():
        begin, *rest = f"not seen: link {_LINK}: {words}".split("*")
        assert found.startswith(begin)
        assert all(part in found for part in rest), found


def test_a_message_that_the_own_broker_does_not_take_is_red(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = Living("dev").world()
    run_action = world.run_action

    def refuse(node_id: str, script: str) -> ScriptRun:
        run = run_action(node_id, script)
        return ScriptRun(0, run.stdout.replace(": [0, ", ": [151, "), "") if '"sent"' in run.stdout else run

    monkeypatch.setattr(world, "run_action", refuse)
    results = verifier("dev", world, messages=True)
    assert outcomes(results, "failed") == {("VERIFY-70", _LINK)}
    assert "has not taken it (reason code 0x97)" in messages([*results])["VERIFY-70", _LINK]


def test_a_cluster_that_sends_and_receives_is_given_one_script_at_a_time(verifier: Verifier) -> None:
    found = messages([*verifier("two-enterprises", Living("two-enterprises").world(), messages=True)])
    assert len(found) > 4
    assert all(text.split(":")[0].endswith("as expected") for text in found.values()), found


def test_who_collects_has_time_until_a_slow_sender_has_sent(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three minutes of the modelled clock are few seconds of ours: a sender on a busy machine has not begun yet."""
    world = Living("dev").world()
    run_action = world.run_action
    slow = 'python3 -c "import time; time.sleep(4)"; '

    def delay(node_id: str, script: str) -> ScriptRun:
        return run_action(node_id, script.replace("try python3", f"{slow}try python3") if _VM_A in node_id else script)

    monkeypatch.setattr(world, "run_action", delay)
    found = messages([*verifier("dev", world, messages=True)])
    assert "input -> site/output within" in found["VERIFY-70", _LINK]
