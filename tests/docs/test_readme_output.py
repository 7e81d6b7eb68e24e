"""What README.md says that its commands print is what they print."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.mqtt.install import find_mosquitto
from tests.conftest import PROGRAM, RUN_IN

README = (PROGRAM / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```text\n(.*?)^```", README, re.M | re.S)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    for name in ("__main__.py", "Pulumi.yaml", "Pulumi.dev.yaml"):
        shutil.copy(PROGRAM / name, folder)
    return folder


def run(project: Path, *arguments: str, exit_code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-c", RUN_IN, str(project), *arguments],
        cwd=PROGRAM, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == exit_code, done.stderr
    return done.stderr if exit_code else done.stdout


def in_order(shown: str, printed: str) -> None:
    """Every line that is shown was printed, in this order; `...` stands for any number of lines."""
    lines = iter(printed.splitlines())
    for line in shown.strip("\n").splitlines():
        assert line == "..." or line in lines, f"{line!r} was not printed (any more, or in this order): README.md"


def test_a_rehearsal_prints_what_the_readme_shows(project: Path) -> None:
    find_mosquitto()
    shown, _ = SHOWN
    assert len(shown.splitlines()) > 8
    in_order(shown, run(project, "rehearse"))


def test_the_mistake_that_the_readme_proposes_is_told_as_it_shows(project: Path) -> None:
    network = "10.1.0.0/16"
    assert f"give both clusters the network `{network}`" in README
    file = project / "Pulumi.dev.yaml"
    text = file.read_text(encoding="utf-8")
    try:
        file.write_text(re.sub(r"(address_space: )10\.2\.0\.0/16", rf"\g<1>{network}", text), encoding="utf-8")
        in_order(SHOWN[1], run(project, "check", "--rehearsal", exit_code=2))
    finally:
        file.write_text(text, encoding="utf-8")


def test_ci_runs_what_the_readme_says_before_azure_comes_in() -> None:
    offline = README.partition("## Deploy it")[0]
    commands = re.findall(r"^\$ (.*)", offline, re.M)
    assert len(commands) >= 3
    script = (PROGRAM / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [command for command in commands if command not in script] == []


def test_the_readme_fits_on_a_screen() -> None:
    assert len(README.splitlines()) <= 90


def test_a_line_that_was_not_printed_is_noticed() -> None:
    in_order("a\n...\nc\n", "a\nb\nc\n")
    with pytest.raises(AssertionError, match="'x' was not printed"):
        in_order("a\nx\n", "a\nb\n")
    with pytest.raises(AssertionError, match="'a' was not printed"):
        in_order("b\na\n", "a\nb\n")
