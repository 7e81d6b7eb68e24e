"""Settings that somebody writes, and what their rules say."""

from __future__ import annotations

from typing import Any

from settings import SettingsError
from tests.attacks.lab import Lab
from tests.attacks.row import Attempt
from tests.conftest import TWO_CLUSTERS, resolve


def refuse(changes: dict[str, Any]) -> Attempt:
    """Load the least that a user writes with these keys; return what is wrong with them."""

    def attempt(_: Lab) -> str:
        try:
            resolve({**TWO_CLUSTERS, **changes})
        except SettingsError as error:
            return str(error)
        return ""

    return attempt
