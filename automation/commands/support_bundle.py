"""Writes what `verify` has seen into one file, once it has said what that is."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automation.commands.run import DeclinedError, confirm
from automation.console import BOLD, WARN, pluralize, progress
from automation.verify.bundle import Bundle

_FOLDER = "support-bundle"
"""In the archive, so that unpacking it fills nobody's folder."""


def offer(file: Path, bundle: Bundle, *, yes: bool) -> Mapping[str, Any]:
    """List what is in it, ask on a terminal, and write it; return what the document says of that.

    Raises:
        OSError: it could not be written; then there is no file.
    """
    files = [{"name": one.name, "size": len(_encode(one.text)), "about": one.about} for one in bundle.files]
    progress(f"{file}: {pluralize(len(files), 'file')}, redacted; names and addresses are in it", BOLD)
    for one in files:
        progress(f"  {one['size']:>9} bytes  {one['name']}: {one['about']}")
    if bundle.missing:
        progress("Not in it:", WARN)
    for line in bundle.missing:
        progress(f"  {line}", WARN)
    written = yes or not _is_terminal() or _agrees(file)
    if written:
        write(file, bundle)
    progress(f"{file} was {'written' if written else 'not written'}.\n")
    return {"file": str(file), "written": written, "files": files, "missing": list(bundle.missing)}


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _agrees(file: Path) -> bool:
    try:
        confirm(f"Write {file}?")
    except DeclinedError:  # of the bundle alone: what the checks have found is told all the same
        return False
    return True


def write(file: Path, bundle: Bundle) -> None:
    """Write the archive, whole or not at all, for its owner alone.

    Raises:
        OSError: it could not be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.absolute().parent)  # its mode is 0600
        try:
            with os.fdopen(handle, "wb") as stream, tarfile.open(fileobj=stream, mode="w:gz") as archive:
                for one in bundle.files:
                    content = _encode(one.text)
                    entry = tarfile.TarInfo(f"{_FOLDER}/{one.name}")
                    entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
                    archive.addfile(entry, io.BytesIO(content))
            os.link(name, file)  # refuses a file that somebody has made meanwhile
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
