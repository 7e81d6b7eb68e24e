"""Where rehearsals keep what they deploy, and what a stand-in has signed for it."""

from __future__ import annotations

from pathlib import Path

from automation.deployment.engine import ChosenEngine
from automation.deployment.modelled_cli import locate_azure
from rehearsal.engine import Backend
from settings.loaded_stack import LoadedStack, read_signed_from


def locate_rehearsal(stack: LoadedStack, engine: ChosenEngine) -> Path:
    """Return where all lies that rehearsals with this engine have kept of the stack."""
    return locate_azure(stack).parent if engine.cli else Backend(stack.folder).folder(stack.name)


def locate_stand_in(stack: LoadedStack, engine: ChosenEngine) -> Path:
    """Return the folder of the stand-in for an external CA."""
    return locate_rehearsal(stack, engine) / "signed"


def take_signed(stack: LoadedStack, engine: ChosenEngine) -> LoadedStack:
    """Return the stack with what the stand-in has signed so far, where an external CA signs.

    Raises:
        SettingsError: what it has signed cannot be used any more.
    """
    return read_signed_from(stack, locate_stand_in(stack, engine)) if stack.settings.pki.has_external_ca else stack
