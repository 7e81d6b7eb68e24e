"""A hub with more links than may go over to new keys at once: all follow, and no node has a script too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from arm.types.compute import RUN_COMMAND
from rehearsal.modelled_azure import surroundings_of
from rehearsal.rotation import run
from rehearsal.rotation.run import Deployed, deploy
from settings import stagger
from settings.stack_state import parse_deployment
from tests.conftest import TWO_CLUSTERS

MOST_SCRIPTS = 25
"""learn.microsoft.com/azure/virtual-machines/linux/run-command-managed"""
OWN_SCRIPTS = 5
"""Of a node of which no link goes over."""
HUB = "vm-myorgh-aio-dev-001-0"


def fan_out(links: int, **pki: int) -> dict[str, Any]:
    """A hub with a link to each of so many clusters."""
    ends = {f"end{n}": {"code": f"e{n}", "address_space": f"10.{n + 100}.0.0/16"} for n in range(links)}
    return {
        **TWO_CLUSTERS,
        "clusters": {"hub": {"code": "h", "address_space": "10.99.0.0/16"}, **ends},
        "links": [{"from": "hub", "to": end} for end in ends],
        "pki": pki,
    }


class Watch:
    """Counts the scripts of each VM after every step."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed, self.most = deployed, Counter[str]()

    def __call__(self, *_: object) -> None:
        paths = [one.id.split("/") for one in self._deployed._world.entries(RUN_COMMAND)]
        for name, times in Counter(path[path.index("virtualMachines") + 1] for path in paths).items():
            self.most[name] = max(self.most[name], times)


def generations(deployed: Deployed) -> Mapping[str, list[int]]:
    marks = parse_deployment(deployed.deployment()).marks
    return {owner: [one.number for one in mark.live] for owner, mark in marks.items()}


@pytest.mark.timeout(400)  # a minute on two idle cores, and more on busy ones
def test_a_hub_with_more_links_than_its_node_has_room_for_gets_all_new_keys_in_one_change() -> None:
    links = (MOST_SCRIPTS - OWN_SCRIPTS) // 2 + 2
    deployed = deploy(fan_out(links))
    watch = Watch(deployed)
    result = deployed.change_here(fan_out(links, generation=2), rate=4, after_step=watch)

    assert result.ok, result.table()
    assert len(result.links) == links
    assert set(map(tuple, generations(deployed).values())) == {(2,)}
    assert watch.most[HUB] == MOST_SCRIPTS
    assert not [one for one in watch.most if one != HUB and watch.most[one] > OWN_SCRIPTS]


@pytest.fixture(scope="module")
def two() -> Deployed:
    """In an Azure that takes fewer scripts of a VM."""
    quotas = {"Run Commands": OWN_SCRIPTS + 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "surroundings_of", lambda settings: replace(surroundings_of(settings), quotas=quotas))
        return deploy(fan_out(2))


@pytest.fixture
def room_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that knows it: the same with less to wait for."""
    monkeypatch.setattr(stagger, "MOST_AT_ONCE", 1)


@pytest.mark.usefixtures("room_for_one")
@pytest.mark.parametrize("last", [14, 66])
def test_after_a_kill_the_rest_follow(two: Deployed, last: int) -> None:
    deployed = two.copy()
    watch = Watch(deployed)
    result = deployed.change_here(fan_out(2, generation=2), kill_after=last, after_step=watch)

    assert result.ok, result.table()
    assert len(result.steps) > last
    assert set(map(tuple, generations(deployed).values())) == {(2,)}
    assert watch.most[HUB] == OWN_SCRIPTS + 2
    created = [step.what for step in result.steps if step.what.startswith("create ")]
    assert len(set(created)) == len(created), "something was created twice"


@pytest.mark.usefixtures("room_for_one")
def test_azure_would_refuse_what_goes_over_all_at_once(two: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed = two.copy()
    monkeypatch.setattr(stagger, "MOST_AT_ONCE", 2)
    result = deployed.change_here(fan_out(2, generation=2))

    assert (result.lost, result.refused) == (0, 0), result.table()
    assert [one for one in result.failures if "The maximum number of Run Commands (7)" in one]


@pytest.mark.usefixtures("room_for_one")
def test_a_listener_of_a_hub_counts_with_every_link_to_it(two: Deployed) -> None:
    deployed, wanted = two.copy(), fan_out(2)
    watch = Watch(deployed)
    for end in ("end0", "end1"):
        wanted["clusters"][end]["listener"] = {"generation": 2}
    result = deployed.change_here(wanted, after_step=watch)

    assert result.ok, result.table()
    assert {owner: live for owner, live in generations(deployed).items() if live != [1]} == {
        "broker/end0": [2],
        "broker/end1": [2],
    }
    assert watch.most[HUB] == OWN_SCRIPTS + 2
