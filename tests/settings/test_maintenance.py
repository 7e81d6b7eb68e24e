"""What the settings say of maintenance windows: each mistake is told, all at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.settings.samples import Problems

SITE, ENTERPRISE = "clusters.site.node.maintenance", "clusters.enterprise.node.maintenance"


def window(start: str = "2027-01-02 02:00", duration: str = "02:00", **more: str) -> dict[str, str]:
    return {"start": start, "duration": duration, **more}


@pytest.mark.parametrize(
    ("key", "good"),
    [
        ("duration", ["01:30", "03:55"]),
        ("time_zone", ["UTC", "UTC-11", "W. Europe Standard Time", "Central Standard Time (Mexico)",
                       "Russia Time Zone 11", "Mid-Atlantic Standard Time"]),
        ("every", ["Day", "3Days", "Week", "Week Saturday,Sunday", "2Weeks Monday", "Month day23,day24",
                   "Month Last Sunday", "2Months Second Tuesday Offset4", "Month Last Sunday Offset-3"]),
    ],
)  # fmt: skip
def test_what_azure_takes_is_taken(problems: Problems, key: str, good: list[str]) -> None:
    for value in good:
        assert problems({SITE: window(**{key: value})}) == []


@pytest.mark.parametrize(
    ("key", "bad"),
    [
        ("start", ["02:00", "2027-02-30 02:00", "2027-1-2 2:00", "2027-01-02T02:00", "2027-01-02 24:00"]),
        ("duration", ["01:29", "03:56", "3:00", "180"]),
        ("time_zone", ["Europe/Berlin", "CET", "utc"]),
        ("every", ["Month", "weekly", "Week saturday", "0Days", "6Hours", "Month day32", "Month Last Sunday Offset7"]),
    ],
)
def test_what_azure_refuses_is_refused_where_it_stands(problems: Problems, key: str, bad: list[str]) -> None:
    for value in bad:
        assert [one.where for one in problems({SITE: window(**{key: value})})] == [f"{SITE}.{key}"]


def test_mistakes_are_told_all_at_once(problems: Problems) -> None:
    wrong = {"start": "tomorrow", "duration": "05:00", "time_zone": "CET", "every": "Month", "reboot": "never"}
    found = {one.where for one in problems({SITE: wrong, ENTERPRISE: {"start": "never"}})}
    assert found == {*(f"{SITE}.{key}" for key in wrong), f"{ENTERPRISE}.start"}


def test_a_window_without_a_start_is_none(problems: Problems) -> None:
    found = problems({SITE: {"duration": "02:00"}, ENTERPRISE: {"every": "Day"}})
    assert [one.where for one in found] == [f"{SITE}.start", f"{ENTERPRISE}.start"]


@pytest.mark.parametrize(
    ("site", "enterprise"),
    [
        (window(), window()),
        (window("2027-01-02 03:59"), window()),
        (window("2027-01-02 02:00"), window("2027-06-06 03:30")),  # another day, and every week nonetheless
        (window("2027-01-02 23:30"), window("2027-01-03 00:30")),
    ],
)
def test_both_ends_of_a_link_in_one_window_are_told_and_the_example_mends_it(
    problems: Problems, site: dict[str, str], enterprise: dict[str, str]
) -> None:
    for ends in ({SITE: site, ENTERPRISE: enterprise}, {SITE: enterprise, ENTERPRISE: site}):
        (problem,) = problems(ends)
        assert problem.where == f"{SITE}.start"
        apart: dict[str, Any] = {**ends, SITE: {**ends[SITE], "start": problem.example.strip('"')}}
        assert problems(apart) == []


@pytest.mark.parametrize(
    "enterprise",
    [window("2027-01-02 04:00"), window(every="Week Monday"), window(time_zone="Tokyo Standard Time"), {}],
)
def test_ends_that_reboot_apart_are_taken(problems: Problems, enterprise: dict[str, str]) -> None:
    assert problems({SITE: window(), ENTERPRISE: enterprise}) == []


def test_a_cluster_that_is_there_already_has_no_nodes_to_patch(problems: Problems) -> None:
    site = {
        "code": "a",
        "hosting": "existing-cluster",
        "connected_cluster": {
            "resource_id": "/subscriptions/5ab5c21e-0000-4000-8000-000000000001/resourceGroups/rg-plant/providers"
            "/Microsoft.Kubernetes/connectedClusters/mill-1"
        },
        "node": {"address": "192.168.1.5", "maintenance": window()},
    }
    found = problems({"clusters.site": site, "subscription_id": "5ab5c21e-0000-4000-8000-000000000001"})
    assert {one.where for one in found} == {f"{SITE}.start", f"{SITE}.duration"}
