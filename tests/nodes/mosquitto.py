"""A real broker on loopback, for the scripts that connect to one."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rehearsal.mqtt.install import find_mosquitto

USER = "root" if os.geteuid() == 0 else "nobody"
"""Of the broker: where it is started as root, it gives that up for another one that could not read its files."""


def find_free_port() -> int:
    """Return a port that nobody has now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(folder: Path, files: Mapping[str, str]) -> Iterator[None]:
    """Run Mosquitto with these files, of which `conf` is its configuration; it logs into `log`."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    process = subprocess.Popen([find_mosquitto(), "-c", folder / "conf"], stdin=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while "running" not in ((folder / "log").read_text() if (folder / "log").exists() else ""):
            assert process.poll() is None and time.monotonic() < deadline, "Mosquitto does not start"
            time.sleep(0.01)
        yield
    finally:
        process.terminate()
        process.wait(10)
