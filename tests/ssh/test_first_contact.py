"""A machine becomes Arc-enabled over a real SSH connection, with stand-ins of what would leave the machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from graph.fake_outputs import DEPLOYERS_TOKEN
from graph.local_commands import REMOTE_COMMAND
from settings.stand_ins import STAND_INS
from tests.conftest import TWO_CLUSTERS, evaluate
from tests.real_tools import REQUIRED
from tests.ssh.server import Server, find_sshd, serve
from tests.ssh.ways import PLUGIN, Client, Way, start_plugin

SUBSCRIPTION = STAND_INS["subscription_id"]
MACHINE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-plant/providers/Microsoft.HybridCompute/machines/site-1"
WANTED = f"{SUBSCRIPTION}/rg-plant/site-1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    sshd = find_sshd()
    if sshd is None:
        reason = "sshd is not installed: no connection was made (`make sshd` installs it)"
        (pytest.fail if "sshd" in os.environ.get(REQUIRED, "").split() else pytest.skip)(reason)
    with serve(tmp_path, sshd) as found:
        yield found


@pytest.fixture(params=["client", "provider"])
def way(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Iterator[Way]:
    if request.param == "client":
        yield Client(server, tmp_path)
        return
    if not shutil.which(PLUGIN):
        pytest.skip(f"{PLUGIN} is not on PATH: the provider's own SSH was not exercised")
    with start_plugin(server, tmp_path) as plugin:
        yield plugin


@pytest.fixture
def command(server: Server) -> dict[str, Any]:
    """What the program asks of the provider for this machine."""
    ssh = {"host": "127.0.0.1", "port": server.port, "user": server.user, "host_key": server.host_key}
    site = {"hosting": "arc-machine", "code": "a", "node": {"address": "192.168.10.20"}}
    site["machine"] = {"resource_id": MACHINE, "ssh": ssh}
    graph = evaluate({**TWO_CLUSTERS, "clusters": {"site": site}})
    (found,) = graph.of_type(REMOTE_COMMAND)
    return found.plain_inputs


def _of_another_machine(command: Mapping[str, Any], server: Server) -> dict[str, Any]:
    return {**command, "connection": {**command["connection"], "hostKey": server.other_key}}


def test_a_machine_becomes_arc_enabled(way: Way, server: Server, command: dict[str, Any]) -> None:
    ended = way.run(command)

    assert ended.ok, ended.told
    assert (server.node.state / "place").read_text().strip() == WANTED
    assert json.dumps({"machine": WANTED})[1:-1] in ended.told.replace('\\"', '"')
    assert server.node.called("apt-get -qq -o DPkg::Lock::Timeout=300 install") == 1
    assert (server.node.state / "packages").read_text() == "1.60.03293.809"


def test_a_second_run_does_nothing(way: Way, server: Server, command: dict[str, Any]) -> None:
    assert way.run(command).ok
    server.node.put(calls="")

    ended = way.run(command)

    assert ended.ok, ended.told
    assert [call.split()[0] for call in server.node.calls] == ["sudo", "azcmagent", "azcmagent"]
    assert server.node.called("azcmagent show") == 2


def test_nothing_is_sent_to_a_machine_that_has_another_host_key(
    way: Way, server: Server, command: dict[str, Any]
) -> None:
    ended = way.run(_of_another_machine(command, server))

    assert not ended.ok
    assert "host key" in ended.told.lower()
    assert server.node.calls == []


def test_a_machine_that_is_another_one_in_azure_is_named_and_left(
    way: Way, server: Server, command: dict[str, Any]
) -> None:
    server.node.put(packages="1.0", place=f"{SUBSCRIPTION}/rg-of-others/press-9\n")

    ended = way.run(command)

    assert not ended.ok
    assert f"Arc-enabled as {SUBSCRIPTION}/rg-of-others/press-9" in ended.told
    assert "azcmagent disconnect" in ended.told, "a next step"
    assert server.node.called("azcmagent connect") == 0


def test_the_token_is_in_no_command_line_environment_file_or_word_that_is_told(
    way: Way, server: Server, command: dict[str, Any]
) -> None:
    server.node.put(refuses="FATAL AZCM0042: access denied for ")  # then it says the file that it was given

    failed = way.run(command)
    (server.node.state / "refuses").unlink()
    succeeded = way.run(command)

    assert not failed.ok and "AZCM0042" in failed.told
    assert succeeded.ok, succeeded.told
    state = server.node.state
    assert json.loads((state / "config").read_text()) == {"access-token": DEPLOYERS_TOKEN}, "else nothing is proven"
    assert (state / "mode-of-config").read_text().strip() == "600"
    assert not Path((state / "config-path").read_text().strip()).exists()
    logs = [state / "calls", state / "environments", state / "command-lines", server.log]
    seen = [*(file.read_text() for file in logs), failed.told, succeeded.told, command["create"]]
    assert [text for text in seen if DEPLOYERS_TOKEN in text] == []
    left = [file for file in server.node.root.rglob("*") if file.is_file() and DEPLOYERS_TOKEN in file.read_text()]
    assert left == []


def test_a_script_that_arrives_in_part_does_not_run(way: Way, server: Server, command: dict[str, Any]) -> None:
    text = command["stdin"]

    for length in (len(text) // 3, len(text) - 20):
        ended = way.run({**command, "stdin": text[:length]})
        assert not ended.ok, ended.told

    assert [call for call in server.node.calls if not call.startswith("sudo ")] == []


def test_a_lost_connection_fails_and_the_next_run_ends_well(way: Way, server: Server, command: dict[str, Any]) -> None:
    server.node.put(hold="")
    ends = []
    thread = threading.Thread(target=lambda: ends.append(way.run(command)))
    thread.start()
    _await(server.node.state / "connecting")
    server.cut_connections()
    thread.join(30)
    (server.node.state / "hold").unlink()

    assert [end.ok for end in ends] == [False], "the caller is told"
    assert way.run(command).ok
    assert (server.node.state / "place").read_text().strip() == WANTED


def _await(file: Path) -> None:
    for _ in range(400):
        if file.exists():
            return
        time.sleep(0.05)
    raise TimeoutError(f"{file} does not come")


def test_a_machine_that_does_not_answer_is_told_in_time(way: Way, command: dict[str, Any]) -> None:
    began = time.monotonic()
    ended = way.run({**command, "connection": {**command["connection"], "port": 1}})

    assert not ended.ok
    assert time.monotonic() - began < 30


def test_sshd_takes_the_key_of_the_agent_alone(server: Server, tmp_path: Path, command: dict[str, Any]) -> None:
    """Else the tests would pass with whatever key this machine has."""
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(tmp_path / "empty")], stdout=subprocess.DEVNULL) as agent:
        _await(tmp_path / "empty")
        nobody = Server(server.node, server.port, server.host_key, "", str(tmp_path / "empty"), server.log)
        ended = Client(nobody, tmp_path).run(command)
        agent.terminate()

    assert not ended.ok and "Permission denied" in ended.told
