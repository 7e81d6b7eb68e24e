"""`rehearse --serve`: what was rehearsed, for other clients, until it is interrupted."""

from __future__ import annotations

import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from rehearsal.arm_rest import Served
from settings.stand_ins import STAND_INS
from tests.arm.examples import SUBSCRIPTION
from tests.conftest import PROGRAM, RUN_IN, TWO_CLUSTERS
from tests.rehearsal.arm_rest.clients import Client
from tests.rehearsal.arm_rest.plain import call
from tests.rehearsal.azure.samples import Azure


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose stack dev was rehearsed: a group with a network."""
    settings = {**TWO_CLUSTERS, **STAND_INS, "subscription_id": SUBSCRIPTION}
    (tmp_path / "Pulumi.yaml").write_text("name: edge-stamps\nruntime: python\n", encoding="utf-8")
    document = yaml.safe_dump({"config": {"edge-stamps:settings": settings}})
    (tmp_path / "Pulumi.dev.yaml").write_text(document, encoding="utf-8")
    azure = Azure()
    azure.deploy("group", "vnet")
    kept = tmp_path / ".rehearsal" / "dev" / "azure.json"
    kept.parent.mkdir(parents=True)
    azure.world.save(kept)
    return tmp_path


def start(project: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN_IN, str(project), "rehearse", "--stack", "dev", "--serve", *options]
    return subprocess.Popen(
        command, cwd=PROGRAM, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@contextmanager
def serving(project: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The command, once it has said everything that it says at first."""
    process = start(project)
    try:
        lines: list[str] = []
        assert process.stdout
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if "az resource list" in line:
                break
        yield process, lines
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_ended_and_leaves_nothing(project: Path, number: signal.Signals) -> None:
    before = (project / ".rehearsal" / "dev" / "azure.json").read_bytes()
    with serving(project) as (process, lines):
        text = "\n".join(lines)
        (folder,) = (project / ".rehearsal" / ".served").iterdir()
        token = (folder / "token").read_text(encoding="utf-8")
        assert len(token) > 40
        assert token not in text
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
        assert modes == {folder.name: 0o700, "token": 0o600, "header": 0o600, "ca.pem": 0o600}

        address = re.findall(r"https://127\.0\.0\.1:\d+", lines[0])[0]
        client = Client(Served(address, "", token), folder / "ca.pem", SUBSCRIPTION)
        found = call(client, f"/subscriptions/{SUBSCRIPTION}/resources?api-version=2025-04-01")
        assert [one["name"] for one in found.body["value"]] == ["vnet"]
        path = f"{found.body['value'][0]['id']}?api-version=2024-05-01"
        assert call(client, path, "DELETE").status == 202  # of the copy

        process.send_signal(number)
        ended, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        assert "Served no longer" in ended
    assert not list((project / ".rehearsal" / ".served").iterdir())
    assert (project / ".rehearsal" / "dev" / "azure.json").read_bytes() == before


def test_the_line_for_curl_can_be_copied(project: Path) -> None:
    with serving(project) as (_, lines):
        (line,) = (line for line in lines if "curl --cacert" in line)
        command = ["bash", "-c", f"{line} --silent --show-error --fail"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert '"name": "vnet"' in done.stdout


@pytest.mark.parametrize(
    ("options", "code", "words"), [(("--destroy",), 2, "goes without --destroy"), ((), 1, "is rehearsed")]
)
def test_what_it_cannot_serve_is_told(project: Path, options: tuple[str, ...], code: int, words: str) -> None:
    (project / ".rehearsal" / "dev" / "azure.json").unlink()
    process = start(project, *options)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert words in errors
    assert "rehearse" in errors.split("Next:")[1]
