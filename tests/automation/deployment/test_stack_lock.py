"""Who holds a lock, from the CLI's own text, and whether that run can still be alive."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import sys

import pytest

from automation.deployment.stack_lock import Lock, find_locks
from tests.automation.network import DEAD_PID

HEAD = (
    "\n code: 255\n stdout: Updating (dev):\n\n\n stderr: error: the stack is currently locked by {} lock(s). Either"
    " wait for the other process(es) to end or delete the lock file with `pulumi cancel`.{}"
)
LOCAL = "file:///home/ada/.pulumi/locks/organization/edge-stamps/dev/3f0b1d9e-6f1c-4c53-9a52-1f6b8a1d6c11.json"
BLOB = "azblob://state/.pulumi/locks/organization/edge-stamps/dev/a1.json?storage_account=stmyorg"
ME, HERE = getpass.getuser(), socket.gethostname()


def line(where: str, who: str, pid: int, at: str = "2026-11-24T15:04:05+01:00") -> str:
    return f"\n  {where}: created by {who} (pid {pid}) at {at}"


def test_the_holder_is_read_from_what_the_cli_says() -> None:
    told = HEAD.format(1, line(LOCAL, "ada@laptop", 4242))
    assert find_locks(told) == [Lock(LOCAL, "ada", "laptop", 4242, "2026-11-24T15:04:05+01:00")]


def test_all_holders_are_read() -> None:
    lines = line(LOCAL, "ada@laptop", 4242) + line(BLOB, "runner@build-1", 17, "2026-11-24T14:04:05Z") + "\n"
    locks = find_locks(HEAD.format(2, lines))
    assert [(lock.where, lock.user, lock.host, lock.pid) for lock in locks] == [
        (LOCAL, "ada", "laptop", 4242),
        (BLOB, "runner", "build-1", 17),
    ]
    assert locks[1].at == "2026-11-24T14:04:05Z"


@pytest.mark.parametrize(
    ("who", "user", "host"),
    [
        ("ada@example.com@laptop", "ada@example.com", "laptop"),
        (r"CORP\ada@laptop", r"CORP\ada", "laptop"),
        ("Ada Lovelace@laptop.example.com", "Ada Lovelace", "laptop.example.com"),
    ],
)
def test_users_of_any_name_are_told_from_their_host(who: str, user: str, host: str) -> None:
    (lock,) = find_locks(HEAD.format(1, line(LOCAL, who, 1)))
    assert (lock.user, lock.host) == (user, host)


@pytest.mark.parametrize(
    "text",
    [
        "error: [409] Conflict: Another update is currently in progress.",
        HEAD.format(1, ""),
        HEAD.format(1, "\n  file:///home/ada/x.json: created by somebody"),
        "the resource was created by ada@laptop",
        "",
    ],
)
def test_where_nobody_is_named_there_is_none(text: str) -> None:
    assert find_locks(text) == []


def test_a_lock_is_told_in_words() -> None:
    lock = Lock(LOCAL, "ada", "laptop", 4242, "2026-11-24T14:04:05Z")
    assert str(lock) == "ada@laptop, process 4242, since 2026-11-24T14:04:05Z"


def test_a_lock_of_ours_is_left_over_once_its_process_has_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        lock = Lock("", ME, HERE, process.pid, "")
        assert not lock.is_left_over
    assert lock.is_left_over


@pytest.mark.parametrize(
    ("user", "host", "pid"),
    [
        (ME, HERE, os.getpid()),
        (ME, HERE, 1),  # alive, whoever may send it a signal
        (ME, f"not-{HERE}", None),
        (f"not-{ME}", HERE, None),
        (HERE, f"not-{ME}", None),
    ],
    ids=["this process", "a process that is not ours", "another machine", "another user", "neither"],
)
def test_any_other_lock_may_be_in_use(user: str, host: str, pid: int | None) -> None:
    assert not Lock("", user, host, DEAD_PID if pid is None else pid, "").is_left_over


def test_a_process_that_refuses_our_signal_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert not Lock("", ME, HERE, DEAD_PID, "").is_left_over
