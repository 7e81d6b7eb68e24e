"""What the next `up` makes of a certificate: the state beside what the settings want."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from automation.certificates.forecast import Foreseen, foresee, read_generation
from graph.graph import Graph
from tests.conftest import TWO_CLUSTERS

Recorded = Callable[..., Graph]
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
LEAVES = {"broker/enterprise", "link/site-to-enterprise"}
LINK = {"from": "site", "to": "enterprise"}
PLANT = {"code": "p", "address_space": "10.9.0.0/16"}


def rows(state: Graph, wanted: Graph, now: datetime, within: timedelta = timedelta()) -> dict[str, Foreseen]:
    return {row.name: row for row in foresee(state, wanted, now, within)}


def end_of(state: Graph, name: str) -> datetime:
    return datetime.fromisoformat(state.outputs["certificates"][name]["not_after"])


def what_happens(found: dict[str, Foreseen]) -> dict[str, tuple[str, str]]:
    return {name: (row.next_up, row.why) for name, row in found.items() if row.next_up != "nothing"}


@pytest.fixture
def state(recorded: Recorded) -> Graph:
    return recorded(TWO_CLUSTERS)


@pytest.fixture
def now(state: Graph) -> datetime:
    """When nothing is due."""
    return end_of(state, "broker/enterprise") - 100 * DAY


def with_settings(recorded: Recorded, **settings: Any) -> Graph:
    return recorded({**TWO_CLUSTERS, **settings})


def test_of_what_was_deployed_with_these_settings_nothing_becomes(state: Graph, now: datetime) -> None:
    found = rows(state, state, now)
    assert what_happens(found) == {}
    assert [row.is_due for row in found.values()] == [False] * 6
    assert {name: row.certificate.days_left for name, row in found.items() if name in LEAVES} == dict.fromkeys(
        LEAVES, 100
    )
    assert {row.generation for row in found.values()} == {1}


@pytest.mark.parametrize(("before_window", "is_due"), [(SECOND, False), (timedelta(0), True)])
def test_a_leaf_is_renewed_from_the_first_moment_of_its_window(
    before_window: timedelta, is_due: bool, state: Graph
) -> None:
    begins = end_of(state, "broker/enterprise") - 92 * DAY
    row = rows(state, state, begins - before_window)["broker/enterprise"]
    assert (row.is_due, row.next_up) == (is_due, "renew" if is_due else "nothing")
    assert row.due_from == begins


def test_what_has_ended_says_so(state: Graph) -> None:
    row = rows(state, state, end_of(state, "broker/enterprise"))["broker/enterprise"]
    assert (row.certificate.state, row.next_up, row.why) == ("expired", "renew", "it has ended")


def test_what_is_due_soon_is_due_already_and_up_does_nothing_yet(state: Graph, now: datetime) -> None:
    for days, is_due in ((7, False), (8, True)):
        row = rows(state, state, now, within=days * DAY)["broker/enterprise"]
        assert (row.is_due, row.next_up) == (is_due, "nothing")


def test_leaves_of_a_week_are_judged_by_their_own_window(recorded: Recorded) -> None:
    week = with_settings(recorded, pki={"leaf_days": 7, "early_renewal_days": 2})
    end = end_of(week, "broker/enterprise")
    assert not rows(week, week, end - 3 * DAY)["broker/enterprise"].is_due
    assert rows(week, week, end - 2 * DAY)["broker/enterprise"].is_due


def test_the_window_is_that_of_the_settings_not_that_of_the_state(
    recorded: Recorded, state: Graph, now: datetime
) -> None:
    wanted = with_settings(recorded, pki={"early_renewal_days": 120})
    assert {name for name, row in rows(state, wanted, now).items() if row.next_up == "renew"} == LEAVES
    assert what_happens(rows(state, wanted, now - 30 * DAY)) == {}  # a changed window alone issues nothing


def test_a_raised_generation_is_issued_and_nothing_else(recorded: Recorded, state: Graph, now: datetime) -> None:
    wanted = with_settings(recorded, links=[{**LINK, "generation": 3}])
    found = rows(state, wanted, now)
    assert what_happens(found) == {"link/site-to-enterprise": ("issue", "the settings ask for generation 3")}
    assert found["link/site-to-enterprise"].generation == 1


def test_new_roots_are_issued_and_what_they_sign_follows(recorded: Recorded, state: Graph, now: datetime) -> None:
    found = rows(state, with_settings(recorded, pki={"generation": 2}), now)
    assert {name for name, row in found.items() if row.next_up == "issue"} >= {"client-root", "broker/enterprise/root"}
    assert not [name for name, row in found.items() if row.next_up == "nothing"]


def test_leaves_follow_an_intermediate_that_is_renewed(state: Graph) -> None:
    found = rows(state, state, end_of(state, "broker/enterprise/intermediate") - 100 * DAY)
    assert found["broker/enterprise/intermediate"].why == "it is inside its renewal window"
    younger = copy.deepcopy(state)
    for name in LEAVES:
        younger.outputs["certificates"][name]["not_after"] = end_of(state, "broker/enterprise/root").isoformat()
    found = rows(younger, state, end_of(state, "broker/enterprise/intermediate") - 100 * DAY)
    assert found["broker/enterprise"].why == "broker/enterprise/intermediate signs it, and is made anew"
    assert not found["broker/enterprise"].is_due


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"pki": {"leaf_days": 300}}, "validityPeriodHours"),
        ({"pki": {"algorithm": "rsa"}}, "keyAlgorithm"),
        (
            {"clusters": {"site": {}, "enterprise": {"listener": {"dns_name": "mqtt.example.com"}}}},
            "dnsNames",
        ),
    ],
)
def test_what_the_settings_want_otherwise_is_issued_anew(
    settings: dict[str, Any], asked: str, recorded: Recorded, state: Graph, now: datetime
) -> None:
    row = rows(state, with_settings(recorded, **settings), now)["broker/enterprise"]
    assert (row.next_up, row.why) == ("issue", f"the settings ask for another {asked}")


def test_links_come_and_go(recorded: Recorded, state: Graph, now: datetime) -> None:
    more = with_settings(
        recorded, clusters={"site": {}, "plant": PLANT, "enterprise": {}}, links=[LINK, {**LINK, "from": "plant"}]
    )
    assert what_happens(rows(state, more, now)) == {
        "link/plant-to-enterprise": ("issue", "the settings ask for it, the state has none yet")
    }
    new = rows(state, more, now)["link/plant-to-enterprise"]
    assert (new.certificate.not_after, new.uses, new.is_due) == (None, [], False)
    assert what_happens(rows(more, state, now)) == {
        "link/plant-to-enterprise": ("remove", "the settings have it no more")
    }


def test_a_root_is_due_before_what_it_signs_would_outlive_it(state: Graph) -> None:
    begins = end_of(state, "broker/enterprise/root") - (365 + 92) * DAY
    before, after = (rows(state, state, moment)["broker/enterprise/root"] for moment in (begins - SECOND, begins))
    assert (before.is_due, after.is_due) == (False, True)
    assert after.next_up == "nothing"  # `up` does nothing about it: somebody has to raise the generation


def test_an_end_that_is_not_known_is_said_to_be(state: Graph, now: datetime) -> None:
    broken = copy.deepcopy(state)
    broken.outputs["certificates"]["broker/enterprise"]["not_after"] = None
    row = rows(broken, state, now)["broker/enterprise"]
    assert (row.certificate.state, row.next_up, row.why) == ("unknown", "issue", "the last up has not finished")


def test_names_of_the_output_are_an_open_map(state: Graph, now: datetime) -> None:
    """Another PKI calls them otherwise, and has more of them."""
    certificates = {f"chain/{name}/g1": one for name, one in state.outputs["certificates"].items()}
    other = replace(state, outputs={**state.outputs, "certificates": certificates})
    found = rows(other, other, now)
    assert what_happens(found) == {}
    assert found["chain/broker/enterprise/root/g1"].is_root
    assert found["chain/broker/enterprise/g1"].uses == rows(state, state, now)["broker/enterprise"].uses


@pytest.mark.parametrize(("subject", "generation"), [("CN=a-g12", 12), ("CN=a-g12-b", None), ("CN=a", None)])
def test_a_generation_is_read_off_the_end_of_a_subject(subject: str, generation: int | None) -> None:
    assert read_generation(subject) == generation
