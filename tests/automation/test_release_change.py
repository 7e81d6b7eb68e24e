"""Another release on a deployed stack: in place where the API versions stay, refused where they do not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from automation import cli as command
from tests.conftest import take_dev_alone

Command = Callable[..., Result]


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command on the stack dev with this release."""
    text = take_dev_alone(tmp_path, monkeypatch)

    def invoke(release: str, *arguments: str) -> Result:
        wanted = text.replace("    location:", f'    release: "{release}"\n    location:')
        (tmp_path / "Pulumi.dev.yaml").write_text(wanted, encoding="utf-8")
        return CliRunner().invoke(command.app, [*arguments, "--stack", "dev", "--engine", "offline"])

    return invoke


def _azure(folder: Path) -> Any:
    return json.loads((folder / ".rehearsal" / "dev" / "azure.json").read_text(encoding="utf-8"))


def test_a_release_with_other_api_versions_is_refused_before_anything_changes(dev: Command, tmp_path: Path) -> None:
    assert dev("2608", "up", "--offline").exit_code == 0
    before = _azure(tmp_path)
    for release, *arguments in (("2606", "preview", "--offline"), ("2606", "up", "--offline"), ("2512", "rehearse")):
        refused = dev(release, *arguments)
        assert refused.exit_code == 1
        assert f"Nothing is changed: release {release} has another API version for these" in refused.stderr
        assert {"site-aio-instance", "enterprise-broker"} <= set(refused.stderr.split())
        assert ("enterprise-schema-registry" in refused.stderr.split()) == (release == "2512")
        assert "Next: keep a release of the API versions that are deployed" in refused.stderr
        assert ": 2607 or 2608. Another one is for a new stack" in refused.stderr
    assert _azure(tmp_path) == before


def test_a_release_with_the_same_api_versions_is_an_update_in_place(dev: Command) -> None:
    assert dev("2607", "up", "--offline").exit_code == 0
    up = dev("2608", "up", "--offline", "--json")
    assert up.exit_code == 0
    assert set(json.loads(up.stdout)["changes"].values()) == {"create", "update"}
