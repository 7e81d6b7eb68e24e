"""Deploy a stack into a modelled Azure that lasts: the second run says what has changed since the first.

State and world lie in `.rehearsal/<stack>/` of the project, readable by their owner only: the state holds private keys.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.azure.world import Surroundings, World
from rehearsal.engine import Engine, Result, State, StateError
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers
from settings import Settings


class KeptError(Exception):
    """What an earlier rehearsal has kept cannot be used."""


@dataclass(frozen=True)
class Lifecycle:
    """An `up` from wherever the stack was, and the preview after it, which has to be empty."""

    deployed: Result
    repeated: Result | None
    """None where `up` has failed."""

    @property
    def failures(self) -> list[str]:
        """What went wrong, one text each."""
        failed = [str(item) for item in self.deployed.diagnostics if item.severity == "error"]
        if self.repeated is None:
            return failed
        return [f"a second preview is not empty: {urn} {what}" for urn, what in self.repeated.changes.items()]


def folder_of(program: Path, stack: str) -> Path:
    """Where a rehearsed stack lasts."""
    return program / ".rehearsal" / stack


def deploy(program: Path, stack: str, config: Mapping[str, Any], settings: Settings) -> Lifecycle:
    """Bring the rehearsed stack to what the program says.

    Raises:
        KeptError: state or world of an earlier rehearsal cannot be read.
    """
    folder = folder_of(program, stack)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Roles act at once: an engine would have to wait for them in real time.
    world = World(Surroundings(settings.tenant.subscription_id, role_spread_seconds=0, principal_spread_seconds=0))
    try:
        if (folder / "azure.json").exists():
            world.load(folder / "azure.json")
        state = State.load(folder / "state.json")
    except (StateError, ValueError, KeyError, TypeError) as error:
        raise KeptError(f"what earlier rehearsals have kept in {folder} cannot be read: {error!r}") from error
    engine = Engine(program, stack, config, all_providers(AzureProvider(world)), state)
    try:
        deployed = engine.up()
        return Lifecycle(deployed, engine.preview() if deployed.succeeded else None)
    finally:
        world.save(folder / "azure.json")


def forget(program: Path, stack: str) -> None:
    """Start from nothing the next time."""
    shutil.rmtree(folder_of(program, stack), ignore_errors=True)
