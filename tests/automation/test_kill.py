"""A deployment into the modelled Azure is killed in the middle, as a machine that fails would do it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import PROGRAM

RUN = "import sys; from pathlib import Path; from automation import cli; cli.PROGRAM = Path(sys.argv.pop(1)); cli.app()"
SOME, NEARLY_ALL = 15, 95
"""Resources in Azure: the kill falls between."""


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", RUN, str(folder), *arguments, "--offline"]


def killed_halfway(folder: Path) -> bool:
    """Run `up` and kill it as soon as some resources exist; False if it was too quick."""
    kept = folder / ".rehearsal" / "dev" / "azure.json"
    process = subprocess.Popen(command(folder, "up"), cwd=PROGRAM, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None and not (kept.exists() and _entries(kept) >= SOME):
            time.sleep(0.005)
    finally:
        process.kill()
        process.wait(timeout=30)
    return SOME <= _entries(kept) <= NEARLY_ALL


def _entries(kept: Path) -> int:
    return len(json.loads(kept.read_text(encoding="utf-8"))["entries"])


def test_a_killed_up_is_one_up_away_from_done(tmp_path: Path) -> None:
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py"):
        shutil.copy(PROGRAM / name, tmp_path)
    for _ in range(5):
        if killed_halfway(tmp_path):
            break
        shutil.rmtree(tmp_path / ".rehearsal")
    else:
        raise AssertionError("up was never killed in the middle")

    again = subprocess.run(command(tmp_path, "up", "--json"), cwd=PROGRAM, capture_output=True, text=True, check=False)
    document = json.loads(again.stdout)
    assert document["ok"], again.stdout
    assert "the lock of a run that has ended is taken away" in document["notes"][0]

    preview = subprocess.run(
        command(tmp_path, "preview", "--json"), cwd=PROGRAM, capture_output=True, text=True, check=False
    )
    assert json.loads(preview.stdout)["changes"] == {}
