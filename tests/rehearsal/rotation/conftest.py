"""What tests of changes under load share."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from rehearsal.rotation.run import Deployed, deploy
from settings import stack_file
from tests.conftest import PROGRAM
from tests.rehearsal.needs_mosquitto import mosquitto  # noqa: F401 the fixture is used in every test

Change = Callable[[dict[str, Any]], object]


@cache
def deployed(stack: str) -> Deployed:
    """A committed stack; no change changes it."""
    return deploy(changed(lambda _: None, stack), stack=stack)


@pytest.fixture(scope="session")
def dev() -> Deployed:
    return deployed("dev")


def changed(change: Change, stack: str = "dev") -> dict[str, Any]:
    """The settings of a committed stack, changed."""
    config: Any = stack_file.read(PROGRAM, stack)
    settings: dict[str, Any] = copy.deepcopy(config[stack_file.SETTINGS_KEY])
    change(settings)
    return settings


def tag(settings: dict[str, Any]) -> None:
    """Change what no message depends on."""
    settings["tags"] = {"costCenter": "4711"}


def renew_link(settings: dict[str, Any]) -> None:
    """Ask for a new key of the link's client."""
    settings["links"][0]["generation"] = 2


def renew_listener(settings: dict[str, Any]) -> None:
    """Ask for a new key of the broker."""
    settings["clusters"]["enterprise"].setdefault("listener", {})["generation"] = 2


def renew_authorities(settings: dict[str, Any]) -> None:
    """Ask for new keys of all authorities."""
    settings["pki"] = {"generation": 2}


def revoke_link(settings: dict[str, Any]) -> None:
    """Say that the key of the link's client is stolen."""
    settings["links"][0] |= {"generation": 2, "revoked_generation": 1}


def revoke_listener(settings: dict[str, Any]) -> None:
    """Say that the key of the broker is stolen."""
    settings["clusters"]["enterprise"]["listener"] |= {"generation": 2, "revoked_generation": 1}


def revoke_authorities(settings: dict[str, Any]) -> None:
    """Say that a key of an authority is stolen."""
    settings["pki"] = {"generation": 2, "revoked_generation": 1}
