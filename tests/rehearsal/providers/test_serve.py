"""Serving by hand, and leaving nothing behind."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from unittest.mock import Mock

import pytest

from rehearsal.providers.serve import all_providers, serve
from tests.conftest import PROGRAM


def is_open(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def ports_in(value: str) -> dict[str, int]:
    return {plugin: int(port) for plugin, port in (part.split(":") for part in value.split(","))}


def test_every_plugin_has_a_port_of_its_own_that_is_closed_at_the_end() -> None:
    with serve(all_providers(Mock())) as value, serve(all_providers(Mock())) as other:
        ports, others = ports_in(value), ports_in(other)
        assert list(ports) == ["azure-native", "tls", "random", "command"]
        assert len({*ports.values(), *others.values()}) == 8
        assert all(map(is_open, ports.values()))
    assert not any(map(is_open, ports.values()))


def test_a_failure_inside_closes_the_ports() -> None:
    ports: dict[str, int] = {}
    with pytest.raises(RuntimeError, match="inside"), serve(all_providers(Mock())) as value:
        ports = ports_in(value)
        raise RuntimeError("inside")
    assert ports
    assert not any(map(is_open, ports.values()))


@pytest.mark.parametrize("ended_by", ["end of input", "SIGTERM"])
def test_by_hand_it_prints_the_variable_and_stops_when_told(ended_by: str) -> None:
    command = [sys.executable, "-m", "rehearsal.providers.serve"]
    with subprocess.Popen(command, cwd=PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        line = process.stdout.readline()
        match = re.fullmatch(r"export PULUMI_DEBUG_PROVIDERS=(azure-native:\d+,tls:\d+,random:\d+,command:\d+)\n", line)
        assert match, line
        ports = ports_in(match[1])
        assert all(map(is_open, ports.values()))
        if ended_by == "SIGTERM":
            process.send_signal(signal.SIGTERM)
        else:
            process.stdin.close()
        assert process.wait(timeout=20) == (-signal.SIGTERM if ended_by == "SIGTERM" else 0)
    assert not any(map(is_open, ports.values()))
