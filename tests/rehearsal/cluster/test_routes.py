"""A link without a peering arrives where somebody else's routes lead, and nowhere else."""

from __future__ import annotations

from tests.rehearsal.cluster.deployments import Bench

LINKS_WITHOUT_PEERING = {"arck-myorgp-two-001", "arck-myorgr-two-001"}


def test_a_routed_link_arrives_by_routes_that_are_there() -> None:
    assert [view.name for view in Bench("two-enterprises").views().values() if view.problems] == []


def test_a_routed_link_goes_nowhere_without_them() -> None:
    bench = Bench("two-enterprises")
    bench.routes = ()
    red = {view.name: [one.rule for one in view.problems] for view in bench.views().values() if view.problems}
    assert red == dict.fromkeys(LINKS_WITHOUT_PEERING, ["CLUSTER-29"] * 2)
