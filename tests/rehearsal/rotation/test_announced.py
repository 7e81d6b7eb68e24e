"""What `preview` says of interruptions is what a run shows, for each kind of change, with real messages.

The judge has no clock, so that each of its steps takes what the schedule estimates of it. What it saw lasts from the
start of the step after which the first message was refused to the end of the step that mended it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.rotation.result import Result
from rehearsal.rotation.run import Deployed
from rules.interruptions import find_interruptions
from rules.plan import Plan, Span
from tests.rehearsal.rotation.announced import make_plan
from tests.rehearsal.rotation.conftest import (
    Change,
    changed,
    renew_authorities,
    renew_link,
    renew_listener,
    revoke_authorities,
    revoke_link,
    revoke_listener,
    tag,
)

LINK = "site-to-enterprise"
HELD = ("site", "enterprise")
"""Clusters whose steps come last: estimates err."""
FACTOR = 1.25
"""How much longer the announced span may be than what the judge saw."""

Settings = dict[str, Any]


def add_topic(settings: Settings) -> None:
    settings["links"][0]["topics"].append({"from": "more", "to": "site/more"})


def grow_disk(settings: Settings) -> None:
    settings["clusters"]["enterprise"]["node"] = {"os_disk_gib": 500}


def name_broker(settings: Settings) -> None:
    settings["clusters"]["enterprise"]["listener"]["dns_name"] = "broker.example.com"


def rename_clients(settings: Settings) -> None:
    settings["links"][0]["client_id_prefix"] = "Paper."


def shorten_roots(settings: Settings) -> None:
    settings["pki"] = {"root_days": 3000}


def shorten_leaves(settings: Settings) -> None:
    settings["pki"] = {"leaf_days": 200}


def change_port(settings: Settings) -> None:
    settings["clusters"]["enterprise"]["listener"]["port"] = 28884


def change_destination(settings: Settings) -> None:
    settings["links"][0]["topics"][0]["to"] = "site/other"


def change_source(settings: Settings) -> None:
    settings["links"][0]["topics"][0]["from"] = "other"


def move_broker(settings: Settings) -> None:
    settings["clusters"]["enterprise"]["address_space"] = "10.9.0.0/16"


def move_site(settings: Settings) -> None:
    settings["clusters"]["site"]["address_space"] = "10.9.0.0/16"


def resize_broker(settings: Settings) -> None:
    settings["clusters"]["enterprise"]["broker"] = {"memory_profile": "Tiny"}


def resize_site_broker(settings: Settings) -> None:
    settings["clusters"]["site"]["broker"] = {"memory_profile": "Tiny"}


def change_algorithm(settings: Settings) -> None:
    settings["pki"] = {"algorithm": "rsa"}


def move_node(settings: Settings) -> None:
    settings["clusters"]["enterprise"]["location"] = "westus2"


def remove_link(settings: Settings) -> None:
    settings["links"] = []
    del settings["clusters"]["enterprise"]["listener"]


def resize_node(settings: Settings) -> None:
    settings["clusters"]["enterprise"]["node"] = {"vm_size": "Standard_E8s_v6"}


def upgrade(settings: Settings) -> None:
    settings["release"] = "2607"


NOTHING: tuple[Change, ...] = (
    *(tag, renew_link, renew_listener, renew_authorities),
    *(add_topic, grow_disk, shorten_roots, shorten_leaves),
)
SOMETHING: tuple[Change, ...] = (
    *(revoke_link, revoke_listener, revoke_authorities),
    *(change_port, change_destination, name_broker, move_broker, resize_broker, change_algorithm),
)
FOR_GOOD: tuple[Change, ...] = (change_source, remove_link)


def list_seen(plan: Plan, result: Result) -> Iterator[Span]:
    """Yield when the judge has seen messages refused, from the step that began it to the one that ended it."""
    spans = {urn.rpartition("::")[2]: span for urn, span in plan.spans.items()}
    steps = {step.number: spans[name] for step in result.steps if (name := step.what.partition(" ")[2]) in spans}
    for link in result.links:
        numbers = [refusal.after.number for refusal in link.refusals]
        for first in (one for one in numbers if one - 1 not in numbers):
            mended = next(one for one in range(first, first + len(numbers) + 2) if one not in numbers)
            turning = [steps[one] for one in (first, mended) if one in steps]
            yield Span(min(one.start for one in turning), max(one.end for one in turning))


@pytest.mark.parametrize("change", NOTHING)
def test_what_is_announced_as_no_interruption_is_none(dev: Deployed, change: Change) -> None:
    settings = changed(change)
    assert find_interruptions(make_plan(dev, settings)) == {LINK: []}
    for held in HELD:
        result = dev.change(settings, hold=held)
        assert (result.lost, result.refused) == (0, 0), result.table()


@pytest.mark.parametrize("change", SOMETHING)
def test_an_announced_interruption_is_seen_and_hardly_shorter(dev: Deployed, change: Change) -> None:
    settings = changed(change)
    plan = make_plan(dev, settings)
    (announced,) = find_interruptions(plan)[LINK]
    assert announced.end
    orders = ("",) if change is change_algorithm else HELD  # new RSA keys take their time
    seen = [span for held in orders for span in list_seen(plan, dev.change(settings, hold=held))]
    start, end = min(one.start for one in seen), max(one.end for one in seen)
    assert announced.start <= start < end <= announced.end
    assert announced.end - announced.start <= FACTOR * (end - start)


@pytest.mark.parametrize("change", FOR_GOOD)
def test_what_ends_for_good_is_announced_so_and_does_not_come_back(dev: Deployed, change: Change) -> None:
    settings = changed(change)
    plan = make_plan(dev, settings)
    (announced,) = find_interruptions(plan)[LINK]
    assert announced.end is None
    result = dev.change(settings)
    assert result.lost
    assert all(result.steps[one.after.number - 1].what.startswith("delete") for one in result.links[0].refusals[:1])


@pytest.mark.parametrize(("change", "rule"), [(move_site, "CLUSTER-29"), (resize_site_broker, "CLUSTER-28")])
def test_what_the_traffic_does_not_pass_through_is_announced_and_seen_as_a_symptom(
    dev: Deployed, change: Change, rule: str
) -> None:
    """Modelled packets pass no security rule, and modelled senders no broker of their own."""
    settings = changed(change)
    assert find_interruptions(make_plan(dev, settings))[LINK]
    assert rule in {seen.symptom.rule for seen in dev.change(settings).symptoms}


def test_other_client_ids_are_announced_though_mosquitto_does_not_ask_for_them(dev: Deployed) -> None:
    """AIO does (rehearsal/mqtt/oracle.py); the rule that the stand-in broker has is of topics alone."""
    (announced,) = find_interruptions(make_plan(dev, changed(rename_clients)))[LINK]
    assert "connect as" in announced.why
    assert announced.end


@pytest.mark.parametrize("change", [resize_node, upgrade])
def test_a_restart_is_announced_though_no_model_shows_it(dev: Deployed, change: Change) -> None:
    """Microsoft says so of both: docs/interruptions.md."""
    (announced,) = find_interruptions(make_plan(dev, changed(change)))[LINK]
    assert "restarts" in announced.why
    assert announced.end
