"""A rehearsed stack's Azure or a copy of it, served on this machine, with token and certificate in files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from automation.deployment.engine import ChosenEngine
from automation.deployment.locate_rehearsal import locate_rehearsal
from automation.deployment.workspace import UnusableError
from rehearsal.arm_rest import Served, serve
from rehearsal.azure.world import World
from rehearsal.modelled_azure import copy_azure, make_surroundings
from settings.loaded_stack import LoadedStack

FOLDER = Path(".rehearsal") / ".served"
"""In it a folder for each stack that is served: no stack begins with a dot."""


def copy_rehearsed(stack: LoadedStack, engine: ChosenEngine) -> World | None:
    """Return a copy of the Azure that this engine has deployed the stack into; None where there is none.

    Raises:
        UnusableError: it cannot be read.
    """
    file = locate_rehearsal(stack, engine) / "azure.json"
    if not file.exists():
        return None
    try:
        tenant = stack.settings.tenant
        outside = stack.settings.machines, stack.settings.outside
        azure = copy_azure(file, make_surroundings(tenant.subscription_id, tenant.tenant_id, *outside))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnusableError(
            f"What earlier rehearsals have kept in {file} cannot be read: {error!r}."
            f" Next: remove the folder {file.parent}, which starts from nothing"
        ) from error
    return azure if azure.entries() else None


@contextmanager
def serve_world(azure: World, stack: LoadedStack) -> Iterator[tuple[Served, Path]]:
    """Serve it; give also the folder with `token`, `header` and `ca.pem`, which only its owner reads and which goes."""
    folder = (stack.folder / FOLDER / f"{stack.name}-{os.getpid()}").absolute()
    folder.mkdir(parents=True, mode=0o700)
    try:
        with serve(azure) as served:
            _write(folder / "token", served.token)
            _write(folder / "header", f"Authorization: Bearer {served.token}\n")  # for `curl -H @header`
            _write(folder / "ca.pem", served.certificate)
            yield served, folder
    finally:
        shutil.rmtree(folder)


def _write(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
