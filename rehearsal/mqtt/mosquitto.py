"""Run Mosquitto for one exposed port."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.mqtt.install import find_mosquitto, find_plugin
from rehearsal.mqtt.private import private_folder, write_private
from rehearsal.mqtt.translate import Grants, PortPlan
from rehearsal.mqtt.wire import LOOPBACK

OBSERVER = "observer"
_START_SECONDS = 5.0
_STOP_SECONDS = 2.0
_STARTS = 5
"""Another process may take a free port before Mosquitto does."""
_LOG_SECONDS = 0.5
_ITERATIONS = 101
_SHARED = "$share"
_GUARD = 'read -r _; kill "$1"; rm -rf "$2"'
"""Waits for its standard input to close, which even a killed parent does; then no broker and no key is left."""


class BrokerFailedError(Exception):
    """Mosquitto does not start with what was deployed; the text is Mosquitto's own."""


@dataclass(frozen=True)
class Broker:
    """A running Mosquitto."""

    plan: PortPlan
    port: int
    """On 127.0.0.1."""
    observer_port: int
    """Of a second listener, for the observer only."""
    observer_password: str = field(repr=False)
    folder: Path
    process_id: int
    version: str

    def log(self) -> str:
        return _read_log(self.folder)

    def log_length(self) -> int:
        """Return a mark for `find_tls_error`."""
        return len(self.log())

    def find_tls_error(self, mark: int) -> str:
        """Return why the broker has refused a handshake since the mark, in OpenSSL's words; empty if it has not."""
        deadline = time.monotonic() + _LOG_SECONDS
        while time.monotonic() < deadline:
            found = re.search(r"error:[0-9A-F]{8}:[^:\n]*:[^:\n]*:([^.\n]+)", self.log()[mark:])
            if found:
                return found[1]
            time.sleep(0.002)  # the alert is on its way before the line is written
        return ""


@dataclass(frozen=True)
class Place:
    """Where one broker after another takes over from the one before: ports, observer's password, sessions."""

    port: int
    observer_port: int
    observer_password: str = field(repr=False)
    sessions: Path
    """Folder in which Mosquitto leaves them when it is terminated."""


@contextmanager
def make_place() -> Iterator[Place]:
    """Choose free ports, and make a folder that is gone afterwards."""
    with private_folder() as folder:
        yield Place(*_find_free_ports(), _new_password(), folder)


@contextmanager
def run_broker(plan: PortPlan, place: Place | None = None) -> Iterator[Broker]:
    """Run Mosquitto with exactly what the plan says, at the place or on a free port; it is terminated in all cases.

    Raises:
        MosquittoMissingError: it is not installed.
        BrokerFailedError: it does not start.
    """
    executable = find_mosquitto()
    with private_folder() as folder:
        password = place.observer_password if place else _new_password()
        for attempt in range(1, _STARTS + 1):
            port, observer_port = (place.port, place.observer_port) if place else _find_free_ports()
            configuration = folder / f"mosquitto-{attempt}.conf"
            lines = [*_render_sessions(place), *_render_configuration(plan, folder, port, observer_port, password)]
            write_private(configuration, "\n".join(lines) + "\n")
            with _start(executable, configuration, folder) as process:
                version = _wait_until_running(process, folder)
                if version:
                    yield Broker(plan, port, observer_port, password, folder, process.pid, version)
                    return
                if "Address already in use" not in _read_log(folder):
                    break
        raise BrokerFailedError(_read_errors(folder))


def _render_configuration(plan: PortPlan, folder: Path, port: int, observer_port: int, password: str) -> Iterator[str]:
    yield "per_listener_settings false"
    if os.geteuid() == 0:
        yield "user root"  # else it would become `mosquitto`, who cannot read our files
    yield "log_dest stderr"
    yield "set_tcp_nodelay true"
    yield "max_queued_messages 0"  # no limit: the observer must miss nothing
    yield f"allow_anonymous {str(plan.grants is None).lower()}"
    if plan.grants is not None:
        yield f"plugin {find_plugin()}"
        yield f"plugin_opt_config_file {_write(folder / 'roles.json', _render_roles(plan.grants, password))}"
    # For the observer, who needs its password wherever the deployed port has a policy.
    yield f"listener {observer_port} {LOOPBACK}"
    yield f"listener {port} {LOOPBACK}"
    yield "max_qos 1"  # learn.microsoft.com/azure/iot-operations/manage-mqtt-broker/overview-broker
    if plan.certificate:
        yield f"certfile {_write(folder / 'server.crt', plan.certificate.chain_pem)}"
        yield f"keyfile {_write(folder / 'server.key', plan.certificate.key_pem)}"
        yield "tls_version tlsv1.3"
    if plan.client_ca_pem:
        yield f"cafile {_write(folder / 'clients.crt', plan.client_ca_pem)}"
        yield "require_certificate true"
        yield "use_subject_as_username true"


