"""A deployment into the modelled Azure is killed in the middle, as a machine that fails would do it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rehearsal.azure.world import Surroundings, World
from settings.stand_ins import STAND_INS
from tests.conftest import PROGRAM, RUN_IN

SOME, NEARLY_ALL = 15, 95
"""Resources in Azure: the end falls between."""


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", RUN_IN, str(folder), *arguments, "--offline"]


def ended_halfway(folder: Path, how: signal.Signals) -> int | None:
    """Run `up` and end it as soon as some resources exist: its exit code, or None if it was too quick."""
    kept = folder / ".rehearsal" / "dev" / "azure.json"
    process = subprocess.Popen(command(folder, "up"), cwd=PROGRAM, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None and not (kept.exists() and _entries(kept) >= SOME):
            time.sleep(0.005)
        process.send_signal(how)
        process.wait(timeout=60)
    finally:
        process.kill()
        process.wait(timeout=30)
    return process.returncode if SOME <= _entries(kept) <= NEARLY_ALL else None


def _entries(kept: Path) -> int:
    world = World(Surroundings(STAND_INS["subscription_id"]))
    world.load(kept)
    return len(world.entries())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_an_up_that_was_ended_halfway_is_one_up_away_from_done(how: signal.Signals, tmp_path: Path) -> None:
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        shutil.copy(PROGRAM / name, tmp_path)
    for _ in range(5):
        if (code := ended_halfway(tmp_path, how)) is not None:
            break
        shutil.rmtree(tmp_path / ".rehearsal")
    else:
        raise AssertionError("up was never ended in the middle")
    assert code == (130 if how is signal.SIGINT else -signal.SIGKILL)

    again = subprocess.run(command(tmp_path, "up", "--json"), cwd=PROGRAM, capture_output=True, text=True, check=False)
    document = json.loads(again.stdout)
    assert document["ok"], again.stdout
    lock_taken_away = any("the lock of a run that has ended is taken away" in note for note in document["notes"])
    assert lock_taken_away == (how is signal.SIGKILL)

    preview = subprocess.run(
        command(tmp_path, "preview", "--json"), cwd=PROGRAM, capture_output=True, text=True, check=False
    )
    assert json.loads(preview.stdout)["changes"] == {}
