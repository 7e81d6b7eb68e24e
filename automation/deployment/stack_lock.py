"""Who holds a stack's lock, and whether that run can still be alive."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from rehearsal.whoami import user

# pulumi/pulumi, pkg/backend/diy/lock.go, `checkForLock`. Pulumi Cloud names nobody.
_LINE = re.compile(
    r"^\s*(?P<where>\S+): created by (?P<user>.+)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<at>\S+)", re.M
)


@dataclass(frozen=True)
class Lock:
    """One run's claim on a stack."""

    where: str
    user: str
    host: str
    pid: int
    at: str
    """When, as the CLI writes it."""

    def __str__(self) -> str:
        gone = "; no such process is here now" if self.is_left_over else ""
        return f"{self.user}@{self.host}, process {self.pid}, since {self.at}{gone}"

    @property
    def is_left_over(self) -> bool:
        """Whether the run had our user and host name, and no such process is here.

        That alone does not say that it was on this machine: `automation.deployment.run_journal` does.
        """
        return (self.user, self.host) == (user(), socket.gethostname()) and not _is_running(self.pid)


class LockedError(Exception):
    """Another run holds the stack; the text says whose."""

    def __init__(self, stack: str, locks: Sequence[Lock], files: Sequence[Path] = ()) -> None:
        self.files = files
        """Of the locks, also of those that do not say whose they are."""
        holders = "\n".join(f"  {lock}, {lock.where}" for lock in locks) or "  nobody says who it is"
        super().__init__(f"Stack {stack} is locked by another run:\n{holders}")


def find_locks(message: str) -> Sequence[Lock]:
    """Find the locks that the CLI's error names; none where it does not say who holds them."""
    return [
        Lock(found["where"], found["user"], found["host"], int(found["pid"]), found["at"])
        for found in _LINE.finditer(message)
    ]


def find_lock_files(message: str) -> Sequence[Path]:
    """Return the files of the locks that the error names, where the backend is a folder."""
    return [Path(url2pathname(urlsplit(found).path)) for found in re.findall(r"^\s*(file://\S+):", message, re.M)]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
