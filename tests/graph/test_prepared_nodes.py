"""How long a deployment takes where nodes start from an image that has what would be installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graph.graph import Graph
from graph.schedule import schedule
from tests.conftest import TWO_CLUSTERS

_IMAGE = (
    "/subscriptions/1ace5000-0000-4000-8000-000000000006/resourceGroups/rg-images/providers/Microsoft.Compute"
    "/galleries/edge/images/k3s-node/versions/1.0.0"
)


def _with_images(*names: str) -> dict[str, Any]:
    clusters = {name: {"node": {"image": _IMAGE}} if name in names else {} for name in ("site", "enterprise")}
    return {**TWO_CLUSTERS, "clusters": clusters}


def test_set_up_costs_a_minute_on_each_node_that_has_one(recorded: Callable[..., Graph]) -> None:
    graph = recorded(_with_images("site"))
    steps = {step.name: step.finish - step.start for step in schedule(graph).steps.values()}
    assert (steps["site-setup-k3s"], steps["enterprise-setup-k3s"]) == (60, 300)
    assert steps["site-connect-arc"] == steps["enterprise-connect-arc"]


def test_the_whole_takes_four_minutes_less_than_its_services_needed_at_least(recorded: Callable[..., Graph]) -> None:
    """One node without an image decides: no cluster waits for another, but the last probe does for both."""
    without, one, both = (
        schedule(recorded(_with_images(*names))).seconds for names in ((), ("site",), ("site", "enterprise"))
    )
    assert without == one == both + 240
    assert both < 27 * 60 + 29


def test_no_node_waits_for_another_cluster(recorded: Callable[..., Graph]) -> None:
    graph = recorded(_with_images("site", "enterprise"))
    steps = {step.name: step for step in schedule(graph).steps.values()}
    assert steps["site-setup-k3s"].start == steps["enterprise-setup-k3s"].start
    assert steps["site-broker"].start == steps["enterprise-broker"].start
