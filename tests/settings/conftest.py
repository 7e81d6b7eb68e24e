"""A valid minimal stack file, and a way to look at the problems of a changed one."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from settings import Problem, SettingsError, load
from tests.settings.samples import MINIMAL, Change, Problems, with_changes


@pytest.fixture
def minimal() -> dict[str, Any]:
    """Prefix, environment, location and the tenant's values: the least that resolves."""
    return copy.deepcopy(MINIMAL)


@pytest.fixture
def problems() -> Problems:
    """The problems of the minimal settings with some paths changed: `problems({"clusters.site.code": "b"})`."""

    def find(changes: dict[str, Any]) -> list[Problem]:
        try:
            load(with_changes(MINIMAL, changes))
        except SettingsError as error:
            return list(error.problems)
        return []

    return find


@pytest.fixture
def change() -> Change:
    """The minimal settings with some paths changed."""
    return lambda changes: with_changes(MINIMAL, changes)
