"""What tests of the message proof share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.rehearsal.mqtt.plant import Plant, plant
from tests.rehearsal.needs_mosquitto import mosquitto  # noqa: F401 the fixture is used in every test


@pytest.fixture(scope="session")
def deployed() -> Callable[[dict[str, Any]], Plant]:
    """Plants by settings, each made once; do not change what you get."""
    plants: dict[str, Plant] = {}

    def get(settings: dict[str, Any]) -> Plant:
        key = repr(settings)
        if key not in plants:
            plants[key] = plant(settings)
        return plants[key]

    return get
