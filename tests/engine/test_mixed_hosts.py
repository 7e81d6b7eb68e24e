"""One stack with every kind of host, and links from each kind to each: messages, a change, the end, on both engines."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from arm.hosting import KINDS
from rehearsal.providers.serve import all_providers
from rehearsal.rotation.reload import MODELS
from rehearsal.rotation.result import LinkResult, Moment
from rehearsal.rotation.traffic import traffic
from settings import stack_file
from settings.stand_ins import STAND_INS
from tests.engine.azure import Azure
from tests.engine.conftest import STACK, Deployment
from tests.engine.engine import Kind, StackUnderTest
from tests.rehearsal.needs_mosquitto import mosquitto  # noqa: F401 the fixture is used in every test

GROUP = f"/subscriptions/{STAND_INS['subscription_id']}/resourceGroups/rg-plant"
MACHINE = f"{GROUP}/providers/Microsoft.HybridCompute/machines/lathe-1"
CLUSTER = f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters/mill-1"
CLUSTERS: dict[str, dict[str, Any]] = {
    "hall": {"code": "h", "hosting": "azure-vm", "address_space": "10.3.0.0/16"},
    "lathe": {
        "code": "l",
        "hosting": "arc-machine",
        "machine": {"resource_id": MACHINE},
        "node": {"address": "192.168.10.20"},
    },
    "mill": {
        "code": "m",
        "hosting": "existing-cluster",
        "connected_cluster": {"resource_id": CLUSTER},
        "node": {"address": "192.168.10.30"},
    },
    "enterprise": {"code": "e"},
}
PAIRS = [*permutations(("hall", "lathe", "mill"), 2), ("hall", "enterprise")]


def _link(pairs: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"from": client, "to": server} for client, server in pairs]


@pytest.fixture
def mixed(engine: Kind, tmp_path: Path) -> Deployment:
    """The stack before its first `up`."""
    azure = Azure()
    stack = StackUnderTest.new(engine, tmp_path / "stack", all_providers(azure.provider), STACK)
    stack.settings = {**stack.settings, "clusters": CLUSTERS, "links": _link(PAIRS)}
    loaded = stack_file.load(stack.project, STACK, stack.settings)
    azure = Azure(loaded.machines, loaded.outside)
    stack.providers = all_providers(azure.provider)
    return Deployment(stack, azure)


def _send(azure: Azure) -> dict[str, LinkResult]:
    with traffic(MODELS["at once"]) as flow:
        flow.see(azure.views(), Moment(0, "now"))
        return {link.name: link for link in flow.results()}


def test_every_kind_sends_to_every_kind_and_what_was_there_before_the_stack_outlives_it(mixed: Deployment) -> None:
    assert {one["hosting"] for one in CLUSTERS.values() if "hosting" in one} == KINDS.keys()
    before = mixed.azure.seen()
    assert before.keys() == {GROUP, MACHINE, CLUSTER}

    mixed.stack.up()

    links = _send(mixed.azure)
    assert len(links) == len(PAIRS)
    assert all(one.sent == one.arrived > 0 and not one.refusals for one in links.values()), links
    assert not mixed.stack.up().changes.keys() - {"same"}
    at_first = mixed.azure.seen()

    mixed.stack.settings = {**mixed.stack.settings, "links": _link(PAIRS[1:])}  # no longer from the hall to the lathe
    changed = mixed.stack.up()

    assert not changed.names("replace")
    assert len(_send(mixed.azure)) == len(PAIRS) - 1
    assert {one for one in before if mixed.azure.seen()[one] != at_first[one]} == set()

    mixed.stack.destroy()
    assert mixed.azure.ids() == before.keys()
    assert mixed.azure.seen()[CLUSTER] == before[CLUSTER]
