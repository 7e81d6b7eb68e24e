"""Fixtures of the tests of the node scripts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.nodes.node_stand_in import Node


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """An Ubuntu 24.04 node on which nothing is installed yet."""
    return Node(tmp_path)