def _render_sessions(place: Place | None) -> Iterator[str]:
    """Keep sessions for the broker that takes over, as AIO's backends keep them while its frontends roll."""
    yield f"persistence {str(place is not None).lower()}"
    if place:
        yield f"persistence_location {place.sessions}/"


def _write(path: Path, text: str) -> Path:
    return path if path.exists() else write_private(path, text)


def _render_roles(grants: Mapping[str, Grants], password: str) -> str:
    """Return what the dynamic-security plugin reads; `acl_file` would accept every SUBSCRIBE.

    mosquitto.org/documentation/dynamic-security
    """
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    observer = {
        "username": OBSERVER,
        "password": base64.b64encode(digest).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": _ITERATIONS,
        "roles": [{"rolename": OBSERVER}],
    }
    everything = [_allow("subscribePattern", "#"), _allow("publishClientSend", "#")]
    return json.dumps(
        {
            # Who may subscribe also receives; nothing else is given to anybody.
            "defaultACLAccess": {
                "publishClientSend": False,
                "publishClientReceive": True,
                "subscribe": False,
                "unsubscribe": True,
            },
            "clients": [observer, *({"username": name, "roles": [{"rolename": name}]} for name in grants)],
            "groups": [],
            "roles": [
                {"rolename": OBSERVER, "acls": everything},
                *({"rolename": name, "acls": _render_acls(granted)} for name, granted in grants.items()),
            ],
        }
    )


def _render_acls(granted: Grants) -> list[dict[str, Any]]:
    """Return what is granted; who may hear a topic may also share it in a group.

    The plugin compares a filter as it stands, with its $share and its group: +/+/b would match $share/x/b.
    """
    return [
        *(_allow("publishClientSend", topic) for topic in granted.publish),
        *(_allow("subscribePattern", topic) for topic in granted.subscribe),
        *(_allow("subscribePattern", f"{_SHARED}/+/{topic}", priority=2) for topic in granted.subscribe),
        _allow("subscribePattern", f"{_SHARED}/#", priority=1, allow=False),
    ]


def _allow(kind: str, topic: str, *, priority: int = 0, allow: bool = True) -> dict[str, Any]:
    return {"acltype": kind, "topic": topic, "priority": priority, "allow": allow}


@contextmanager
def _start(executable: Path, configuration: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with _log(folder).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 our own configuration
            [executable, "-c", configuration], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    guard = subprocess.Popen(  # noqa: S603
        ["/bin/sh", "-c", _GUARD, "guard", str(process.pid), str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        _stop(process)
        guard.kill()
        guard.communicate()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait_until_running(process: subprocess.Popen[bytes], folder: Path) -> str:
    """Return Mosquitto's version once it runs; empty if it has ended."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        running_version = re.search(r"mosquitto version (\S+) running", _read_log(folder))
        if running_version:
            return running_version[1]
        if process.poll() is not None:
            return ""
        time.sleep(0.002)
    raise BrokerFailedError(f"not running after {_START_SECONDS:.0f} s: {_read_errors(folder)}")


def _log(folder: Path) -> Path:
    return folder / "mosquitto.log"


def _read_log(folder: Path) -> str:
    return _log(folder).read_text(errors="replace")


def _read_errors(folder: Path) -> str:
    lines: Sequence[str] = _read_log(folder).splitlines()
    return "; ".join(re.sub(r"^\d+: ", "", line) for line in lines if "rror" in line) or "it says nothing"


def _new_password() -> str:
    return secrets.token_urlsafe(24)


def _find_free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind((LOOPBACK, 0))
        other.bind((LOOPBACK, 0))
        return one.getsockname()[1], other.getsockname()[1]
