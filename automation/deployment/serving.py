"""A rehearsed stack's Azure or a copy of it, served on this machine, with token and certificate in files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from automation.deployment.engine import ChosenEngine
from automation.deployment.locate_rehearsal import locate_rehearsal
from automation.deployment.workspace import UnusableError
from automation.verify.azure import ScriptAnswer, UnseenError
from automation.verify.here import RunHere, name_way
from nodes import ASKING, load_wrapper
from rehearsal.arm_rest import Served, serve
from rehearsal.azure.actions import begin_here
from rehearsal.azure.errors import ArmError
from rehearsal.azure.world import World
from rehearsal.modelled_azure import copy_azure, surroundings_of
from settings.hosts import ExistingCluster
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
        azure = copy_azure(file, surroundings_of(stack.settings))
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


def run_in_world(azure: World, clusters: Mapping[str, ExistingCluster], subscription_id: str) -> RunHere:
    """Return what runs scripts on clusters of this Azure that were there before the stack, as `run_here` does."""

    def run(cluster_id: str, script: str) -> ScriptAnswer:
        way = name_way(clusters[cluster_id], subscription_id)
        inputs = {
            "source": {"script": script},
            "parameters": [{"name": name, "value": value} for name, value in way.items()],
            "wrapper": load_wrapper(),
        }
        script_id = f"{cluster_id}/scripts/{ASKING}here"
        try:
            ran = azure.run_here(partial(begin_here, cluster_id=cluster_id, script_id=script_id, inputs=inputs))
        except ArmError as error:
            raise UnseenError(str(error)) from None
        return ScriptAnswer(ran.stdout, ran.stderr, azure.now(), azure.now())

    return run


def _write(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
