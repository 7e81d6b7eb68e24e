"""More links of one cluster than its node has room for go over to new keys one lot after another."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from typing import Any

import pytest

from settings import loading
from settings.errors import Problem
from settings.rotation import Deployed, find_crowded, find_live
from settings.stagger import find_rushed
from settings.stand_ins import STAND_INS
from tests.conftest import TWO_CLUSTERS
from tests.settings.deployments import Stack

ROOM = (25 - 5) // 2
"""Run Commands of a VM, those that every node has, and those of a link that goes over:
learn.microsoft.com/azure/virtual-machines/linux/run-command-managed."""
Given = dict[str, Any]


def fan_out(links: int, *, link: Mapping[str, int] | None = None, listener: Mapping[str, int] | None = None,
            **pki: int) -> Given:  # fmt: skip
    """A hub with a link to each of so many clusters, each link and each listener alike."""
    ends = {
        f"end{n}": {"code": f"e{n}", "address_space": f"10.{n + 100}.0.0/16", "listener": {**(listener or {})}}
        for n in range(links)
    }
    return {
        **STAND_INS,
        **TWO_CLUSTERS,
        "clusters": {"hub": {"code": "h", "address_space": "10.99.0.0/16"}, **ends},
        "links": [{"from": "hub", "to": end, **(link or {})} for end in ends],
        "pki": pki,
    }


def deployed(links: int = ROOM + 2) -> Stack:
    stack = Stack()
    stack.up_until_settled(fan_out(links))
    return stack


def last(stack: Stack) -> set[int]:
    """Every generation that is live."""
    return {number for live in stack.live.values() for number in live}


@pytest.mark.parametrize(
    ("change", "times"),
    [
        ({"link": {"generation": 2}}, 4),
        ({"listener": {"generation": 2}}, 4),
        ({"generation": 2}, 5),  # once more for those who have trusted the old authority
    ],
    ids=["links", "listeners", "authorities"],
)
def test_as_many_as_there_is_room_for_go_first_and_the_others_follow(change: Any, times: int) -> None:
    stack, wanted = deployed(), fan_out(ROOM + 2, **change)
    live = stack.up(wanted)
    first = [name for name, link in live.settings.links.items() if live.rotates(link)]
    assert first == [f"hub-to-end{n}" for n in range(ROOM)]
    assert {owner.rpartition("-")[2].rpartition("/")[2] for owner in stack.state.postponed} == {"end10", "end11"}
    assert set(stack.state.postponed.values()) == {2}
    assert stack.live["broker/end11"] == stack.live["link/hub-to-end11"] == [1]

    assert stack.up_until_settled(wanted) == times - 1
    assert stack.most["hub"] == ROOM, "also while the scripts of the first are not gone yet"
    assert stack.state.postponed == {}
    assert stack.live == {owner: [2 if wanted_at(wanted, owner) else 1] for owner in stack.live}


def wanted_at(given: Given, owner: str) -> bool:
    """Whether the owner is to have generation 2."""
    if given["pki"]:
        return True
    of = {"link": given["links"][0], "broker": given["clusters"]["end0"]["listener"]}
    return bool(of.get(owner.partition("/")[0], {}).get("generation") == 2)


def test_what_waits_is_as_it_was() -> None:
    stack = deployed()
    was = stack.take(fan_out(ROOM + 2))
    now = stack.take(fan_out(ROOM + 2, generation=2))
    assert now.links["hub-to-end11"] == was.links["hub-to-end11"]
    assert now.clusters["end11"] == was.clusters["end11"]
    assert now.links["hub-to-end0"].server_ca_config_map == "server-ca-end0-g2"
    assert (now.pki.generation, now.authorities.client_root[-3:]) == (2, "-g2")


def test_nothing_waits_where_there_is_room_or_nothing_to_go_over_from() -> None:
    assert Stack().take(fan_out(ROOM + 2, generation=2)).postponed == {}
    assert deployed(ROOM).take(fan_out(ROOM, generation=2)).postponed == {}


def test_a_link_waits_for_its_broker_and_goes_over_once() -> None:
    stack, seen = deployed(), set[str]()
    wanted = fan_out(ROOM + 2, link={"generation": 2}, listener={"generation": 2})
    for _ in range(6):
        stack.up(wanted)
        seen |= stack.deployed.rotations["hub"]
    assert seen == {f"hub-to-end{n}-g2-g2" for n in range(ROOM + 2)}


def test_what_is_revoked_never_waits() -> None:
    revoked = {"generation": 2, "revoked_generation": 1}
    for change in ({"link": revoked}, {"listener": revoked}, revoked):
        stack, wanted = deployed(), fan_out(ROOM + 2, **change)
        stack.up(wanted)
        assert stack.state.postponed == {}
        assert stack.live == {owner: [2 if wanted_at(wanted, owner) else 1] for owner in stack.live}
        assert not stack.most["hub"], "with nothing old beside it nobody has to be waited for"


def test_a_stolen_key_is_replaced_at_once_while_others_go_over_and_wait() -> None:
    stack, wanted = deployed(), fan_out(ROOM + 2, generation=2)
    stack.up(wanted)
    wanted["links"][11] |= {"generation": 2, "revoked_generation": 1}
    stack.up(wanted)
    assert stack.live["link/hub-to-end11"] == [3], "the second under the second authorities"
    assert stack.live["broker/end11"] == [1]
    wanted["pki"] = {"generation": 2, "revoked_generation": 1}
    stack.up(wanted)
    assert stack.state.postponed == {}
    assert last(stack) == {2, 3}


def test_after_a_kill_the_same_go_on_and_scripts_that_are_not_gone_yet_count() -> None:
    wanted = fan_out(ROOM + 2, generation=2)
    for killed in range(5):
        stack = deployed()
        for times in range(6):
            stack.up(wanted, is_killed=times == killed)
        stack.up_until_settled(wanted)
        assert (last(stack), stack.most["hub"]) == ({2}, ROOM), killed


def test_who_is_away_keeps_its_place_and_the_others_wait() -> None:
    stack, wanted = deployed(), fan_out(ROOM + 2, generation=2)
    assert stack.up_until_settled(wanted, away=["hub"]) == 2
    assert len(stack.state.postponed) == 4
    stack.up_until_settled(wanted)
    assert last(stack) == {2}


def test_a_further_generation_of_links_under_way_waits_for_room_too() -> None:
    stack = deployed()
    stack.up(fan_out(ROOM + 2, link={"generation": 2}), away=["hub"])
    third = fan_out(ROOM + 2, link={"generation": 3})
    stack.up(third, away=["hub"])
    assert stack.live["link/hub-to-end0"] == [1, 2]
    assert stack.state.postponed == {f"link/hub-to-end{n}": 3 for n in range(ROOM + 2)}
    stack.up_until_settled(third)
    assert (last(stack), stack.most["hub"]) == ({1, 3}, ROOM)


def test_a_broker_of_many_clusters_goes_over_when_each_has_room() -> None:
    given = fan_out(ROOM + 1)
    given["clusters"]["other"] = {"code": "o", "address_space": "10.98.0.0/16"}
    given["links"] += [{"from": "other", "to": f"end{n}"} for n in (0, ROOM)]
    stack = Stack()
    stack.up(given)
    given["pki"] = {"generation": 2}
    live = stack.up(given)
    assert [name for name, link in live.settings.links.items() if not live.rotates(link)] == [
        f"hub-to-end{ROOM}",
        f"other-to-end{ROOM}",
    ]


def under_way() -> tuple[Stack, Given]:
    """The hub has as many links under way to their brokers' new chains as it has room for; another site is away too."""
    given = fan_out(ROOM + 1)
    given["clusters"]["other"] = {"code": "o", "address_space": "10.98.0.0/16"}
    given["links"][ROOM]["from"] = "other"
    stack = Stack()
    stack.up(given)
    for end in range(ROOM + 1):
        given["clusters"][f"end{end}"]["listener"] = {"generation": 2}
    stack.up(given, away=["hub", "other"])
    return stack, given


