"""A disk that may lose power: it notes what was written and synced, and says what a machine may find afterwards.

What was not synced may be there or not, names apart from contents: a file system writes them in its own order
(fsync(2); https://www.usenix.org/conference/osdi14/technical-sessions/presentation/pillai).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

_APART = 3
"""New names that may come to the disk without each other."""

Found = dict[str, bytes]
"""Path -> content."""


@dataclass(eq=False)
class _File:
    content: bytes = b""
    synced: bytes = b""


@dataclass
class Disk:
    """Stands in for `os` in a module that writes; everything is done for real too, but for the waiting of fsync."""

    found: list[Found] = field(default_factory=list)
    """What may be there after a loss of power, for every moment so far; no two of them in a row are the same."""
    _names: dict[str, _File] = field(default_factory=dict)
    """As of the last fsync of the folder."""
    _renamed: list[tuple[str, _File | None]] = field(default_factory=list)
    """Names since then, in order; None for one that is gone."""
    _open: dict[int, tuple[str, _File | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        descriptor = os.open(path, flags, mode)
        with self._lock:
            file = None
            if flags & os.O_CREAT:
                file = _File()
                self._name(str(path), file)
            self._open[descriptor] = (str(path), file)
        return descriptor

    def write(self, descriptor: int, content: bytes) -> int:
        with self._lock:
            _, file = self._open[descriptor]
            assert file
            file.content += content
            self._look()
            return os.write(descriptor, content)

    def fsync(self, descriptor: int) -> None:
        with self._lock:
            _, file = self._open[descriptor]
            if file:
                file.synced = file.content
            else:
                self._names = self._current(self._renamed)
                self._renamed.clear()
            self._look()

    def replace(self, old: Path, new: Path) -> None:
        old.replace(new)
        with self._lock:
            self._name(str(new), self._current(self._renamed)[str(old)])

    def unlink(self, path: Path) -> None:
        path.unlink()
        with self._lock:
            self._name(str(path), None)

    def _name(self, path: str, file: _File | None) -> None:
        self._renamed.append((path, file))
        self._look()

    def _current(self, renamed: list[tuple[str, _File | None]]) -> dict[str, _File]:
        names = dict[str, _File | None](self._names) | dict(renamed)
        return {path: file for path, file in names.items() if file}

    def _look(self) -> None:
        for found in self._list_possible():
            if found not in self.found[-8:]:
                self.found.append(found)

    def _list_possible(self) -> Iterator[Found]:
        """Yield with any part of the latest new names, and all or nothing of what no fsync has covered."""
        earlier, latest = self._renamed[:-_APART], self._renamed[-_APART:]
        for count in range(len(latest) + 1):
            for renamed in combinations(latest, count):
                files = self._current([*earlier, *renamed])
                yield {path: file.synced for path, file in files.items()}
                yield {path: file.content for path, file in files.items()}
