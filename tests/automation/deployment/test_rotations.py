"""What preview and up say of a rotation of keys, and how long up goes on with one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from automation.deployment.deployment_result import DeploymentResult
from automation.deployment.failure import Failure
from automation.deployment.rotations import announce_rotations, describe_rotations, run_until_settled

LINK, BROKER = "link/site-to-enterprise", "broker/enterprise"


def state(postponed: int = 0, **live: Sequence[int]) -> dict[str, Any]:
    """A stack's state with these generations live, and one of the link that is to come."""
    marks = {
        owner: {
            "generation": numbers[-1],
            "in_use": True,
            "live": [{"number": float(number), "authority": 1.0, "signers": []} for number in numbers],
        }
        for owner, numbers in ((LINK, live.get("link", [1])), (BROKER, live.get("broker", [1])))
    }
    if postponed:
        marks[LINK]["postponed"] = float(postponed)
    urn = "urn:pulumi:dev::edge-stamps::edge-stamps:generations:Generations::generations"
    return {"resources": [{"urn": urn, "outputs": {"marks": marks}}, {"urn": "urn:pulumi:dev::edge-stamps::a:b:C::d"}]}


def outputs(link: Sequence[int] = (1,), broker: Sequence[int] = (1,)) -> dict[str, Any]:
    return {
        "generations": {
            "brokers": {"enterprise": live(broker)},
            "links": {"site-to-enterprise": live(link)},
        }
    }


def live(numbers: Sequence[int], pki: int = 1) -> dict[str, Any]:
    """An entry of the output `generations`."""
    counted = [{"number": one, "own": one - pki + 1, "pki": pki} for one in numbers]
    return {"live": [*numbers], "revoked": 0, "counted": counted}


def test_nothing_is_announced_where_nothing_changes_or_only_old_keys_go() -> None:
    assert [*announce_rotations(state(), outputs())] == []
    assert [*announce_rotations(state(link=[1, 2]), outputs(link=[2]))] == []
    assert [*announce_rotations({"resources": []}, outputs(link=[2]))] == [], "it is the first deployment"
    assert [*announce_rotations(state(), {})] == [], "the preview has failed"


def test_a_planned_change_is_announced_as_one_without_interruption() -> None:
    said = [*announce_rotations(state(), outputs(link=[1, 2], broker=[1, 3]))]
    assert said == [
        f"{BROKER}: generation 1 to 3 without interruption; 1 goes once 3 is seen in use",
        f"{LINK}: generation 1 to 2 without interruption; 1 goes once 2 is seen in use",
    ]


def test_a_number_that_no_setting_has_is_told_with_what_it_is_made_of() -> None:
    wanted = {"generations": {"links": {"site-to-enterprise": live([1, 2], pki=2)}}}
    (said,) = announce_rotations(state(), wanted)
    assert f"{LINK}: generation 1 to 2 (pki.generation 2) without interruption; 1 goes" in said


def test_a_root_that_goes_with_the_next_run_is_told() -> None:
    before = state()
    before["resources"][0]["outputs"]["marks"][BROKER]["leaving"] = [1.0]
    assert [*describe_rotations(before)] == [f"{BROKER}: the root of generation 1 is deleted by the next up"]


def test_a_revoked_key_is_announced_with_what_it_costs() -> None:
    (said,) = announce_rotations(state(), outputs(link=[2]))
    assert said.startswith(f"{LINK}: generation 1 is revoked. Messages that depend on it stand still")


def with_revoked(before: dict[str, Any], link: int = 0, authorities: int = 0) -> dict[str, Any]:
    generations = outputs()["generations"]
    generations["links"]["site-to-enterprise"]["revoked"] = link
    generations["authorities"] = {"live": [1], "revoked": authorities}
    stack = {"urn": "urn:pulumi:dev::edge-stamps::pulumi:pulumi:Stack::edge-stamps-dev", "type": "pulumi:pulumi:Stack"}
    return {"resources": [*before["resources"], {**stack, "outputs": {"generations": generations}}]}


def revoking(link: int, live: int) -> dict[str, Any]:
    wanted = outputs(link=[live])
    wanted["generations"]["links"]["site-to-enterprise"]["revoked"] = link
    return wanted


def test_what_takes_no_key_away_is_told_with_what_would() -> None:
    before = with_revoked(state(link=[7]), link=4)
    (said,) = announce_rotations(before, revoking(6, live=7))
    assert said.startswith(f"{LINK}: revoked_generation 6 takes nothing away: in use is generation 7.")
    assert said.endswith("If its key is stolen: generation: 8, revoked_generation: 7")
    assert [*announce_rotations(before, revoking(4, live=7))] == [], "it was so before"
    (said,) = announce_rotations(before, revoking(7, live=8))
    assert "takes nothing away" not in said


