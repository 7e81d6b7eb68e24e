"""The tests of a folder, as pytest finds them, for pages that list them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest


class _Collected:
    """Takes the tests that pytest has found."""

    def __init__(self) -> None:
        self.items: list[pytest.Item] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = list(session.items)


def collect_tests(folder: Path) -> Sequence[pytest.Item]:
    """Return the tests of a folder, none of them run."""
    collected = _Collected()
    quiet = ["--collect-only", "-p", "no:xdist", "-p", "no:terminal", "-o", "addopts=", str(folder)]
    assert pytest.main(quiet, plugins=[collected]) == 0, f"pytest cannot collect {folder}"
    return collected.items


def words_of(item: pytest.Item) -> str:
    """Return a test's name as a sentence."""
    return getattr(item, "originalname", item.name).removeprefix("test_").replace("_", " ")
