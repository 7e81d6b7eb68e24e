"""Tests that send real messages need Mosquitto."""

from __future__ import annotations

import pytest

from rehearsal.mqtt.install import MosquittoMissingError, find_mosquitto, find_plugin


@pytest.fixture(scope="session", autouse=True)
def mosquitto() -> None:
    """Without Mosquitto the tests of a folder that has this fixture fail, and say how to install it."""
    try:
        find_mosquitto()
        find_plugin()
    except MosquittoMissingError as error:
        pytest.fail(str(error), pytrace=False)
