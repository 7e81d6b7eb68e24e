"""The files of a node as the rehearsal itself opens them, unconfined: nothing that a script has laid leads it astray.

A link may lead anywhere below the node's folders and nowhere else. Folders are opened one by one, none through a link,
so a file that is exchanged meanwhile is refused (open(2), O_NOFOLLOW; O_NONBLOCK: no pipe makes it wait).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

LARGEST = 1 << 20
"""Bytes of one file that are read and kept."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class NodeFile:
    """A file below a folder of the node, there or not; made by `find`."""

    folder: Path
    below: tuple[str, ...]
    """Names from the folder to the file, none of which was a link."""

    def __str__(self) -> str:
        return str(self.folder.joinpath(*self.below))

    @property
    def name(self) -> str:
        return self.below[-1] if self.below else ""

    def is_file(self) -> bool:
        return Path(str(self)).is_file()

    def is_dir(self) -> bool:
        return Path(str(self)).is_dir()

    def is_executable(self) -> bool:
        return bool(self.mode & 0o111)

    @property
    def mode(self) -> int:
        """Who may do what with it."""
        with self._open(os.O_RDONLY) as file:
            return stat.S_IMODE(os.fstat(file).st_mode)

    def read_bytes(self) -> bytes:
        """Return its content.

        Raises:
            ValueError: it cannot be read, is no regular file, or is larger than `LARGEST`.
        """
        with self._open(os.O_RDONLY) as file, os.fdopen(os.dup(file), "rb") as stream:
            content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ValueError(f"{self} is too large; of a file of a rehearsed node {LARGEST} bytes are read")
        return content

    def read_text(self, errors: str = "strict") -> str:
        """Return its content as `read_bytes` does, which has to be UTF-8."""
        return self.read_bytes().decode("utf-8", errors)

    def write_text(self, text: str, mode: int | None = None) -> None:
        """Write it, with the folders above it.

        Raises:
            ValueError: it cannot be written, or is no regular file.
        """
        with self._open(os.O_WRONLY | os.O_CREAT, makes_folders=True) as file:
            os.ftruncate(file, 0)
            with os.fdopen(os.dup(file), "wb") as stream:
                stream.write(text.encode("utf-8", "surrogateescape"))
            if mode is not None:
                os.fchmod(file, mode)

    @contextmanager
    def _open(self, flags: int, *, makes_folders: bool = False) -> Iterator[int]:
        try:
            file = self._walk(flags | _FILE, makes_folders=makes_folders)
        except OSError as error:
            raise ValueError(f"{self} cannot be opened: {error.strerror}") from error
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise ValueError(f"{self} is not a regular file")
            yield file
        finally:
            os.close(file)

    def _walk(self, flags: int, *, makes_folders: bool) -> int:
        place = os.open(self.folder, _FOLDER)
        try:
            for name in self.below[:-1]:
                if makes_folders:
                    with suppress(FileExistsError):
                        os.mkdir(name, dir_fd=place)
                inner = os.open(name, _FOLDER, dir_fd=place)
                os.close(place)
                place = inner
            return os.open(self.name or ".", flags, 0o666, dir_fd=place)
        finally:
            os.close(place)


def find(path: str | Path, folders: Iterable[Path]) -> NodeFile:
    """Return the file that a path leads to.

    Raises:
        ValueError: it leads out of the folders.
    """
    found = Path(os.path.realpath(path))
    for folder in (Path(os.path.realpath(one)) for one in folders):
        if found.is_relative_to(folder):
            return NodeFile(folder, found.relative_to(folder).parts)
    raise ValueError(f"{path} is not a file of the node: a script names its files below ROOT_DIR or TMPDIR")
