"""A file that is written whole, and beside it the changes since, one line each.

So what is kept at every write grows with the change and not with everything that is there already. A process that is
killed at any moment loses nothing that it has told anybody of; a machine that loses power, nothing that was synced
(fsync(2): of a new, renamed or removed file its folder too).
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

_PRIVATE = 0o600


class AppendedFile:
    """Readable by its owner only. Not for two writers at once; any thread may wait in `sync`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.changes = path.with_name(f"{path.name}.changes")
        self._close: weakref.finalize[..., AppendedFile] | None = None
        """Set while changes are appended; it closes their file, at the latest with this object."""
        self._descriptor = -1
        self._written = self._synced = 0
        """Changes so far, and how many of them a loss of power leaves."""
        self._syncing = threading.Lock()

    @property
    def has_appended(self) -> bool:
        """Tell whether this process has added changes; those of another one are not its own to put away."""
        return self._close is not None

    def read(self) -> tuple[str, list[str]]:
        """Return the text of the file and the changes since, as lines; of a line that was cut off nothing was told."""
        text = self.path.read_text(encoding="utf-8")
        if not self.changes.exists():
            return text, []
        first, *lines = self.changes.read_text(encoding="utf-8").split("\n")
        # A kill between the two steps of `replace` leaves changes of an older text, which are part of the new one.
        return text, lines[:-1] if first == _digest(text) else []

    def replace(self, text: str) -> None:
        """Put a new file in the place of the old one with its changes: whoever reads finds one or the other, whole."""
        with self._syncing:
            replace_file(self.path, text)
            self._synced = self._written
            if self._close:
                self._close()
                self._close = None
            if self.changes.exists():
                os.unlink(self.changes)  # noqa: PTH108 a test sees every call that reaches the disk

    def append(self, line: str, whole: Callable[[], str]) -> None:
        """Add a change; the first one of a process writes everything, so that no line follows one that was cut off."""
        if self._close is None and (self.changes.exists() or not self.path.exists()):
            self.replace(whole())
            return
        if self._close is None:
            self._descriptor = os.open(self.changes, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
            self._close = weakref.finalize(self, os.close, self._descriptor)
            _sync_folder(self.path.parent)
            line = f"{_digest(self.path.read_text(encoding='utf-8'))}\n{line}"
        if not os.fstat(self._descriptor).st_nlink:
            raise RuntimeError(f"{self.path} is written by another process too: what this one has done is not kept")
        _write(self._descriptor, f"{line}\n".encode())
        self._written += 1

    def sync(self) -> None:
        """Wait until a loss of power leaves all changes so far; threads that wait at once share one fsync."""
        written = self._written
        with self._syncing:
            if self._synced < written and self._close:
                covered = self._written
                os.fsync(self._descriptor)
                self._synced = covered


def replace_file(path: Path, text: str) -> None:
    """Put a file that only its owner can read in its place at once: whoever reads, also after a crash, finds all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    try:
        _write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(draft, path)  # noqa: PTH105 as above
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
