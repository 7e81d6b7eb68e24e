"""Keys of the dev stack are renewed while messages flow, in both orders of its clusters and under each reload model."""

from __future__ import annotations

import pytest

from rehearsal.rotation.run import Deployed
from tests.rehearsal.rotation.conftest import Change, changed, renew_authorities, renew_link, renew_listener, tag


def case(change: Change, reload: str, hold: str) -> object:
    name = f"{change.__name__.replace('_', ' ')}, {reload}, {hold or 'nothing'} held"
    return pytest.param(change, reload, hold, id=name)


CASES = [
    case(renew_link, "at once", "site"),
    case(renew_link, "at once", "enterprise"),
    case(renew_link, "late", "site"),
    case(renew_link, "late broker", ""),
    case(renew_listener, "at once", "site"),
    case(renew_listener, "late broker", ""),
    case(renew_listener, "only on restart", ""),
    case(renew_authorities, "at once", "site"),
    case(renew_authorities, "late dataflow", "enterprise"),
    case(renew_authorities, "only on restart", "enterprise"),
]


@pytest.mark.parametrize(("change", "reload", "hold"), CASES)
def test_no_message_is_lost_or_refused(dev: Deployed, change: Change, reload: str, hold: str) -> None:
    result = dev.change(changed(change), reload=reload, hold=hold)

    assert result.ok, result.table()


def test_a_second_up_costs_nothing(dev: Deployed) -> None:
    result = dev.change(changed(lambda _: None))

    assert result.ok, result.table()
    assert (result.steps, result.symptoms) == ([], [])
    assert [(link.sent, link.arrived, link.duplicates) for link in result.links] == [(65, 65, 0)]


@pytest.mark.parametrize("reload", ["at once", "only on restart"])
def test_tags_cost_nothing(dev: Deployed, reload: str) -> None:
    result = dev.change(changed(tag), reload=reload, hold="site")

    assert result.ok, result.table()
    assert len(result.steps) > 20
    assert result.symptoms == []
    assert sum(link.sent for link in result.links) >= 5 * len(result.steps)


def test_a_broker_that_reads_subjects_at_a_restart_only_stops_a_renewal_before_anything_is_switched(
    dev: Deployed,
) -> None:
    result = dev.change(changed(renew_link), reload="only on restart")

    assert (result.lost, result.refused) == (0, 0), result.table()
    assert len(result.failures) == 1
    assert "prove-site-to-enterprise-g2-g1" in result.failures[0]
    assert "rollout restart" in result.failures[0]
    assert not any("endpoint" in step.what for step in result.steps)
