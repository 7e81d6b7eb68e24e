"""Verify what is served from a folder of the test's own, and what a stack of the test's own has rehearsed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from automation import cli
from automation.deployment.engine import ENGINE_VARIABLE
from settings.stand_ins import STAND_INS
from tests.automation.verify.living import Living, Verifier
from tests.conftest import PROGRAM, TWO_CLUSTERS


@pytest.fixture
def verifier(tmp_path: Path) -> Verifier:
    return Verifier(tmp_path)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program with a stack dev, of which nothing is rehearsed yet."""
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(PROGRAM / name, tmp_path)
    document = {"config": {"edge-stamps:settings": {**TWO_CLUSTERS, **STAND_INS}}}
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    monkeypatch.setattr(cli, "PROGRAM", tmp_path)
    monkeypatch.delenv(ENGINE_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def rehearse(project: Path) -> Callable[[Living], None]:
    """Keep a modelled Azure as a rehearsal does."""

    def keep(living: Living) -> None:
        file = project / ".rehearsal" / "dev" / "azure.json"
        file.parent.mkdir(parents=True)
        living.world().save(file)

    return keep
