"""What the program runs against a cluster that is there already, with the real kubectl on the real API server."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from graph.local_commands import LOCAL_COMMAND
from settings import stack_file
from settings.well_known import AIO_NAMESPACE
from tests.conftest import PROGRAM, evaluate
from tests.kubernetes.cluster import ADMIN, STRANGER, Cluster
from tests.kubernetes.table import NOT_MODELLED, Row

AZ = """#!/usr/bin/env bash
# Arc's proxy, as far as a kubeconfig goes that leads to the cluster while it runs.
while (($#)); do
  [[ $1 != --file ]] || file="$2"
  shift
done
cp "$KUBECONFIG_OF_PROXY" "$file"
exec sleep 300
"""
WAYS = ("mill", "quarry")
"""Clusters of the stack: by Arc's proxy, and by a kubeconfig."""


@pytest.fixture(scope="module")
def commands() -> dict[str, dict[str, Any]]:
    """Logical name of each command of the stack on the machine that deploys -> its inputs."""
    settings: Any = stack_file.read(PROGRAM, "brownfield")[stack_file.SETTINGS_KEY]
    graph = evaluate(settings)
    return {one.name: one.plain_inputs for one in graph.of_type(LOCAL_COMMAND)}


def run(inputs: dict[str, Any], cluster: Cluster, folder: Path, user: str = ADMIN) -> subprocess.CompletedProcess[str]:
    """Run a command as the provider does, where its kubeconfig or its proxy leads to the cluster."""
    programs, kubeconfig = folder / "bin", str(cluster.kubeconfig(user))
    programs.mkdir(exist_ok=True)
    (programs / "kubectl").unlink(missing_ok=True)
    (programs / "kubectl").symlink_to(cluster.programs["kubectl"])
    (programs / "az").write_text(AZ)
    (programs / "az").chmod(0o755)
    given = {**inputs["environment"], "KUBECONFIG_OF_PROXY": kubeconfig}
    if "KUBECONFIG_FILE" in given:
        given |= {"KUBECONFIG_FILE": kubeconfig, "KUBE_CONTEXT": ""}
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder), **given}
    return subprocess.run(
        [*inputs["interpreter"], inputs["create"]],
        env=environment, input=inputs["stdin"], capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.row(real='{"applied": ', model=NOT_MODELLED)
@pytest.mark.parametrize("name", WAYS)
def test_the_stacks_objects_are_applied_by_proxy_and_by_kubeconfig(
    commands: dict[str, dict[str, Any]], cluster: Cluster, tmp_path: Path, name: str, row: Row
) -> None:
    first, second = (run(commands[f"{name}-apply-objects"], cluster, tmp_path) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    row.check_real_side(first.stdout)
    assert first.stdout == second.stdout
    assert "edge-stamps-admins" in cluster.names("clusterrolebindings")
    found = {item["metadata"]["name"] for item in cluster.read("configmaps", AIO_NAMESPACE)}
    assert "server-ca-enterprise-g1" in found


@pytest.mark.row(real="cannot patch resource", model=NOT_MODELLED)
def test_a_user_without_rights_is_told_so(
    commands: dict[str, dict[str, Any]], cluster: Cluster, tmp_path: Path, row: Row
) -> None:
    ended = run(commands["quarry-apply-objects"], cluster, tmp_path, STRANGER)
    assert (ended.returncode, ended.stdout) == (1, "")
    row.check_real_side(ended.stderr)


@pytest.mark.row(real="it has no node", model=NOT_MODELLED)
def test_what_the_cluster_lacks_is_read_off_the_real_answers(
    commands: dict[str, dict[str, Any]], cluster: Cluster, tmp_path: Path, row: Row
) -> None:
    ended = run(commands["mill-check-cluster"], cluster, tmp_path)
    findings = [line for line in ended.stderr.splitlines() if line.startswith("- ")]
    assert ended.returncode == 1
    for text in ("this cluster is nothing/", "no storage class", "https://kubernetes.default.svc;", "custom locations"):
        assert any(text in one for one in findings), ended.stderr
    assert len(findings) == 5
    row.check_real_side(ended.stderr)
