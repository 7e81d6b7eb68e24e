"""A real API server for the tests of a process, and the table that they fill."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubernetes.cluster import PROGRAMS, Cluster
from tests.kubernetes.node import Node
from tests.kubernetes.table import Row
from tests.real_tools import need


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster of this process."""
    programs = {name: need(name, "kubernetes") for name in PROGRAMS}
    cluster = Cluster(tmp_path_factory.mktemp("kubernetes"), programs)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def cluster(running: Cluster) -> Cluster:
    """A cluster on which no script has run."""
    running.empty()
    return running


@pytest.fixture
def node(cluster: Cluster, tmp_path: Path) -> Node:
    return Node.new(cluster, tmp_path / "node")


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Iterator[Row]:
    """The test's row of docs/kubernetes.md; it has to be seen to be true."""
    marker = request.node.get_closest_marker("row")
    row = Row(**marker.kwargs)
    yield row
    assert row.is_checked or request.session.testsfailed, "the test has not compared its row with what happened"