def test_a_stolen_key_for_which_there_is_no_room_is_told_and_goes_with_its_broker_s_old_one() -> None:
    stack, given = under_way()
    stolen = {**given, "links": [{**given["links"][0], "generation": 2, "revoked_generation": 1}, *given["links"][1:]]}
    (problem,) = rush(stack, stolen)
    assert problem.where == "clusters.hub"
    assert "leave hub-to-end0 as before" in problem.hint and "listener.revoked_generation" in problem.hint

    stolen["clusters"]["end0"]["listener"] |= {"revoked_generation": 1}
    assert rush(stack, stolen) == []
    stack.up(stolen)
    assert stack.live["link/hub-to-end0"] == [2]


def test_a_new_link_for_which_there_is_no_room_is_told_until_the_others_have_gone_over() -> None:
    stack, given = under_way()
    more = {**given, "links": [*given["links"], {"from": "hub", "to": f"end{ROOM}"}]}
    (problem,) = rush(stack, more)
    assert f"leave hub-to-end{ROOM} as before, or out if new" in problem.hint
    stack.up_until_settled(given)
    assert rush(stack, more) == []


def rush(stack: Stack, given: Given) -> list[Problem]:
    return [*find_rushed(stack.take(given), stack.marks, stack.deployed)]


def test_any_mixture_of_changes_keeps_to_the_limit_and_ends_with_what_is_wanted() -> None:
    """Random links between two hubs and their brokers; random generations, some revoked, at random moments."""
    postponed = refused = 0
    for seed in range(5):
        dice, stack = random.Random(seed), Stack()
        given = fan_out(16)
        given["clusters"]["other"] = {"code": "o", "address_space": "10.98.0.0/16"}
        given["links"] += [{"from": "other", "to": f"end{n}"} for n in range(16) if dice.random() < 0.8]
        stack.up(given)
        for _ in range(4):
            wanted = copy.deepcopy(given)
            change(wanted, dice)
            if [*find_crowded(loading.load(wanted), stack.marks)] or rush(stack, wanted):
                refused += 1
                stack.up_until_settled(given)
                assert [*find_crowded(loading.load(wanted), stack.marks)] == rush(stack, wanted) == []
            given = wanted
            away = dice.choice([(), ("hub",), ("other",)])
            for _ in range(dice.randrange(4)):
                stack.up(given, away=away, is_killed=dice.random() < 0.3)
                postponed += bool(stack.state.postponed)
        stack.up_until_settled(given)
        whole = find_live(loading.load(given), {}, Deployed()).by_owner
        assert stack.live == {owner: [live[-1].number] for owner, live in whole.items()}, seed
        assert max(stack.most.values()) <= ROOM, seed
    assert postponed > 5 and refused > 1, "else these changes show nothing"


def change(given: Given, dice: random.Random) -> None:
    """Raise some generations, and say of some that the old is stolen."""
    listeners = [one["listener"] for one in given["clusters"].values() if "listener" in one]
    for section in (given["pki"], *given["links"], *listeners):
        if dice.random() < 0.4:
            section["generation"] = section.get("generation", 1) + 1
            if dice.random() < 0.2:
                section["revoked_generation"] = section["generation"] - 1
