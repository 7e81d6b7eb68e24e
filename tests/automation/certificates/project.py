"""A project with the stack dev alone, as the command is run in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from automation import cli
from settings.stand_ins import STAND_INS
from tests.conftest import PROGRAM, TWO_CLUSTERS


def start_project(folder: Path, **settings: Any) -> None:
    """Put the program into the folder, and these settings."""
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(PROGRAM / name, folder)
    write_settings(folder, **settings)


def write_settings(folder: Path, **settings: Any) -> None:
    """Write the stack file of dev."""
    document = {"config": {"edge-stamps:settings": {**TWO_CLUSTERS, **STAND_INS, **settings}}}
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def enter(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the command work on the folder, from within."""
    patch.setattr(cli, "PROGRAM", folder)
    patch.chdir(folder)


def copy_into(deployed: Path, tmp_path: Path, patch: pytest.MonkeyPatch) -> Path:
    """Return a copy of a project that is up, for one test to work on."""
    folder = tmp_path / "project"
    shutil.copytree(deployed, folder)
    enter(folder, patch)
    return folder
