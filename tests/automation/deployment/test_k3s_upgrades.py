"""A program that leads K3s over a Kubernetes minor, or back, is refused before anything changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from automation import cli as command
from automation.deployment.k3s_upgrades import K3sUpgradeError, refuse_skipped_minors
from graph.graph import Graph, Resource
from tests.conftest import take_dev_alone

TYPE = "azure-native:compute:VirtualMachineRunCommandByVirtualMachine"
URN = f"urn:pulumi:dev::edge-stamps::{TYPE}::site-setup-k3s"


def inputs(version: str) -> dict[str, Any]:
    return {"parameters": [{"name": "K3S_VERSION", "value": version}, {"name": "SCRIPT_RUN", "value": "a1"}]}


def refuse(deployed: str, wanted: str, **state: Any) -> None:
    resource = Resource(URN, TYPE, "site-setup-k3s", "", custom=True, inputs=inputs(wanted), outputs={})
    graph = Graph("edge-stamps", "dev", preview=False, subscription_id="s", resources={URN: resource}, outputs={})
    refuse_skipped_minors(
        "dev", {"resources": [{"urn": URN, "type": TYPE, "inputs": inputs(deployed), **state}]}, graph
    )


@pytest.mark.parametrize(
    ("deployed", "wanted"),
    [
        ("v1.34.2+k3s1", "v1.34.2+k3s1"),
        ("v1.34.2+k3s1", "v1.34.2+k3s2"),
        ("v1.34.9+k3s1", "v1.34.10+k3s1"),
        ("v1.34.9+k3s1", "v1.35.0+k3s1"),
    ],
)
def test_a_step_that_a_node_takes(deployed: str, wanted: str) -> None:
    refuse(deployed, wanted)


@pytest.mark.parametrize(
    ("deployed", "wanted", "expected"),
    [
        ("v1.33.4+k3s1", "v1.35.9+k3s1", "next is a release v1.34"),
        ("v1.31.1+k3s1", "v1.35.9+k3s1", "next is a release v1.32"),
        ("v1.34.10+k3s1", "v1.34.9+k3s1", "expected v1.34.10+k3s1 or newer"),
        ("v1.35.9+k3s1", "v1.34.9+k3s1", "expected v1.35.9+k3s1 or newer"),
    ],
)
def test_a_step_that_a_node_refuses(deployed: str, wanted: str, expected: str) -> None:
    with pytest.raises(K3sUpgradeError) as refused:
        refuse(deployed, wanted)
    assert f"  site-setup-k3s: {deployed} to {wanted}; {expected}\n" in str(refused.value)


@pytest.mark.parametrize(
    "state", [{"initErrors": ["x"]}, {"outputs": {"provisioningState": "Failed"}}, {"delete": True}]
)
def test_a_script_that_has_failed_says_nothing_of_what_is_installed(state: dict[str, Any]) -> None:
    refuse("v1.31.1+k3s1", "v1.35.9+k3s1", **state)


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a command on the stack dev whose nodes have this K3s."""
    text = take_dev_alone(tmp_path, monkeypatch)

    def invoke(version: str, *arguments: str) -> Result:
        (tmp_path / "Pulumi.dev.yaml").write_text(
            text.replace("        address_space:", f"        node: {{k3s_version: {version}}}\n        address_space:"),
            encoding="utf-8",
        )
        return CliRunner().invoke(command.app, [*arguments, "--stack", "dev", "--engine", "offline"])

    return invoke


def test_preview_up_and_rehearse_refuse_before_anything_changes(invoke: Any, tmp_path: Path) -> None:
    assert invoke("v1.33.4+k3s1", "up", "--offline").exit_code == 0
    azure = tmp_path / ".rehearsal" / "dev" / "azure.json"
    before = json.loads(azure.read_text(encoding="utf-8"))
    for arguments in (("preview", "--offline"), ("up", "--offline"), ("rehearse",)):
        refused = invoke("v1.35.9+k3s1", *arguments)
        assert refused.exit_code == 1
        for cluster in ("site", "enterprise"):
            assert f"{cluster}-setup-k3s: v1.33.4+k3s1 to v1.35.9+k3s1; next is a release v1.34" in refused.stderr
        assert "Next: set `k3s_version` of these clusters in Pulumi.dev.yaml" in refused.stderr
    assert json.loads(azure.read_text(encoding="utf-8")) == before
    assert invoke("v1.34.2+k3s1", "up", "--offline").exit_code == 0
