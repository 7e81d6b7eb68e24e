"""Which runs this machine has begun and not ended: only a lock of such a run may be taken away.

User, host name and process number do not make out a machine: hosted runners of one image share host name and user, and
a container does not see the processes of another one. So a run notes that it has begun, in a file of the project, and
removes the note when it has ended in order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from automation.deployment.stack_lock import Lock

FOLDER = ".runs"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")


class BusyError(Exception):
    """Another run of this stack is at work in this folder."""


@dataclass
class RunJournal:
    """The runs of one stack in one project folder."""

    file: Path
    began: str = ""
    """When the first run began that has not ended in order; as the CLI writes it into locks."""
    was_killed: bool = False
    """The engine was killed and not this process: its lock is still there."""

    @contextmanager
    def record_run(self) -> Iterator[None]:
        """Note a run while it lasts, and afterwards too if it does not end in order.

        Raises:
            BusyError: another one is at work.
        """
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.file.open("a+", encoding="utf-8") as note:
            _hold(note)
            before = _read(note)
            unended = before if before.get("machine") == _machine() and before.get("began") else {}
            self.began, self.was_killed = unended.get("began") or _now(), False
            now = {"machine": _machine(), "began": self.began}
            _write(note, now)
            try:
                yield
            except KeyboardInterrupt:
                _write(note, now)  # the engine may not have ended in order either
                raise
            except BaseException:
                _write(note, unended)
                raise
            _write(note, now if self.was_killed else {})

    def has_begun(self, lock: Lock) -> bool:
        """Return whether the lock is of a run that was noted here: then its process would be seen."""
        return bool(self.began) and datetime.fromisoformat(lock.at) >= datetime.fromisoformat(self.began)


def _hold(note: IO[str]) -> None:
    """Lock the note: two runs would both find a lock left over, and the second take away that of the first."""
    import fcntl  # not on Windows, where the scripts of this project do not run either

    try:
        fcntl.flock(note, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BusyError from None


def _read(note: IO[str]) -> dict[str, Any]:
    note.seek(0)
    try:
        content = json.loads(note.read() or "{}")
    except ValueError:
        return {}  # cut off in the writing: as if nothing had been noted
    return content if isinstance(content, dict) else {}


def _write(note: IO[str], content: dict[str, Any]) -> None:
    note.seek(0)
    note.truncate()
    note.write(json.dumps(content))
    note.flush()


def _machine() -> str:
    """Identify this boot of this machine, and which processes can be seen from here."""
    boot = _BOOT.read_text(encoding="utf-8").strip() if _BOOT.exists() else ""
    return f"{boot} {_PROCESSES.readlink() if _PROCESSES.exists() else ''}"


def _now() -> str:
    """To the second, as in locks."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
