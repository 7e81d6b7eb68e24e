"""However a command ends, it says so: in words, as a document and with an exit code, and never with a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from automation import cli as command
from automation.commands import inspect
from settings.stand_ins import STAND_INS
from tests.automation.network import STACK, Site
from tests.conftest import PROGRAM, RUN_IN, TWO_CLUSTERS


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the whole program, for one stack."""
    monkeypatch.setattr(command, "PROGRAM", tmp_path)
    shutil.copy(PROGRAM / "__main__.py", tmp_path)
    write_settings(tmp_path)
    return tmp_path


def write_settings(folder: Path) -> None:
    document = {"config": {"edge-stamps:settings": {**TWO_CLUSTERS, **STAND_INS}}}
    (folder / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A project in which whoever runs the command may write nothing."""
    Site(tmp_path)
    shutil.copy(PROGRAM / "__main__.py", tmp_path)
    write_settings(tmp_path)
    tmp_path.chmod(0o555)
    yield tmp_path
    tmp_path.chmod(0o755)


def run_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as somebody whom the folder's permissions bind."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(PROGRAM)}
    line = [sys.executable, "-c", RUN_IN, str(folder), *arguments, "--stack", STACK]
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("run as root, whom no permission binds, without setpriv: a read-only folder was not tried")
        line = ["setpriv", "--bounding-set=-dac_override", *line]
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.parametrize(
    "arguments",
    [["check"], ["explain"], ["graph"], ["preview", "--offline"], ["outputs", "--offline"]],
    ids=lambda arguments: arguments[0],
)
def test_what_only_reads_works_in_a_folder_that_is_read_only(read_only: Path, arguments: list[str]) -> None:
    done = run_in(read_only, *arguments)
    assert done.returncode == 0, done.stderr


def test_what_writes_says_in_one_line_that_the_folder_is_read_only(read_only: Path) -> None:
    done = run_in(read_only, "rehearse", "--without-messages")
    assert done.returncode == 1
    assert f"{read_only}/.runs: Permission denied.\n\nNext: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stack_with_its_organization_is_rehearsed_as_any_other(project: Path) -> None:
    name = f"organization/edge-stamps/{STACK}"
    for options in (["--without-messages"], ["--destroy"]):
        result = CliRunner().invoke(command.app, ["rehearse", *options, "--stack", name])
        assert result.exit_code == 0, result.stderr
    assert not (project / ".rehearsal" / STACK).exists()


def blocks_interrupts(pid: int) -> bool:
    """Return whether SIGINT waits: from the program's first line on, until the command can tell it."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"^SigBlk:\s+(\w+)", status, re.M)
    return bool(found and int(found[1], 16) & 1 << signal.SIGINT - 1)


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.1])
def test_an_interrupt_while_it_starts_is_an_ending(seconds: float) -> None:
    line = [sys.executable, "-m", "automation", "explain", "--json"]
    with subprocess.Popen(line, cwd=PROGRAM, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not blocks_interrupts(process.pid):
            time.sleep(0.001)
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["outcome"]) == (130, "cancelled")
    assert error.endswith("Interrupted.\n\nNext: run the same command again\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "--nonsense"], "No such option: --nonsense"),
        (["preview", "--report", "/nowhere/page.html"], "/nowhere/page.html cannot be written"),
        (["up", "--offline", "--stack"], "requires an argument"),
        (["certificates", "--within", "two"], "'--within': expected a whole number"),
        (["certificates", "--within", "-1"], "'--within': expected 0 or more"),
        (["certificates", "--within", "4000"], "'--within': expected at most 3650"),
        (["certificates", "retier"], "'ACTION': 'retier' is not one of"),
        (["certificates", "requests", "--out", __file__], "is a file"),
    ],
)
def test_a_wrong_command_line_is_a_document_too(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(command.app, [arguments[0], "--json", *arguments[1:]])
    document = json.loads(result.stdout)
    assert (result.exit_code, document["exit_code"], document["command"]) == (2, 2, arguments[0])
    assert [each["kind"] for each in document["problems"]] == ["usage"]
    assert message in document["problems"][0]["message"]
    assert "Usage: " in result.stderr or "Error: " in result.stderr


@pytest.mark.parametrize("arguments", [["nonsense", "--json"], ["graph", "--json"]])
def test_what_has_no_document_prints_none(arguments: list[str]) -> None:
    result = CliRunner().invoke(command.app, arguments)
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.usefixtures("project")
def test_a_mistake_of_the_program_is_told_and_its_traceback_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise LookupError("no such shelf")

    monkeypatch.setattr(inspect, "load_stack", broken)
    result = CliRunner().invoke(command.app, ["check", "--stack", STACK, "--json"])
    assert (result.exit_code, json.loads(result.stdout)["problems"][0]["kind"]) == (1, "program")
    assert "This is a mistake of the program, and not yours: LookupError: no such shelf\n" in result.stderr
    file = re.search(r"The traceback is in (.+)\.\n", result.stderr)
    assert file
    assert "in broken" in Path(file[1]).read_text(encoding="utf-8")
    Path(file[1]).unlink()


@pytest.mark.usefixtures("project")
def test_a_failing_smoke_run_tells_each_error_once_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    from automation.commands import smoke, stack

    load = stack.load_target

    def with_a_fault(*arguments: Any, **options: Any) -> stack.Target:
        from rehearsal.azure.faults import Fault, Faults

        return load(*arguments, **{**options, "faults": Faults(Fault("site-node", "create", "bad-request", 1))})

    monkeypatch.setattr(smoke, "load_target", with_a_fault)
    result = CliRunner().invoke(command.app, ["smoke", "--offline", "--stack", STACK])
    assert result.exit_code == 1
    assert (result.stdout + result.stderr).count("site-node: ") == 1
    assert "  -> In Azure: " in result.stderr
