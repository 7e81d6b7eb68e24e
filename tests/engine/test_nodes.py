"""Nodes of a cluster that come, are replaced and go: nothing of the cluster is replaced with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rehearsal.cluster.build import build_views
from tests.engine.azure import Azure
from tests.engine.conftest import Deployment
from tests.engine.left_open import IGNORED, loops_left_open  # noqa: F401 the fixture is used in every test

pytestmark = IGNORED


def with_nodes(settings: dict[str, Any], *names: str) -> dict[str, Any]:
    site = {**(settings["clusters"]["site"] or {}), "nodes": [{"name": name} for name in names]}
    return {**settings, "clusters": {**settings["clusters"], "site": site}}


def list_problems(azure: Azure) -> list[str]:
    views = build_views(azure._world.entries(), lambda *_: True, at=datetime.now(UTC))
    return [str(one) for view in views for one in view.problems]


def list_members(azure: Azure) -> dict[str, str]:
    """Nodes that the site's server knows -> the machine that each is."""
    (server,) = (one for one in azure._world.entries() if one.id.endswith("/virtualMachines/vm-myorga-aio-dev-001-0"))
    return dict(server.facts.get("nodes", {}))


def test_nodes_come_are_replaced_and_go(alone: Deployment) -> None:
    alone.stack.up()
    before = alone.azure.ids()
    alone.stack.settings = with_nodes(alone.stack.settings, "two", "three")
    came = alone.stack.up()
    assert (came.names("replace"), came.names("delete")) == (set(), set())
    assert came.names("update") == {"site-setup-k3s"}
    first = list_members(alone.azure)
    assert set(first) == {"two", "three"}
    assert list_problems(alone.azure) == []
    assert alone.stack.preview().changes == {}

    replaced = alone.stack.up(replace=[alone.urn("site-node.two")])
    assert replaced.names("replace") == {"site-node.two", "site-join-k3s.two"}
    assert replaced.names("update") == {"site-setup-k3s"}
    second = list_members(alone.azure)
    assert second["two"] != first["two"] and second["three"] == first["three"]
    assert list_problems(alone.azure) == []

    alone.stack.settings = with_nodes(alone.stack.settings)
    alone.stack.up()
    assert (list_members(alone.azure), alone.azure.ids()) == ({}, before)
    assert list_problems(alone.azure) == []


def test_with_the_first_node_its_others_are_replaced(alone: Deployment) -> None:
    alone.stack.settings = with_nodes(alone.stack.settings, "two")
    alone.stack.up()
    first = list_members(alone.azure)
    alone.stack.up(replace=[alone.urn("site-node")])
    assert list_members(alone.azure)["two"] != first["two"]
    assert list_problems(alone.azure) == []
    assert alone.stack.preview().changes == {}


def test_the_token_is_in_nothing_that_is_told(alone: Deployment) -> None:
    alone.stack.settings = with_nodes(alone.stack.settings, "two")
    alone.stack.up()
    token = alone.resource("site-agent-token")["outputs"]["result"]
    text = token["plaintext"].strip('"') if isinstance(token, dict) else token
    assert len(text) == 48
    if alone.stack.kind == "pulumi":  # the offline engine encrypts nothing
        assert text not in alone.stack.stored()
    assert text not in str([outputs for _, _, outputs, _ in alone.azure.seen().values()])
