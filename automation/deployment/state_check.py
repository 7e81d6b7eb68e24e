"""Settings that the stack's state refuses, told as the settings that they are, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from settings import SettingsError, stack_file
from settings.loaded_stack import LoadedStack
from settings.stack_state import parse_deployment


class RefusedByStateError(SettingsError):
    """The settings would do for a new stack; this one has had what they lower, or give up."""


def refuse_by_state(stack: LoadedStack, deployment: Mapping[str, Any]) -> None:
    """Ask what the program asks once it has read the state.

    Args:
        deployment: the stack's state.

    Raises:
        RefusedByStateError: every reason why not.
    """
    state = parse_deployment(deployment)
    given = stack.config[stack_file.SETTINGS_KEY]
    try:
        stack_file.load(stack.folder, stack.stack, given, before=state.marks, deployed=state.deployed, keys=state.keys)
    except SettingsError as error:
        raise RefusedByStateError(error.problems, error.source) from None