def test_authorities_that_are_not_live_are_told_likewise() -> None:
    """A link below an old authority hangs on it, also where the authority itself is another one by now."""
    wanted = outputs(link=[3], broker=[3])
    wanted["generations"]["authorities"] = {"live": [3], "revoked": 2}
    below = state(link=[3], broker=[3])
    marks = below["resources"][0]["outputs"]["marks"]
    for mark in marks.values():
        mark["live"][0]["authority"] = 3.0
    (said,) = announce_rotations(with_revoked(below), wanted)
    assert said.startswith("authorities: revoked_generation 2 takes nothing away: in use is generation 3.")
    marks[LINK]["live"][0]["authority"] = 2.0
    assert not any("nothing" in said for said in announce_rotations(with_revoked(below), wanted))


def test_what_is_still_live_beside_the_new_is_told_with_what_it_waits_for() -> None:
    assert [*describe_rotations(state())] == []
    assert [*describe_rotations(state(link=[1, 2, 3]))] == [
        f"{LINK}: generations 1, 2 beside 3, until every site that uses it is seen to use 3"
    ]


def test_what_waits_for_others_is_announced_and_told() -> None:
    wanted = outputs()
    wanted["generations"]["links"]["site-to-enterprise"]["postponed"] = 2
    follows = f"{LINK}: generation 2 follows"
    (said,) = announce_rotations(state(), wanted)
    assert said.startswith(f"{follows} without interruption, once others have gone over")
    (said,) = describe_rotations(state(postponed=2))
    assert said.startswith(f"{follows} once others have gone over")


def test_up_goes_on_until_nothing_old_is_live_and_nothing_waits() -> None:
    states = [state(), state(link=[1, 2], broker=[1, 2]), state(broker=[1, 2]), state(postponed=2), state(link=[2])]
    runs = list[int]()

    def again() -> None:
        runs.append(1)
        del states[0]

    assert run_until_settled(lambda: states[0], DeploymentResult(), again, lambda _: None, lambda _: False) == []
    assert len(runs) == 4


def test_up_does_not_go_on_after_a_failure_and_says_what_stays() -> None:
    failed, runs = DeploymentResult(failures=[Failure("urn", "offline", None)]), list[int]()
    said = run_until_settled(
        lambda: state(link=[1, 2]), failed, lambda: runs.append(1), lambda _: None, lambda _: False
    )
    assert runs == [1]
    assert said == [f"{LINK}: generation 1 beside 2, until every site that uses it is seen to use 2"]


def with_resource(before: dict[str, Any], name: str, **outputs: Any) -> dict[str, Any]:
    urn = f"urn:pulumi:dev::edge-stamps::azure-native:compute:VirtualMachineRunCommandByVirtualMachine::{name}"
    return {"resources": [*before["resources"], {"urn": urn, "outputs": outputs}]}


def test_up_goes_on_after_a_failure_where_other_sites_have_followed() -> None:
    failed, runs = DeploymentResult(failures=[Failure("urn", "offline", None)]), list[int]()
    settled = with_resource(
        state(link=[1, 2], broker=[1]), "site-settle-site-to-enterprise-g2-g1", provisioningState="Succeeded"
    )
    states = [state(), settled, state(link=[2])]

    def again() -> None:
        runs.append(1)
        del states[0]

    assert run_until_settled(lambda: states[0], failed, again, lambda _: None, lambda _: False) == []
    assert len(runs) == 2


def test_a_key_that_was_to_go_and_still_works_is_told() -> None:
    attributes = {"a": {"subject": "CN = x", "attributes": {"link": "site-to-enterprise", "generation": "1"}}}
    properties = {"authenticationMethods": [{"x509Settings": {"authorizationAttributes": attributes}}]}
    known = with_resource(state(link=[2]), "enterprise-link-authentication", properties=properties)
    assert [*describe_rotations(known)] == [f"{LINK}: generation 1 still works, which the next up takes away"]
    assert [*describe_rotations(with_resource(state(), "enterprise-link-authentication", properties=properties))] == []


def test_what_a_stand_in_has_signed_is_taken_by_a_further_run() -> None:
    signs, runs = [False, True], list[int]()

    assert (
        run_until_settled(state, DeploymentResult(), lambda: runs.append(1), lambda _: None, lambda _: signs.pop())
        == []
    )
    assert (signs, len(runs)) == ([False], 2)


@pytest.mark.parametrize("first", [state(link=[1, 2]), state(postponed=2)])
def test_up_ends_where_a_run_has_got_nothing_further(first: dict[str, Any]) -> None:
    runs = list[int]()
    said = run_until_settled(lambda: first, DeploymentResult(), lambda: runs.append(1), lambda _: None, lambda _: False)
    assert (len(said), len(runs)) == (1, 2)
