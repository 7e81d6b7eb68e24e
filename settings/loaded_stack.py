"""One stack, read once: a command loads it and hands it on."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from settings import stack_file
from settings.model import Settings
from settings.stand_ins import with_stand_ins


@dataclass(frozen=True)
class LoadedStack:
    """A stack of a project, with its settings."""

    folder: Path
    """The project's, with `__main__.py`."""
    stack: str
    """As it was given, perhaps with organization and project."""
    config: Mapping[str, Any]
    """The `config` block of the stack file; objects as objects."""
    settings: Settings
    stand_ins: tuple[str, ...] = ()
    """Settings that only the tenant knows, which the file lacks and a rehearsal has filled in."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Made-up private keys, PEM, by logical name: a recording has those that a stand-in CA has signed."""

    @property
    def name(self) -> str:
        """Return the stack's name as the engine writes it into URNs."""
        return stack_file.plain_name(self.stack)


def load_stack(folder: Path, stack: str, *, stand_ins: bool = False) -> LoadedStack:
    """Read the file of a stack, or of an example, and resolve its settings.

    Args:
        stand_ins: fill in what only the tenant knows, for a rehearsal.

    Raises:
        SettingsError: they cannot be used; without `stand_ins` also where the tenant's own values are missing.
    """
    config: Mapping[str, Any] = stack_file.read(folder, stack)
    missing: list[str] = []
    if stand_ins:
        config, missing = with_stand_ins(config)
    settings = stack_file.load(folder, stack, config[stack_file.SETTINGS_KEY])
    return LoadedStack(folder, stack, config, settings, tuple(missing))


def read_signed_from(stack: LoadedStack, folder: Path, keys: Mapping[str, str] | None = None) -> LoadedStack:
    """Return the stack with another folder of what an external CA has signed.

    Args:
        keys: made-up keys that it was signed for.

    Raises:
        SettingsError: what is in the folder cannot be used.
    """
    config = copy.deepcopy(dict(stack.config))
    settings = config[stack_file.SETTINGS_KEY]
    settings["pki"] = {**(settings.get("pki") or {}), "signed_folder": str(folder)}
    loaded = stack_file.load(stack.folder, stack.stack, settings)
    return replace(stack, config=config, settings=loaded, keys=keys or {})
