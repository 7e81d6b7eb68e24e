"""A run that is killed in the middle of long work: the work goes on, and the next run begins none beside it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from rehearsal.node.leftovers import end_processes, find_processes
from tests.nodes.node_stand_in import Node
from tests.nodes.test_connect_arc import PARAMETERS

_NOWHERE = Path("/nonexistent")


def start(node: Node, work: str) -> subprocess.Popen[bytes]:
    """Start connecting; return it when the work has begun."""
    run = subprocess.Popen(
        node.command("connect-arc"), env=node.environment(PARAMETERS), cwd="/", start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    give_up = time.monotonic() + 60
    while not node.called(work):
        assert run.poll() is None and time.monotonic() < give_up
        time.sleep(0.02)
    return run


def restart_agent(run: subprocess.Popen[bytes]) -> None:
    """Kill all that the agent has begun; a unit of its own is a session of its own here."""
    for process in find_processes(run.pid, _NOWHERE):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    run.wait()


def reboot(node: Node, run: subprocess.Popen[bytes]) -> None:
    """Kill all that runs on the node, and clear what a reboot clears."""
    end_processes(run.pid, node.bin)
    run.wait()
    (node.root / "run/edge-stamps/node.lock").unlink()


@pytest.fixture
def slow(node: Node) -> Node:
    """Let connecting take until somebody waits for it."""
    text = (node.bin / "az").read_text()
    wait = 'until [[ -e "$state/waited-for" ]]; do /bin/sleep 0.02; done'
    node.put_tool("az", text.replace('"connectedk8s connect")\n', f'"connectedk8s connect")\n    {wait}\n'))
    node.put_tool("sleep", (node.bin / "sleep").read_text() + 'touch "$state/waited-for"\n/bin/sleep 0.2\n')
    return node


def test_the_next_run_waits_for_the_work_of_one_that_ended_with_the_agent(slow: Node) -> None:
    restart_agent(start(slow, "az connectedk8s connect"))
    assert slow.run("connect-arc", PARAMETERS).fact["oidc_issuer"] == "https://issuer.example/1"
    assert slow.called("az connectedk8s connect") == 1
    assert slow.called("az connectedk8s delete") == 0


def test_after_a_reboot_the_next_run_begins_anew(slow: Node) -> None:
    reboot(slow, start(slow, "az connectedk8s connect"))
    slow.put(**{"waited-for": ""})
    assert slow.run("connect-arc", PARAMETERS).fact["oidc_issuer"] == "https://issuer.example/1"
    assert slow.called("az connectedk8s connect") == 2


def test_work_in_a_unit_of_its_own_ends_in_time(node: Node) -> None:
    node.run("connect-arc", PARAMETERS)
    own = [call for call in node.calls if call.startswith("systemd-run")]
    assert all("--scope" in call and "--unit=edge-stamps " in call and "RuntimeMaxSec=" in call for call in own)
    assert [call.partition(" az ")[2].split()[1] for call in own] == ["connect", "enable-features"]
