"""What tests of the message proof share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rehearsal.mqtt.install import MosquittoMissingError, find_mosquitto, find_plugin
from tests.rehearsal.mqtt.plant import Plant, plant


@pytest.fixture(scope="session", autouse=True)
def mosquitto() -> None:
    """Without Mosquitto these tests fail, and say how to install it."""
    try:
        find_mosquitto()
        find_plugin()
    except MosquittoMissingError as error:
        pytest.fail(str(error), pytrace=False)


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
