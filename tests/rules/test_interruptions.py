"""When a link's messages stand still, in recorded graphs; what a run shows is in tests/rehearsal/rotation."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest

from graph.graph import Graph
from graph.plan import Change, Heading
from graph.property_diff import Difference
from rules.interruptions import Interruption, find_interruptions, merge
from rules.plan import Plan
from tests.conftest import THREE_SITES, TWO_BROKERS, TWO_CLUSTERS, resolve
from tests.rules.workbench import Workbench

LINK = "site-to-enterprise"


def change(graph: Graph, name: str, kind: str = "replace", *paths: str, is_certain: bool = True) -> Change:
    differences = [Difference(path, "1", "2", replaces=kind == "replace") for path in paths]
    return Change(graph.named(name).urn, kind, Heading(), differences, is_certain)


def find(bench: Workbench, *changes: Change, before: Graph | None = None) -> dict[str, list[Interruption]]:
    return find_interruptions(Plan(bench.settings, before or bench.graph, bench.graph, changes))


def names(bench: Workbench, *changes: Change) -> set[str]:
    """Return the links that are interrupted."""
    return {link for link, found in find(bench, *changes).items() if found}


@pytest.mark.parametrize("settings", [TWO_CLUSTERS, THREE_SITES, TWO_BROKERS])
def test_both_ends_of_every_link_agree_where_nothing_changes(
    recorded: Callable[..., Graph], settings: dict[str, object]
) -> None:
    graph, resolved = recorded(settings), resolve(settings)
    plan = Plan(resolved, graph, graph, [])
    assert find_interruptions(plan) == {link: [] for link in resolved.links}
    assert [plan.after.find_disagreement(parts) for parts in plan.after.links] == [""] * len(resolved.links)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "site-node",
            "enterprise-node",
            "enterprise-subnet",
            "enterprise-virtual-network",
            "enterprise-to-site-peering",
        ),
        *("site-custom-location", "enterprise-aio-extension", "site-aio-instance", "site-broker", "enterprise-broker"),
        *("site-dataflow-profile", "site-default-listener", "site-local-endpoint", "site-to-enterprise-input"),
        *("site-to-enterprise-endpoint", "enterprise-link-listener", "enterprise-link-authentication"),
        *("enterprise-link-authorization", "site-client-secret-enterprise-g1", "enterprise-broker-tls-cert-g1"),
    ],
)
def test_what_carries_a_link_interrupts_it_while_it_is_replaced(two: Workbench, name: str) -> None:
    (found,) = find(two, change(two.graph, name))[LINK]
    assert (found.start, found.end is not None) == (0, True)


@pytest.mark.parametrize(
    "name",
    [
        *("site-nat-gateway", "site-nat-public-ip", "site-aio-identity", "enterprise-schema-registry"),
        *("enterprise-device-registry-namespace", "site-secret-sync-secrets-user-role", "site-probe-links"),
        *("enterprise-dataflow-profile", "enterprise-secret-store-extension", "enterprise-local-endpoint"),
    ],
)
def test_what_no_message_passes_interrupts_nothing(two: Workbench, name: str) -> None:
    assert names(two, change(two.graph, name)) == set()


def test_a_link_is_interrupted_by_what_carries_it_alone(three: Workbench) -> None:
    sites = [link.client for link in three.settings.links.values()]
    assert len(sites) == 3
    for link in three.settings.links.values():
        assert names(three, change(three.graph, f"{link.client}-node")) == {link.name}
    assert len(names(three, change(three.graph, f"{link.broker}-node"))) == 3


def test_what_is_replaced_only_if_a_value_becomes_another_interrupts_nothing(two: Workbench) -> None:
    assert names(two, change(two.graph, "site-node", is_certain=False)) == set()
    assert names(two, change(two.graph, "site-node")) == {LINK}


def test_what_is_on_a_replaced_thing_is_away_as_long_as_both(two: Workbench) -> None:
    graph = two.graph
    (alone,) = find(two, change(graph, "enterprise-broker"))[LINK]
    (both,) = find(two, change(graph, "enterprise-broker"), change(graph, "enterprise-link-listener"))[LINK]
    assert (alone.start, alone.end) == (0, 120)
    assert (both.start, both.end) == (0, 150)


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("site-node", "hardwareProfile.vmSize", {LINK}),
        ("site-node", "tags.owner", set()),
        ("enterprise-aio-extension", "version", {LINK}),
        ("enterprise-secret-store-extension", "version", set()),
    ],
)
def test_an_update_interrupts_where_it_restarts_what_carries_the_link(
    two: Workbench, name: str, path: str, expected: set[str]
) -> None:
    assert names(two, change(two.graph, name, "update", path)) == expected


def test_either_end_may_be_the_later_one_where_neither_waits_for_the_other(two: Workbench) -> None:
    """Both take as long: that the endpoint comes first or last is for nobody to promise."""
    before = copy.deepcopy(two.graph)
    two.set("enterprise-link-authorization", "properties.authorizationPolicies.rules.0.brokerResources.1.topics", ["x"])
    two.set("site-to-enterprise-input", "properties.operations.1.destinationSettings.dataDestination", "x")
    changes = [
        change(two.graph, name, "update") for name in ("enterprise-link-authorization", "site-to-enterprise-input")
    ]
    (found,) = find(two, *changes, before=before)[LINK]
    assert (found.start, found.end) == (0, 20)
    assert "publish" in found.why


def test_what_is_not_mended_by_the_end_stands_still_for_good(two: Workbench) -> None:
    before = copy.deepcopy(two.graph)
    two.set("enterprise-link-listener", "properties.ports.0.port", 1)
    (found,) = find(two, change(two.graph, "enterprise-link-listener", "update"), before=before)[LINK]
    assert (found.start, found.end, found.why) == (0, None, "no listener has port 28883")


def test_a_link_that_is_gone_afterwards_ends_and_a_new_one_is_not_interrupted(three: Workbench) -> None:
    first, *_ = three.settings.links
    fewer = replace(three.settings, links={name: link for name, link in three.settings.links.items() if name != first})
    plan = Plan(fewer, three.graph, three.graph, [])
    assert find_interruptions(plan)[first] == [Interruption(first, 0, None, "the link is taken away")]
    nothing = replace(three.graph, resources={})
    assert find_interruptions(Plan(three.settings, nothing, three.graph, [])) == {}


def test_spans_that_overlap_are_one_with_both_reasons() -> None:
    def one(start: int, end: int | None, why: str) -> Interruption:
        return Interruption(LINK, start, end, why)

    found = [one(30, 50, "b"), one(0, 30, "a"), one(40, 45, "a"), one(60, None, "c"), one(70, 80, "d")]
    assert merge(found) == [one(0, 50, "a; b"), one(60, None, "c; d")]
