"""The files of a node, kept with its VM and laid out in a folder while scripts run."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

from rehearsal.node.disk import LARGEST, NodeFile

Files = Mapping[str, list[str]]
"""Path below `/`, without the first slash -> [mode in octal, text]."""

MOST_BYTES, MOST_FILES = 8 << 20, 2000
"""Of all files of a node, that are kept."""
FIRST_BOOT: Files = {
    "etc/os-release": [
        "644",
        'PRETTY_NAME="Ubuntu 24.04 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nID=ubuntu\n',
    ]
}
"""Of the image that the nodes are made of."""
_VOLATILE = "run/"
"""A reboot clears it."""
_LOGS = "var/lib/rancher/k3s/server/logs/"
"""What is logged while scripts run, a rehearsed node does not keep."""


class TooMuchError(ValueError):
    """A script has left what a rehearsed node does not keep."""


def after_power_cycle(files: Files) -> Files:
    """Return the files that a reboot leaves."""
    return {name: file for name, file in files.items() if not name.startswith(_VOLATILE)}


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
        TooMuchError: one is no file or too large to be kept, or all of them are too much.
    """
    found: dict[str, list[str]] = {}
    size = 0
    for file in sorted(root.rglob("*")):
        status = file.lstat()
        name = file.relative_to(root).as_posix()
        if stat.S_ISDIR(status.st_mode) or name.startswith(_LOGS):
            continue
        if not stat.S_ISREG(status.st_mode):
            raise TooMuchError(
                f"/{name} is a link or a device; a rehearsed node keeps files, and no script needs another"
            )
        if status.st_size > LARGEST:
            raise TooMuchError(f"/{name} has {status.st_size} bytes; a rehearsed node keeps {LARGEST} of a file")
        size += status.st_size
        if size > MOST_BYTES or len(found) >= MOST_FILES:
            raise TooMuchError(f"a rehearsed node keeps {MOST_FILES} files of {MOST_BYTES} bytes in all; it has more")
        text = NodeFile(root, tuple(name.split("/"))).read_bytes().decode("utf-8", "surrogateescape")
        found[name] = [f"{stat.S_IMODE(status.st_mode):o}", text]
    return found
