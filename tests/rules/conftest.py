"""Recorded deployments that a test may break."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from graph.graph import Graph
from tests.conftest import THREE_SITES, TWO_BROKERS, TWO_CLUSTERS, resolve
from tests.rules.workbench import Workbench

PROD: dict[str, Any] = {**TWO_CLUSTERS, "environment": "prod"}


@pytest.fixture
def two(recorded: Callable[..., Graph]) -> Workbench:
    """A site and an enterprise."""
    return Workbench(copy.deepcopy(recorded(TWO_CLUSTERS)), resolve(TWO_CLUSTERS))


@pytest.fixture
def three(recorded: Callable[..., Graph]) -> Workbench:
    """Three sites and an enterprise whose broker has a DNS name."""
    return Workbench(copy.deepcopy(recorded(THREE_SITES)), resolve(THREE_SITES))


@pytest.fixture
def brokers(recorded: Callable[..., Graph]) -> Workbench:
    """A site with two brokers, one of which is a client of the other."""
    return Workbench(copy.deepcopy(recorded(TWO_BROKERS)), resolve(TWO_BROKERS))


@pytest.fixture
def prod(recorded: Callable[..., Graph]) -> Workbench:
    """A site and an enterprise in production."""
    return Workbench(copy.deepcopy(recorded(PROD)), resolve(PROD))


@pytest.fixture
def reported() -> Callable[..., None]:
    """Asserts that the graph breaks one rule, that the finding leads to the culprit, and which others must follow."""

    def check(bench: Workbench, rule: str, *said: str, also: tuple[str, ...] = ()) -> None:
        findings = bench.findings()
        # What is deployed is no longer what the outputs say: only a mistake of the outputs is told by that.
        following = {"OUT-01"} - {rule, *also}
        assert {finding.rule for finding in findings} - following == {rule, *also}, "\n".join(map(str, findings))
        texts = [str(finding) for finding in findings if finding.rule == rule]
        assert any(all(word in text for word in said) for text in texts), "\n".join(texts)

    return check
