"""No private key, and no password, is anywhere but in files that only their owner reads and that do not stay."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from rehearsal.mqtt import mosquitto as mosquitto_module
from rehearsal.mqtt.bodies import Credentials
from rehearsal.mqtt.client import read_client, tls_context
from rehearsal.mqtt.mosquitto import Broker, BrokerFailedError, run_broker
from rehearsal.mqtt.observer import observe
from rehearsal.mqtt.private import private_folder, write_private
from rehearsal.mqtt.proof import prove
from rehearsal.mqtt.result import summarize
from rehearsal.mqtt.translate import PortPlan, read_ports
from tests.conftest import TWO_CLUSTERS
from tests.rehearsal.mqtt.plant import Plant

Deployed = Callable[[dict[str, Any]], Plant]
_WAIT_SECONDS = 20.0


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where private folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def _port(made: Plant) -> PortPlan:
    (port,) = read_ports(made.views["enterprise"])
    return port


def _key_lines(made: Plant) -> list[str]:
    """Lines of the deployed private keys."""
    texts = [text for view in made.all for secret in view.secrets.values() for text in secret.data.values()]
    keys = [text for text in texts if "PRIVATE KEY" in text]
    assert len(keys) == 2
    return [line for key in keys for line in key.splitlines() if line and not line.startswith("-----")]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def test_processes_show_no_key_and_no_password(deployed: Deployed) -> None:
    made = deployed(TWO_CLUSTERS)
    with run_broker(_port(made)) as broker, observe(broker):
        shown = "".join(
            (path / name).read_bytes().decode(errors="replace")
            for path in Path("/proc").glob("[0-9]*")
            for name in ("cmdline", "environ")
            if _readable(path / name)
        )
        own = Path(f"/proc/{broker.process_id}/cmdline").read_bytes().decode()
        log = broker.log()

    assert "mosquitto" in own
    for secret in (*_key_lines(made), broker.observer_password):
        assert secret not in shown + log


def _readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def test_only_the_owner_reads_the_files_and_one_holds_the_key(deployed: Deployed) -> None:
    made = deployed(TWO_CLUSTERS)
    with run_broker(_port(made)) as broker:
        plan = read_client(made.views["site"], "mqtt-enterprise")
        tls_context(plan, plan.credentials, broker.folder)
        found = {path.name: path.read_text() for path in _files(broker.folder)}
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in _files(broker.folder)}
        folder_mode = stat.S_IMODE(broker.folder.stat().st_mode)

    holders = [name for name, text in found.items() if any(line in text for line in _key_lines(made))]
    assert holders == ["server.key"]  # the client's was there only while it was read
    assert folder_mode == 0o700
    assert {name for name, mode in modes.items() if mode != 0o600} <= {"mosquitto.log"}
    assert not any(broker.observer_password in text for text in found.values())


def test_nothing_of_a_proof_shows_a_key(deployed: Deployed) -> None:
    made = deployed(TWO_CLUSTERS)
    plans = (read_client(made.views["site"], "mqtt-enterprise"), _port(made))

    proof = prove(made.all, messages=4, sign=made.pki.client.sign)

    shown = "".join([repr(proof), str(asdict(proof)), summarize(proof), *proof.problems, repr(plans), repr(made)])
    assert proof.ok
    assert not any(line in shown for line in _key_lines(made))
    assert "PRIVATE" not in shown


def test_nothing_stays_after_a_proof(deployed: Deployed, folders: Path) -> None:
    prove(deployed(TWO_CLUSTERS).all, messages=4)

    assert list(folders.iterdir()) == []


def test_nothing_stays_after_an_exception(deployed: Deployed, folders: Path) -> None:
    brokers: list[Broker] = []

    def interrupted() -> None:
        with run_broker(_port(deployed(TWO_CLUSTERS))) as broker:
            brokers.append(broker)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert list(folders.iterdir()) == []
    assert not _alive(brokers[0].process_id)


def test_a_broker_that_does_not_start_says_why_without_its_key(deployed: Deployed, folders: Path) -> None:
    port = _port(deployed(TWO_CLUSTERS))
    assert port.certificate
    mixed = Credentials(port.certificate.chain_pem, port.certificate.key_pem[:60] + "\n")
    plan = PortPlan(port.cluster, port.listener, port.port, mixed, port.client_ca_pem, port.grants)

    with pytest.raises(BrokerFailedError, match=r"server\.key") as caught, run_broker(plan):
        pass

    assert not any(line in str(caught.value) for line in _key_lines(deployed(TWO_CLUSTERS)))
    assert list(folders.iterdir()) == []


def test_a_broker_that_never_runs_is_given_up(
    deployed: Deployed, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = folders / "stuck"
    stuck.write_text("#!/bin/sh\nexec sleep 60\n")
    stuck.chmod(0o700)
    monkeypatch.setattr(mosquitto_module, "find_mosquitto", lambda: stuck)
    monkeypatch.setattr(mosquitto_module, "_START_SECONDS", 0.2)

    with pytest.raises(BrokerFailedError, match="not running"), run_broker(_port(deployed(TWO_CLUSTERS))):
        pass

    assert list(folders.iterdir()) == [stuck]


def test_a_port_that_another_process_took_is_left_to_it(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    free_ports = mosquitto_module._find_free_ports
    with run_broker(_port(deployed(TWO_CLUSTERS))) as first:
        taken = iter([(first.port, first.observer_port)])
        monkeypatch.setattr(mosquitto_module, "_find_free_ports", lambda: next(taken, None) or free_ports())
        with run_broker(_port(deployed(TWO_CLUSTERS))) as second:
            assert not {second.port, second.observer_port} & {first.port, first.observer_port}


_KILLED = """
import signal, sys
from tests.conftest import TWO_CLUSTERS
from tests.rehearsal.mqtt.plant import plant
from rehearsal.mqtt.mosquitto import run_broker
from rehearsal.mqtt.translate import read_ports
(port,) = read_ports(plant(TWO_CLUSTERS).views["enterprise"])
with run_broker(port) as broker:
    print(broker.process_id, flush=True)
    signal.pause()
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_stays_when_we_are_killed(tmp_path: Path, how: signal.Signals) -> None:
    root = Path(__file__).resolve().parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED], cwd=root, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(root)},
    ) as process:  # fmt: skip
        assert process.stdout
        broker = int(process.stdout.readline())
        assert _alive(broker) and list(_files(tmp_path))
        process.send_signal(how)

    deadline = time.monotonic() + _WAIT_SECONDS
    while (_alive(broker) or list(tmp_path.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _alive(broker)
    assert list(tmp_path.iterdir()) == []


def _alive(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_private_file_is_never_readable_by_others(folders: Path) -> None:
    previous = os.umask(0)
    try:
        with private_folder() as folder:
            assert stat.S_IMODE(write_private(folder / "key", "x").stat().st_mode) == 0o600
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        os.umask(previous)
    assert list(folders.iterdir()) == []
