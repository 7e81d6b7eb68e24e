"""`--engine`: which engine deploys into the modelled Azure, and what it leaves alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from automation import cli as command
from automation.deployment.engine import ENGINE_VARIABLE
from automation.deployment.stack_lock import Lock
from settings.stack_file import SETTINGS_KEY
from tests.automation.network import ARM_IDS, STACK, Site
from tests.conftest import PROGRAM, RUN_IN, TWO_CLUSTERS, ask_no_rules

SMALL = "from tests.automation.network import network\n\nnetwork()\n"
needs_cli = pytest.mark.usefixtures("pulumi")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy what a project needs to be rehearsed; its `.rehearsal/` is empty."""
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        shutil.copy(PROGRAM / name, tmp_path)
    monkeypatch.setattr(command, "PROGRAM", tmp_path)
    monkeypatch.delenv(ENGINE_VARIABLE)
    return tmp_path


@pytest.fixture
def alone(project: Path) -> Path:
    """Let the stack `dev` be one cluster without links, which takes half as long."""
    settings = {**TWO_CLUSTERS, "clusters": {"site": {}}, "links": []}
    (project / "Pulumi.dev.yaml").write_text(json.dumps({"config": {SETTINGS_KEY: settings}}), encoding="utf-8")
    return project


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project of four resources, with the stack `test`."""
    Site(tmp_path)
    (tmp_path / "__main__.py").write_text(SMALL, encoding="utf-8")
    ask_no_rules(monkeypatch)
    monkeypatch.setattr(command, "PROGRAM", tmp_path)
    monkeypatch.delenv(ENGINE_VARIABLE)
    return tmp_path


@pytest.fixture
def only_pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a `pulumi` of this version alone on PATH; none for an empty one."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def with_version(version: str) -> None:
        if version:
            file = folder / "pulumi"
            file.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
            file.chmod(file.stat().st_mode | stat.S_IXUSR)

    return with_version


def run(*arguments: str, stack: str = STACK) -> Result:
    result = CliRunner().invoke(command.app, [*arguments, "--stack", stack])
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert "mistake of the program" not in result.stderr, result.stderr
    return result


def in_a_process(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", RUN_IN, str(folder), *arguments]


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("", "The Pulumi CLI is not on PATH"),
        ("v3.258.9", "The Pulumi CLI is version 3.258.9; expected 3.259.0 or newer"),
    ],
    ids=["none", "too old"],
)
def test_without_a_cli_that_would_do_auto_takes_the_offline_engine_and_says_why(
    small: Path, only_pulumi: Callable[[str], None], version: str, why: str
) -> None:
    only_pulumi(version)
    result = run("up", "--offline", "--json")
    assert f"Engine: the offline engine ({why}).\n" in result.stderr
    assert json.loads(result.stdout)["engine"] == "offline"
    assert (small / ".rehearsal" / STACK / "state.json").exists()


@pytest.mark.parametrize(
    "arguments", [("rehearse", "--without-messages"), ("up", "--offline"), ("outputs", "--offline")]
)
@pytest.mark.usefixtures("only_pulumi")
def test_a_cli_that_is_asked_for_and_not_there_is_told_in_one_sentence(small: Path, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "--engine", "pulumi")
    assert result.exit_code == 2
    assert result.stderr.endswith(
        "The Pulumi CLI is not on PATH.\n\n"
        "Next: install it (https://www.pulumi.com/docs/install), or choose --engine offline\n"
    )
    assert not (small / ".rehearsal").exists()


@pytest.mark.parametrize("operation", ["preview", "up", "refresh", "destroy", "outputs", "smoke"])
@pytest.mark.parametrize("choice", ["auto", "offline", "pulumi"])
@pytest.mark.usefixtures("small")
def test_an_engine_for_the_model_is_no_way_into_azure(operation: str, choice: str) -> None:
    result = run(operation, "--engine", choice)
    assert result.exit_code == 2
    assert "it chooses what deploys into the modelled Azure, and needs --offline" in result.stderr


@pytest.mark.usefixtures("only_pulumi")
def test_the_engine_of_the_environment_does_not_keep_a_command_from_azure(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENGINE_VARIABLE, "offline")
    assert run("up").stderr.startswith("The Pulumi CLI is not on PATH.\n")
    assert not (small / ".rehearsal").exists()


@pytest.mark.usefixtures("small", "only_pulumi")
def test_the_next_command_has_the_engine_that_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    how = "Next: .venv/bin/python -m automation up --stack test --offline"
    assert f"{how} --engine offline\n" in run("preview", "--offline", "--engine", "offline").stdout
    monkeypatch.setenv(ENGINE_VARIABLE, "offline")
    assert f"{how}\n" in run("preview", "--offline").stdout


@needs_cli
def test_with_a_cli_auto_rehearses_on_the_real_engine_and_leaves_all_else_alone(
    alone: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    before = (alone / "Pulumi.dev.yaml").read_bytes()
    first = run("rehearse", "--without-messages", "--json", stack="dev")
    assert first.exit_code == 0, first.stderr
    document = json.loads(first.stdout)
    assert document["engine"] == "pulumi"
    assert set(document["changes"].values()) == {"create"}
    assert "Engine: the Pulumi CLI 3." in first.stderr
    assert document["outputs"]["arc_proxy_commands"]

    again = json.loads(run("rehearse", "--without-messages", "--json", stack="dev").stdout)
    assert (again["ok"], again["changes"]) == (True, {})

    assert (alone / "Pulumi.dev.yaml").read_bytes() == before
    assert list(home.iterdir()) == []
    kept = alone / ".rehearsal" / ".pulumi"
    assert stat.S_IMODE((kept / "dev").stat().st_mode) == 0o700
    assert [file.name for file in (alone / ".rehearsal").iterdir()] == [".pulumi"]

    gone = json.loads(run("rehearse", "--destroy", "--json", stack="dev").stdout)
    assert (gone["ok"], gone["engine"], set(gone["changes"].values())) == (True, "pulumi", {"delete"})
    assert list(kept.iterdir()) == []


@needs_cli
def test_a_whole_life_on_the_real_engine(small: Path) -> None:
    def changes(operation: str) -> Counter[str]:
        result = run(operation, "--offline", "--engine", "pulumi", "--json")
        assert result.exit_code == 0, result.stderr
        document = json.loads(result.stdout)
        assert document["engine"] == "pulumi"
        return Counter(document["changes"].values())

    everything = len(ARM_IDS) + 1  # and their provider
    assert changes("preview") == {"create": everything}
    assert changes("up") == {"create": everything}
    assert changes("preview") == changes("refresh") == {}
    outputs = json.loads(run("outputs", "--offline", "--engine", "pulumi", "--json").stdout)
    assert (outputs["engine"], outputs["outputs"]) == ("pulumi", {"vnet": ARM_IDS["vnet"]})
    other = run("outputs", "--offline", "--engine", "offline").stdout
    assert "up --stack test --offline --engine offline, which has not finished yet" in other, "each has its own Azure"
    assert changes("destroy") == {"delete": everything}
    assert (small / ".rehearsal" / ".pulumi" / STACK).exists()


@needs_cli
def test_a_text_that_looks_like_a_number_stays_a_text_for_the_real_engine(project: Path) -> None:
    """PyYAML would write it without quotes, and Go read 815."""
    file = project / "Pulumi.dev.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("    prefix:", '    tags: {lot: "0815"}\n    prefix:', 1), encoding="utf-8")
    result = run("preview", "--offline", "--engine", "pulumi", "--json", stack="dev")
    assert result.exit_code == 0, result.stderr


@needs_cli
def test_what_the_program_prints_is_not_in_the_document(small: Path) -> None:
    (small / "__main__.py").write_text(f"{SMALL}\nprint('a word of the program')\n", encoding="utf-8")
    result = run("preview", "--offline", "--engine", "pulumi", "--json")
    assert json.loads(result.stdout)["ok"]
    assert "a word of the program" in result.stderr


@needs_cli
@pytest.mark.usefixtures("small")
def test_a_fault_comes_true_on_the_real_engine_and_is_waited_for() -> None:
    began = time.monotonic()
    result = run("up", "--offline", "--engine", "pulumi", "--json", "--fault", "vnet:create:throttled")
    assert result.exit_code == 0, result.stderr
    assert "Waiting 60 s" in result.stderr
    assert any("vnet" in note for note in json.loads(result.stdout)["notes"])
    assert time.monotonic() - began < 50, "the clock of the modelled Azure is moved, and nobody waits"


@needs_cli
def test_what_cannot_be_read_is_told_with_the_way_out(small: Path) -> None:
    run("up", "--offline", "--engine", "pulumi")
    kept = small / ".rehearsal" / ".pulumi" / STACK / "azure.json"
    kept.write_text("{", encoding="utf-8")
    result = run("up", "--offline", "--engine", "pulumi")
    assert result.exit_code == 1
    assert f"Next: remove the folder {kept.parent}, which starts from nothing\n" in result.stderr


@needs_cli
@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_an_up_on_the_real_engine_that_was_ended_halfway_is_one_up_away_from_done(
    how: signal.Signals, alone: Path
) -> None:
    arguments = ("--offline", "--engine", "pulumi", "--json")
    changes = alone / ".rehearsal" / ".pulumi" / "dev" / "azure.json.changes"
    process = subprocess.Popen(
        in_a_process(alone, "up", *arguments),
        cwd=PROGRAM,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=_without_the_choice(),
    )
    try:
        while process.poll() is None and not (changes.exists() and len(changes.read_bytes().splitlines()) > 15):
            time.sleep(0.005)
        process.send_signal(how)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait(timeout=30)
    assert process.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL), said
    assert "Traceback" not in said

    _await_end_of_the_cli(alone)
    again = subprocess.run(
        in_a_process(alone, "up", *arguments), cwd=PROGRAM, capture_output=True, text=True, check=False
    )
    assert json.loads(again.stdout)["ok"], again.stdout
    preview = subprocess.run(
        in_a_process(alone, "preview", *arguments), cwd=PROGRAM, capture_output=True, text=True, check=False
    )
    assert json.loads(preview.stdout)["changes"] == {}


def _await_end_of_the_cli(folder: Path) -> None:
    """It is killed with its parent; busy machines take long."""
    until = time.monotonic() + 60
    while not all(lock.is_left_over for lock in _locks(folder)) and time.monotonic() < until:
        time.sleep(0.1)


def _locks(folder: Path) -> Iterator[Lock]:
    for file in folder.rglob("locks/**/*.json"):
        with suppress(FileNotFoundError):  # given back meanwhile
            held = json.loads(file.read_text(encoding="utf-8"))
            yield Lock(str(file), held["username"], held["hostname"], held["pid"], held["timestamp"])


def _without_the_choice() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name != ENGINE_VARIABLE}
