"""A script can neither hold up the rehearsal, nor stay behind, nor fill the disk."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from rehearsal.node import service
from rehearsal.node.leftovers import find_processes
from tests.rehearsal.node.bench import Bench

_CALL = """#!/usr/bin/env python3
import os, socket
one = socket.socket(socket.AF_UNIX)
one.connect(os.environ["PATH"].partition(":")[0] + "/.service")
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="proc(5)")


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


@pytest.mark.timeout(30)
def test_a_call_that_says_nothing_is_hung_up_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_SECONDS", 0.2)
    run = bench.run(_CALL + "print(one.recv(1))")
    assert run["stdout"] == "b''\n"


@pytest.mark.timeout(30)
def test_a_call_that_is_too_large_is_hung_up_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_LARGEST", 1 << 20)
    assert "rror" in bench.run(_CALL + "one.sendall(bytes(8 << 20)); one.shutdown(1); one.recv(1)")["stderr"]


def test_a_tool_that_is_unknown_is_not_found(bench: Bench) -> None:
    call = r"call = b'unheard-of\0/\x000'; one.sendall(b'%d\n' % len(call) + call); one.shutdown(1); print(one.recv(3))"
    assert bench.run(_CALL + call)["stdout"] == "b'127'\n"


@linux
@pytest.mark.timeout(30)
def test_a_child_with_a_session_of_its_own_does_not_stay(bench: Bench) -> None:
    child = " os.setsid()\n [os.close(one) for one in range(3)]\n time.sleep(60)\n"
    said = "print(os.environ['PATH'].partition(':')[0])"
    run = bench.run(f"#!/usr/bin/env python3\nimport os, time\nif os.fork() == 0:\n{child}{said}")
    assert run["exit_code"] == 0
    assert find_processes(-1, Path(run["stdout"].strip())) == []


_CHILD = """
import os, time
from rehearsal.node import confine
confine.end_with(os.getppid())
print(os.getpid(), flush=True)
time.sleep(60)
"""
_STARTER = f"""
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {_CHILD!r}], stdout=subprocess.PIPE)
print(child.stdout.readline().decode(), flush=True)
os.kill(os.getpid(), 9)
"""


@linux
def test_a_script_ends_with_who_has_started_it() -> None:
    ended = subprocess.run([sys.executable, "-c", _STARTER], capture_output=True, timeout=20, check=False)
    child = Path("/proc", ended.stdout.decode().strip())
    give_up = time.monotonic() + 5
    while _runs(child) and time.monotonic() < give_up:
        time.sleep(0.01)
    assert not _runs(child)


def _runs(process: Path) -> bool:
    try:
        return "(zombie)" not in (process / "status").read_text()
    except OSError:
        return False


def test_a_large_file_cannot_be_written(bench: Bench) -> None:
    run = bench.run("#!/usr/bin/env python3\nimport os\nos.truncate(os.open(os.environ['TMPDIR'] + '/x', 65), 1 << 30)")
    assert run["exit_code"] != 0


@pytest.mark.parametrize(
    ("many", "sentence"),
    [
        ("head -c 2000000 /dev/zero >$ROOT_DIR/large", "/large has 2000000 bytes; a rehearsed node keeps"),
        ("for i in {1..9}; do head -c 1000000 /dev/zero >$ROOT_DIR/$i; done", "it has more"),
        ("ln -s /etc/passwd $ROOT_DIR/link", "/link is a link or a device; a rehearsed node keeps files"),
        ("mkfifo $ROOT_DIR/pipe", "/pipe is a link or a device; a rehearsed node keeps files"),
        ("mkdir $ROOT_DIR/many; touch $ROOT_DIR/many/{1..2001}", "it has more"),
    ],
)
def test_too_much_on_a_node_is_a_failed_script(many: str, sentence: str) -> None:
    bench = Bench()
    run = bench.run(f"#!/bin/bash\n{many}\necho $ROOT_DIR >&2")
    assert run["exit_code"] == 1
    assert sentence in run["stderr"]
    assert bench.run("#!/bin/bash\nls $ROOT_DIR")["stdout"] == "etc\n"
