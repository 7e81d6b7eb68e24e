"""No private key of a rehearsal is readable but in files that only their owner reads."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from settings.stack_file import SETTINGS_KEY
from tests.conftest import PROGRAM, RUN_IN

FAILS = "up that fails"
COMMANDS = {
    "rehearse": ["rehearse"],
    "rehearse as JSON": ["rehearse", "--json"],
    "graph": ["graph"],
    "preview": ["preview", "--offline", "--json"],
    "up": ["up", "--offline", "--json"],
    FAILS: ["up", "--offline", "--json", "--fault", "*:create:bad-request"],
    "refresh": ["refresh", "--offline"],
    "outputs": ["outputs", "--offline"],
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        shutil.copy(PROGRAM / name, folder)
    told(folder, "rehearse")
    return folder


def told(folder: Path, command: str) -> str:
    """All that the command prints, and logs at its most talkative."""
    done = subprocess.run(
        [sys.executable, "-c", RUN_IN, str(folder), *COMMANDS[command]],
        cwd=PROGRAM, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.stdout + done.stderr


def keys_of(folder: Path) -> set[str]:
    """A line of each private key of the run, which is enough to know it by."""
    state = json.loads((folder / ".rehearsal" / "dev" / "state.json").read_text(encoding="utf-8"))
    texts = re.findall(r"BEGIN (?:EC )?PRIVATE KEY-----(?:\\+n|\n)([A-Za-z0-9+/=]{40,})", json.dumps(state))
    return set(texts)


def ask_for_new_keys(folder: Path) -> None:
    """Write it into the stack file, so that an `up` has something to create."""
    file = folder / "Pulumi.dev.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["config"][SETTINGS_KEY]["links"][0]["generation"] = 2
    file.write_text(yaml.safe_dump(document), encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_prints_a_key(command: str, project: Path) -> None:
    if command == FAILS:
        ask_for_new_keys(project)
    text = told(project, command)
    assert command != FAILS or "BadRequest" in text
    keys = keys_of(project)
    assert len(keys) >= 6, "four authorities and two leaves have a key each"
    assert [key for key in keys if key in text] == []
    assert "PRIVATE KEY" not in text


def test_files_with_keys_are_their_owner_s_alone(project: Path) -> None:
    keys = [key.encode() for key in keys_of(project)]
    holding = [file for file in project.rglob("*") if file.is_file() and any(key in file.read_bytes() for key in keys)]
    assert {file.name for file in holding} == {"state.json", "azure.json"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in holding} == {0o600}
    assert {stat.S_IMODE(file.parent.stat().st_mode) for file in holding} == {0o700}
