"""Which engine runs a stack in the modelled Azure. Loads no pulumi: usage and help do not wait for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.automation import PulumiCommand


ENGINE_VARIABLE = "EDGE_STAMPS_ENGINE"
"""Environment variable that `--engine` is taken from where it is not given."""


class EngineChoice(StrEnum):
    """What a user asks for."""

    AUTO = "auto"
    OFFLINE = "offline"
    PULUMI = "pulumi"

    @property
    def flag(self) -> str:
        """Return what has to be said again in the next command; empty where that chooses the same by itself."""
        return "" if self.value == os.environ.get(ENGINE_VARIABLE, EngineChoice.AUTO) else self.value


@dataclass(frozen=True)
class ChosenEngine:
    """What runs the program and keeps the state."""

    cli: PulumiCommand | None = None
    """None: the offline engine."""
    why: str = ""
    """Why it is not the CLI, where that was not asked for."""

    @property
    def name(self) -> str:
        """Return the engine as the document of a command names it."""
        return "pulumi" if self.cli else "offline"

    @property
    def sentence(self) -> str:
        """Return which engine runs, and why, for people."""
        return f"Engine: {self}{f' ({self.why})' if self.why else ''}."

    def __str__(self) -> str:
        return f"the Pulumi CLI {self.cli.version}" if self.cli else "the offline engine"


def choose_engine(choice: EngineChoice) -> ChosenEngine:
    """Return the engine for a rehearsal: with `auto` the CLI where there is one that is recent enough.

    Raises:
        CliError: the CLI was asked for, and there is none.
    """
    from automation.deployment.workspace import CliError, find_cli

    if choice is EngineChoice.OFFLINE:
        return ChosenEngine()
    try:
        return ChosenEngine(find_cli())
    except CliError as error:
        if choice is EngineChoice.AUTO:
            return ChosenEngine(why=str(error))
        raise
