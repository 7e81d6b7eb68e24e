"""A script is root's in earnest, and reaches nothing of the machine that rehearses."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from rehearsal.node import confine, programs
from tests.rehearsal.node.bench import Bench

needs_landlock = pytest.mark.skipif(not confine.find_version(), reason="this kernel has no Landlock")


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


@needs_landlock
@pytest.mark.parametrize(
    "attempt",
    ["echo evil >{file}", "cp /dev/null {file}", "mkdir {file}", "ln -s / {file}", "mv $TMPDIR {file}"],
)
def test_nothing_is_written_outside_the_node(attempt: str, bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "evil"
    run = bench.run(f"#!/bin/bash\n{attempt.format(file=file)}")
    assert run["exit_code"] != 0
    assert not file.exists()


@needs_landlock
def test_what_is_there_is_neither_changed_nor_deleted(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text("kept")
    run = bench.run(f"#!/bin/bash\nrm -f {file}; : >{file}; chmod 000 {tmp_path} || true; echo end")
    assert run["stdout"] == "end\n"
    assert file.read_text() == "kept"


@needs_landlock
def test_a_real_program_that_changes_the_machine_is_not_run(bench: Bench) -> None:
    program = next(path for path in ("/usr/bin/apt-get", "/usr/bin/mount", "/usr/bin/su") if os.access(path, os.X_OK))
    run = bench.run(f"#!/bin/bash\n{program} --version")
    assert run["exit_code"] == 126
    assert "Permission denied" in run["stderr"]


@needs_landlock
@pytest.mark.skipif(confine.find_version() < 4, reason="this Landlock knows no network")
def test_no_connection_leaves_the_node(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        run = bench.run(f'#!/bin/bash\npython3 -c "{connect}"')
    assert "PermissionError" in run["stderr"]


@needs_landlock
def test_other_processes_are_left_alone(bench: Bench) -> None:
    with subprocess.Popen(["/bin/sleep", "30"]) as other:
        run = bench.run(f"#!/bin/bash\nkill -9 {other.pid}")
        time.sleep(0.05)
        assert other.poll() is None
        other.kill()
    assert "Operation not permitted" in run["stderr"]


@needs_landlock
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has capabilities to give up")
def test_root_has_no_capability_left(bench: Bench) -> None:
    run = bench.run("#!/bin/bash\ngrep -h '^Cap[EPB]' /proc/self/status")
    assert {line.split()[1] for line in run["stdout"].splitlines()} == {"0" * 16}


def test_without_landlock_root_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine, "find_version", lambda: 0)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    run = Bench().run("#!/bin/bash\necho it ran")
    assert run["stdout"] == ""
    assert "Next: run the rehearsal as an ordinary user" in run["stderr"]


def test_that_nothing_confines_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confine, "find_version", lambda: 3)
    assert confine.find_warning() == ""
    monkeypatch.setattr(confine, "find_version", lambda: 0)
    assert "scripts of nodes can do what you can" in confine.find_warning()


def test_without_perl_nothing_runs_and_the_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = {name: path for name, path in programs.find_real().items() if name != "perl"}
    monkeypatch.setattr(programs, "find_real", lambda: real)
    run = Bench().run("#!/bin/bash\necho it ran")
    assert run["stdout"] == ""
    assert "ERROR: perl not found" in run["stderr"]
