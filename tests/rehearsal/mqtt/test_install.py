"""Mosquitto is found or installed, or it is said how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rehearsal.mqtt import install, proof
from rehearsal.mqtt.install import INSTALL_LINE, MosquittoMissingError, find_mosquitto, find_plugin
from tests.conftest import TWO_CLUSTERS
from tests.rehearsal.mqtt.plant import Plant

Deployed = Callable[[dict[str, Any]], Plant]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty machine: only commands in this folder are found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(install, "_PLACES", (str(tmp_path / "sbin"),))
    monkeypatch.setattr(install, "_LIBRARIES", (str(tmp_path / "lib"),))
    monkeypatch.setattr(install, "_SYSTEMD", tmp_path / "systemd")
    return tmp_path


def _command(folder: Path, name: str, script: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _apt(machine: Path, script: str = "exit 0") -> None:
    """Records its arguments, and installs."""
    (machine / "sbin").mkdir()
    (machine / "lib").mkdir()
    _command(machine, "env", 'while case "$1" in *=*) true;; *) false;; esac; do shift; done; exec "$@"')
    _command(machine, "service", f'echo "service $*" >> {machine}/said')
    _command(machine, "systemctl", f'echo "systemctl $*" >> {machine}/said')
    installs = (
        f": > {machine}/lib/{install._PLUGIN}; : > {machine}/sbin/mosquitto; /bin/chmod 755 {machine}/sbin/mosquitto"
    )
    _command(machine, "apt-get", f'echo "apt-get $*" >> {machine}/said; {script}; {installs}'.replace("exit 0; ", ""))


def _said(machine: Path) -> list[str]:
    return (machine / "said").read_text().splitlines()


@pytest.mark.usefixtures("machine")
def test_what_is_missing_is_said_with_the_line_to_run() -> None:
    for find in (find_mosquitto, find_plugin):
        with pytest.raises(MosquittoMissingError) as caught:
            find()
        assert INSTALL_LINE in str(caught.value)
    assert "apt-get install mosquitto" in INSTALL_LINE


def test_it_is_found_beside_the_path_of_ordinary_users(machine: Path) -> None:
    _command(machine / "sbin", "mosquitto")

    assert find_mosquitto() == machine / "sbin/mosquitto"


@pytest.mark.parametrize("place", ["lib", "lib/x86_64-linux-gnu"])
def test_its_plugin_is_found(machine: Path, place: str) -> None:
    _command(machine / place, install._PLUGIN)

    assert find_plugin() == machine / place / install._PLUGIN


@pytest.mark.usefixtures("machine")
def test_a_proof_without_it_fails_with_the_line_to_run(deployed: Deployed) -> None:
    with pytest.raises(MosquittoMissingError, match="apt-get install mosquitto"):
        proof.prove(deployed(TWO_CLUSTERS).all)


def test_it_is_installed_and_its_service_does_not_stay(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    _apt(machine)

    assert install.main() == 0
    assert _said(machine) == [
        "apt-get -o DPkg::Lock::Timeout=60 install --yes --quiet --no-install-recommends mosquitto",
        "service mosquitto stop",
    ]


def test_with_systemd_its_service_never_starts(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    (machine / "systemd").mkdir()
    _apt(machine)

    assert install.main() == 0
    assert [line.split()[0] + " " + line.split()[1] for line in _said(machine)] == [
        "systemctl mask",
        "apt-get -o",
        "systemctl unmask",
        "systemctl disable",
    ]


def test_package_lists_are_renewed_when_they_are_old(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    _apt(machine, f'case "$*" in *install*) [ -e {machine}/new ] || exit 1;; *) : > {machine}/new;; esac')

    assert install.main() == 0
    assert [line.split()[3] for line in _said(machine)[:3]] == ["install", "update", "install"]


def test_sudo_that_asks_for_a_password_is_not_used(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    _apt(machine)
    _command(machine, "sudo", "exit 1")

    assert install.main() == 1
    assert not (machine / "said").exists()
    assert INSTALL_LINE in capsys.readouterr().err


def test_sudo_without_a_password_is_used(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    _apt(machine)
    _command(machine, "true", "exit 0")
    _command(machine, "sudo", f'echo "sudo $1" >> {machine}/said; shift; exec "$@"')

    assert install.main() == 0
    assert _said(machine)[:2] == ["sudo -n", "sudo -n"]


def test_a_failed_installation_says_what_to_run(
    machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    _apt(machine, "exit 1")

    assert install.main() == 1
    assert INSTALL_LINE in capsys.readouterr().err


def test_what_is_there_is_left_alone(machine: Path) -> None:
    _command(machine / "sbin", "mosquitto")
    _command(machine / "lib", install._PLUGIN)

    assert install.main() == 0
    assert not (machine / "said").exists()
