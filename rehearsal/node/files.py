"""The files of a node, kept with its VM and laid out in a folder while scripts run."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

Files = Mapping[str, list[str]]
"""Path below `/`, without the first slash -> [mode in octal, text]."""

LARGEST = 1 << 20
"""Bytes of one file that are kept."""
FIRST_BOOT: Files = {
    "etc/os-release": [
        "644",
        'PRETTY_NAME="Ubuntu 24.04 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nID=ubuntu\n',
    ]
}
"""Of the image that the nodes are made of."""
VOLATILE = "run/"
"""A reboot clears it."""


def lay_out(files: Files, root: Path) -> None:
    """Write the files below root."""
    for name, (mode, text) in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        file.chmod(int(mode, 8))


def collect(root: Path) -> dict[str, list[str]]:
    """Return the files below root.

    Raises:
        ValueError: one is too large to be kept.
    """
    found = {}
    for file in sorted(root.rglob("*")):
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode):
            continue
        if status.st_size > LARGEST:
            raise ValueError(f"{file} has {status.st_size} bytes; a rehearsed node keeps {LARGEST} of a file")
        text = file.read_bytes().decode("utf-8", "surrogateescape")
        found[file.relative_to(root).as_posix()] = [f"{stat.S_IMODE(status.st_mode):o}", text]
    return found
