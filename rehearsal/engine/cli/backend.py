"""Where rehearsed stacks last: a folder a stack, readable by its owner only, as the state holds private keys.

State, lock and history are what the CLI's own file backend keeps (pulumi/pulumi, pkg/backend/diy); the modelled Azure
lies beside them.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from rehearsal.appended_file import replace_file
from rehearsal.azure.world import Surroundings, World
from rehearsal.engine.state import State, StateError
from rehearsal.modelled_azure import open_azure
from rehearsal.whoami import user

FOLDER = ".rehearsal"
_PRIVATE = 0o700
_UNUSABLE = (StateError, ValueError, LookupError, TypeError, AttributeError)
"""What reading a document raises that is not what it should be."""


class BackendError(Exception):
    """The command fails with this text, in the CLI's own words where the Automation API looks for them."""


class Backend:
    """The rehearsed stacks of one project."""

    def __init__(self, project: Path) -> None:
        folder = project / FOLDER
        self._folder = folder if os.access(folder if folder.exists() else project, os.W_OK) else _copy(folder)

    def folder(self, stack: str) -> Path:
        return self._folder / stack

    def stacks(self) -> list[str]:
        return sorted(file.parent.name for file in self._folder.glob("*/state.json"))

    def create(self, stack: str) -> None:
        if stack in self.stacks():
            raise BackendError(f"error: stack '{stack}' already exists")
        self.folder(stack).mkdir(parents=True, exist_ok=True, mode=_PRIVATE)
        State(path=self._state_file(stack)).save()

    def select(self, stack: str) -> None:
        if stack not in self.stacks():
            raise BackendError(f"error: no stack named '{stack}' found")

    def remove(self, stack: str, *, force: bool) -> None:
        """Forget the stack, and the Azure that it was deployed into."""
        with self.locked(stack):
            if not force and self.state(stack).resources:
                raise BackendError(f"error: '{stack}' still has resources; removal rejected.")
            shutil.rmtree(self.folder(stack))

    def state(self, stack: str) -> State:
        """Return the state as it is now.

        Raises:
            BackendError: there is no such stack, or what is kept cannot be read.
        """
        self.select(stack)
        file = self._state_file(stack)
        with _readable(file):
            return State.load(file)

    def import_state(self, stack: str, exported: str) -> None:
        """Put another state in the place of what is there, but for what it says is pending.

        (pulumi/pulumi, pkg/cmd/pulumi/stack/io.go, `SaveSnapshot`.)
        """
        with self.locked(stack):
            try:
                state = State.from_export(json.loads(exported), self._state_file(stack))
            except _UNUSABLE as error:
                raise BackendError(f"error: this state cannot be imported: {error!r}") from error
            state.pending_operations = []
            state.save()

    def world(self, stack: str, surroundings: Surroundings, **options: Any) -> World:
        """Open the Azure that the stack is deployed into; every write is kept at once."""
        file = self.folder(stack) / "azure.json"
        with _readable(file):
            return open_azure(file, surroundings, **options)

    @contextmanager
    def locked(self, stack: str) -> Iterator[None]:
        """Keep other runs out. A kill leaves the lock behind, as with the CLI.

        Raises:
            BackendError: another run has the lock.
        """
        self.select(stack)
        locks = self.folder(stack) / "locks"
        locks.mkdir(exist_ok=True, mode=_PRIVATE)
        mine = locks / f"{uuid4()}.json"
        content = {
            "pid": os.getpid(),
            "username": user(),
            "hostname": socket.gethostname(),
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        # Written before the look, so that of two runs at the same moment at most one goes on.
        replace_file(mine, json.dumps(content, indent=1))
        try:
            others = sorted(set(locks.glob("*.json")) - {mine})
            if others:
                raise BackendError(_describe_locks(others))
            yield
        finally:
            mine.unlink(missing_ok=True)

    def cancel(self, stack: str) -> None:
        """Take every lock away."""
        self.select(stack)
        for lock in (self.folder(stack) / "locks").glob("*.json"):
            lock.unlink(missing_ok=True)

    def history(self, stack: str) -> list[dict[str, Any]]:
        """Return what was done so far, the latest first."""
        file = self.folder(stack) / "history.json"
        with _readable(file):
            entries: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
        return entries

    def remember(self, stack: str, entry: dict[str, Any]) -> None:
        replace_file(self.folder(stack) / "history.json", json.dumps([entry, *self.history(stack)], indent=1))

    def _state_file(self, stack: str) -> Path:
        return self.folder(stack) / "state.json"


@cache
def _copy(folder: Path) -> Path:
    """Return a copy for this process alone: who may only read can preview too."""
    copy = Path(tempfile.mkdtemp(prefix="edge-stamps-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    if folder.exists():
        shutil.copytree(folder, copy, dirs_exist_ok=True)
    return copy


def _describe_locks(locks: list[Path]) -> str:
    """As the CLI says it (pkg/backend/diy/lock.go, `checkForLock`)."""
    lines = []
    for lock in locks:
        with suppress(FileNotFoundError):  # its run has ended in this moment
            lines.append(f"\n  {lock.resolve().as_uri()}: {_describe_lock(lock)}")
    return (
        f"error: the stack is currently locked by {len(locks)} lock(s). Either wait for the other process(es) to end or"
        f" delete the lock file with `pulumi cancel`.{''.join(lines)}"
    )


def _describe_lock(lock: Path) -> str:
    try:
        by = json.loads(lock.read_text(encoding="utf-8"))
        return f"created by {by['username']}@{by['hostname']} (pid {by['pid']}) at {by['timestamp']}"
    except (ValueError, KeyError, TypeError):
        return "cut off while it was written"


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except _UNUSABLE as error:
        raise BackendError(
            f"error: what earlier rehearsals have kept in {file} cannot be read: {error!r}."
            f" Next: remove the folder {file.parent}, which starts from nothing"
        ) from error
