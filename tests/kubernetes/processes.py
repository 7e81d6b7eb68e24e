"""Servers of the tests: children on loopback that never outlive the tests."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

LOOPBACK = "127.0.0.1"
_START_SECONDS = 90.0
_STOP_SECONDS = 5.0
_GUARD = 'read -r _; kill -KILL "$1"'
"""Waits for its standard input to close, which even a killed parent does."""


class Server:
    """One server; started in a session of its own, so that Ctrl-C reaches the tests alone, and they end it."""

    def __init__(self, command: Sequence[str | Path], log: Path) -> None:
        self.log = log
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=log.parent, start_new_session=True
            )
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", str(self.pid)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Wait for the start, within a bound; a server that has ended is told with its last words."""

        def is_over() -> bool:
            return is_ready() or self._process.poll() is not None

        wait_until(is_over, _START_SECONDS, self._last_words)
        assert self._process.poll() is None, self._last_words()

    def _last_words(self) -> str:
        return f"{self.log.name}: {self.log.read_text()[-2000:]}"

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self._release()

    def kill(self) -> None:
        """End it as a power failure does."""
        self._process.kill()
        self._process.wait()
        self._release()

    def _release(self) -> None:
        self._guard.kill()
        self._guard.communicate()


def wait_until(is_so: Callable[[], bool], seconds: float, explain: Callable[[], str] = lambda: "") -> None:
    """Wait until something is so, within a bound."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {seconds} s {explain()}"
        time.sleep(0.05)


def find_free_port() -> int:
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        port: int = found.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
