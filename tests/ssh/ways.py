"""What runs a command over SSH: the real provider where there is one, and a real client that does what it does.

Go's registry does not serve the plug-in of pulumi-command, so CI cannot build it: OpenSSH's client stands for it there.
With `pulumi-resource-command` on PATH the tests run with both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from graph.local_commands import REMOTE_COMMAND
from tests.ssh.server import Server

PLUGIN = "pulumi-resource-command"
_SECRET = "4dabf18193072939515e22adb298388d"
_SECONDS = 60


@dataclass(frozen=True)
class Ended:
    """How a command ended, and everything that its caller is told."""

    ok: bool
    told: str


class Way(Protocol):
    """Runs `create` of a remote command with its inputs."""

    def run(self, inputs: Mapping[str, Any]) -> Ended: ...


@dataclass(frozen=True)
class Client:
    """OpenSSH's own: the host key alone is trusted, the agent alone has keys, the input is the command's."""

    server: Server
    folder: Path

    def run(self, inputs: Mapping[str, Any]) -> Ended:
        way = inputs["connection"]
        known = self.folder / "known_hosts"
        known.write_text(f"[{way['host']}]:{int(way['port'])} {way['hostKey']}\n", encoding="utf-8")
        options = (
            "BatchMode=yes", "StrictHostKeyChecking=yes", f"UserKnownHostsFile={known}",
            "GlobalKnownHostsFile=/dev/null", f"ConnectTimeout={int(way['perDialTimeout'])}",
            "HostKeyAlgorithms=ssh-ed25519",
        )  # fmt: skip
        words = [word for option in options for word in ("-o", option)]
        address = f"{way['user']}@{way['host']}"
        done = subprocess.run(
            ["ssh", "-T", "-F", "/dev/null", *words, "-p", str(int(way["port"])), address, inputs["create"]],
            input=inputs["stdin"], env={**os.environ, "SSH_AUTH_SOCK": self.server.agent},
            capture_output=True, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
        return Ended(done.returncode == 0, f"{done.returncode}\n{done.stdout}\n{done.stderr}")


@dataclass(frozen=True)
class Plugin:
    """The provider itself, asked as the engine asks it."""

    stub: provider_pb2_grpc.ResourceProviderStub
    log: Path

    def run(self, inputs: Mapping[str, Any]) -> Ended:
        urn = f"urn:pulumi:dev::edge-stamps::{REMOTE_COMMAND}::site-enable-arc"
        given = {**inputs, "connection": _mark(inputs["connection"]), "stdin": _mark(inputs["stdin"])}
        checked = self.stub.Check(
            provider_pb2.CheckRequest(urn=urn, news=_to_struct(given), randomSeed=b"0" * 32), timeout=_SECONDS
        )
        assert not checked.failures, checked.failures
        request = provider_pb2.CreateRequest(urn=urn, properties=checked.inputs, timeout=_SECONDS)
        try:
            made = self.stub.Create(request, timeout=_SECONDS)
        except grpc.RpcError as error:
            return Ended(False, f"{error.details()}\n{self.log.read_text()}")
        return Ended(True, f"{_in_clear(made.properties)}\n{self.log.read_text()}")


def _mark(value: Any) -> dict[str, Any]:
    return {_SECRET: "1b47061264138c4ac30d75fd1eb44270", "value": value}


def _to_struct(value: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(value)
    return struct


def _in_clear(properties: struct_pb2.Struct) -> dict[str, Any]:
    """Return what is no secret, as a state would have it in clear."""
    return {
        key: value
        for key, value in properties.fields.items()
        if not (value.HasField("struct_value") and _SECRET in value.struct_value.fields)
    }


@contextmanager
def start_plugin(server: Server, folder: Path) -> Iterator[Plugin]:
    """Start the provider, which says its port on the first line of its output."""
    program = shutil.which(PLUGIN)
    assert program
    log = folder / "plugin.log"
    with (
        log.open("wb") as said,
        subprocess.Popen(
            [program, "127.0.0.1:1"],
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, "SSH_AUTH_SOCK": server.agent},
        ) as process,  # fmt: skip
    ):
        try:
            assert process.stdout
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                stub.Configure(
                    provider_pb2.ConfigureRequest(acceptSecrets=True, acceptResources=True), timeout=_SECONDS
                )
                yield Plugin(stub, log)
        finally:
            process.terminate()
