"""A change that is killed, or cannot reach a site, ends well the second time; and what a person does in between."""

from __future__ import annotations

import pytest

from rehearsal.cluster.model import ClusterView
from rehearsal.rotation.result import Moment
from rehearsal.rotation.run import Deployed
from rehearsal.rotation.traffic import Traffic
from tests.rehearsal.rotation.conftest import (
    Change,
    changed,
    deployed,
    renew_authorities,
    renew_link,
    renew_listener,
    tag,
)

BROKER = "arck-myorgb-dev-001"
SITE = "arck-myorga-dev-001"


@pytest.mark.parametrize("last", [2, 9])
def test_after_a_kill_the_next_run_goes_on(dev: Deployed, last: int) -> None:
    looked = list[Moment]()
    result = dev.change(changed(renew_listener), kill_after=last, after_step=lambda _, after: looked.append(after))

    assert result.ok, result.table()
    assert "the engine was killed" in [moment.what for moment in looked if moment.number == last]
    assert len(result.steps) > last
    created = [step.what for step in result.steps if step.what.startswith("create ")]
    assert len(set(created)) == len(created), "something was created twice"


def test_a_site_that_was_away_follows_without_loss(dev: Deployed) -> None:
    looked = list[Moment]()
    result = dev.change(changed(tag), offline=SITE, after_step=lambda _, after: looked.append(after))

    assert result.ok, result.table()
    (back,) = (moment.number for moment in looked if moment.what == f"{SITE} is back")
    away = {step.what for step in result.steps[:back]}
    assert "update enterprise-aio-instance" in away
    assert "update site-aio-instance" in {step.what for step in result.steps} - away


def test_a_site_that_was_away_may_renew_its_key_later(dev: Deployed) -> None:
    result = dev.change(changed(renew_link), offline=SITE)

    assert result.ok, result.table()


@pytest.mark.parametrize(
    ("stack", "site", "change", "reload"),
    [
        ("prod", "arck-myorga-prod-001", renew_link, "late"),
        ("prod", "arck-myorgb-prod-001", renew_listener, "at once"),
        ("three-sites", "arck-myorgl-three-001", renew_authorities, "only on restart"),
    ],
)
def test_a_cluster_of_a_larger_stack_that_was_away_follows(stack: str, site: str, change: Change, reload: str) -> None:
    result = deployed(stack).change(changed(change, stack), reload=reload, offline=site)

    assert result.ok, result.table()


def test_a_probe_waits_for_what_its_broker_takes_up_late(dev: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    waited = list[float]()
    ask = Traffic.as_running

    def note(traffic: Traffic, deployed: ClusterView, elapsed: float) -> ClusterView:
        waited.append(elapsed)
        return ask(traffic, deployed, elapsed)

    monkeypatch.setattr(Traffic, "as_running", note)
    assert dev.change(changed(renew_listener), reload="late broker").ok
    assert 60 < max(waited) < 120


def test_pods_that_are_restarted_lose_nothing(dev: Deployed) -> None:
    restarted = list[Moment]()

    def restart(traffic: Traffic, after: Moment) -> None:
        if after.number % 3 == 1:
            restarted.append(after)
            traffic.restart(BROKER, "broker")
            traffic.restart(SITE, "dataflow")

    result = dev.change(changed(renew_listener), reload="only on restart", after_step=restart)

    assert result.ok, result.table()
    assert len(restarted) > 4


def test_what_failed_for_want_of_a_restart_succeeds_after_it(dev: Deployed) -> None:
    def mend(traffic: Traffic, _: Moment) -> None:
        traffic.restart(BROKER, "broker")

    result = dev.change(changed(renew_link), reload="only on restart", mend=mend)

    assert result.ok, result.table()
