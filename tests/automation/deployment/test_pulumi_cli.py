"""An interrupt reaches the CLI once, and is told when the CLI has ended in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pulumi.automation import CommandError

from automation.deployment.modelled_cli import ModelledCli
from automation.deployment.pulumi_cli import PulumiCli
from rehearsal.azure.world import Surroundings
from tests.conftest import PROGRAM

SLOW = """#!/bin/sh
[ "$1" = version ] && echo v3.260.0 && exit
trap 'echo "int" >> seen; sleep 0.4; echo unlocked >> seen; echo "the last line"; exit 255' INT
echo begun >> seen
while true; do sleep 0.1; done
"""
RUN = """
import sys
from automation.deployment.pulumi_cli import PulumiCli
try:
    PulumiCli(skip_version_check=True).run(["up"], sys.argv[1], {}, print)
except KeyboardInterrupt:
    print("interrupted")
    sys.exit(130)
"""


def pulumi(folder: Path, script: str) -> None:
    (folder / "bin").mkdir()
    file = folder / "bin" / "pulumi"
    file.write_text(script, encoding="utf-8")
    file.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


@pytest.mark.parametrize("whom", ["our process", "our process group"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_cli_ends_in_order_before_we_do(whom: str, number: signal.Signals, path: Path) -> None:
    pulumi(path, SLOW)
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(path)],
        cwd=PROGRAM, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    seen = path / "seen"
    deadline = time.monotonic() + 30
    while not seen.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    (os.killpg if whom == "our process group" else os.kill)(process.pid, number)
    out, error = process.communicate(timeout=30)
    assert seen.read_text(encoding="utf-8").split() == ["begun", "int", "unlocked"]
    assert (process.returncode, out) == (130, "the last line\ninterrupted\n")
    assert error.startswith("Interrupted: what runs is let end")


def test_what_it_says_is_handed_on_and_kept(path: Path) -> None:
    pulumi(path, '#!/bin/sh\n[ "$1" = version ] && echo v3.260.0 && exit\necho "$@"; echo two; echo "$KEY" >&2\n')
    lines: list[str] = []
    result = PulumiCli(skip_version_check=True).run(["stack", "ls"], str(path), {"KEY": "value"}, lines.append)
    assert (result.stdout, result.stderr, result.code) == ("--non-interactive stack ls\ntwo", "value", 0)
    assert lines == ["--non-interactive stack ls", "two"]


def test_its_failure_is_a_failure(path: Path) -> None:
    pulumi(path, '#!/bin/sh\n[ "$1" = version ] && echo v3.260.0 && exit\necho no >&2; exit 3\n')
    with pytest.raises(CommandError, match="stderr: no"):
        PulumiCli(skip_version_check=True).run(["up"], str(path), {})
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_option_by_variable_does_not_reach_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi(path, '#!/bin/sh\n[ "$1" = version ] && echo v3.260.0 && exit\nenv\n')
    monkeypatch.setenv("PULUMI_OPTION_CONFIG_FILE", "other.yaml")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "token")
    monkeypatch.setenv("ARM_CLIENT_SECRET", "secret")
    cli = PulumiCli(skip_version_check=True)
    in_earnest = cli.run(["stack", "ls"], str(path), {}).stdout
    assert "PULUMI_OPTION" not in in_earnest
    assert "PULUMI_ACCESS_TOKEN" in in_earnest

    modelled = ModelledCli(cli, path / "azure.json", Surroundings(""))
    in_a_model = modelled.run(["stack", "ls"], str(path), {"PULUMI_HOME": "home"}).stdout
    assert not {"PULUMI_ACCESS_TOKEN", "ARM_CLIENT_SECRET"} & {line.partition("=")[0] for line in in_a_model.split()}
    assert "PULUMI_HOME=home" in in_a_model
    assert "PULUMI_ACCESS_TOKEN" in cli.run(["stack", "ls"], str(path), {}).stdout
