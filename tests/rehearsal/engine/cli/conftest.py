"""The project that the tests work in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rehearsal.engine.cli.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One of the test's own."""
    return Project(tmp_path)
