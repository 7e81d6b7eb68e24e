"""A cluster that was there before the stack is asked from the machine that verifies, by the ways of its own scripts."""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path

import pytest

from arm import ids
from automation.verify import here
from automation.verify.azure import UnseenError
from settings.hosts import ExistingCluster
from tests.automation.verify.living import Living, Verifier, outcomes

STACK, MILL, QUARRY = "brownfield", "mill", "quarry"
ID = "/subscriptions/s/resourceGroups/rg-plant/providers/Microsoft.Kubernetes/connectedClusters/mill-1"


def test_what_runs_in_the_clusters_is_looked_at(verifier: Verifier) -> None:
    results = verifier(STACK, Living(STACK).world(), inside=True)

    assert not outcomes(results, "failed", "warning", "unknown")
    assert {("VERIFY-61", MILL), ("VERIFY-61", QUARRY)} <= outcomes(results, "ok"), "pods"
    assert outcomes(results, "not-run") == {("VERIFY-69", "mill-to-enterprise"), ("VERIFY-69", "quarry-to-enterprise")}
    assert "VERIFY-58" not in {one.id for one in results if one.where == MILL}, "this machine's clock is not the node's"


def test_what_is_broken_in_one_is_found_there(verifier: Verifier) -> None:
    living = Living(STACK)
    living.plant(
        "connectedClusters/mill-1",
        kind="Pod",
        metadata={"name": "stuck", "namespace": "others"},
        status={"phase": "Pending"},
    )
    results = verifier(STACK, living.world(), inside=True)
    assert outcomes(results, "failed") == {("VERIFY-61", MILL)}


def test_messages_are_sent_from_no_cluster_that_was_there_before(verifier: Verifier) -> None:
    results = verifier(STACK, Living(STACK).world(), inside=True, messages=True)
    told = {one.found for one in results if one.outcome == "unknown"}
    assert all("was there before the stack" in one for one in told) and len(told) == 3


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kubectl that answers, in a folder of its own, first on PATH; what it was asked lies beside it."""
    file = tmp_path / "kubectl"
    file.write_text(f'#!/bin/bash\necho "$*" >>{tmp_path}/asked\necho "apiVersion: v1"\n', encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def test_a_script_runs_here_with_the_kubeconfig_of_its_cluster(tools: Path) -> None:
    cluster = ExistingCluster(ID, "rg-plant", "mill-1", str(tools / "config"), "plant")
    answer = here.run_here({ID: cluster}, "s")(ID, 'echo "at $KUBECONFIG"; echo late >&2; exit 3\n')
    assert re.fullmatch(r"at /\S+\n", answer.stdout)
    assert answer.stderr == "late\n"
    assert answer.after <= answer.before
    assert f"--kubeconfig {tools / 'config'}" in (tools / "asked").read_text(encoding="utf-8")


def test_a_script_that_does_not_end_is_unseen_and_gone(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "_SECONDS", 1)
    monkeypatch.setattr(here, "_WAY_SECONDS", 1)
    cluster = ExistingCluster(ID, "rg-plant", "mill-1", str(tools / "config"), None)
    script = f"trap '' TERM\necho $$ >{tools}/pid\nexec 1>&- 2>&-\nread -r _ <>{tools}/never\n"
    os.mkfifo(tools / "never")
    with pytest.raises(UnseenError, match="has not ended within 2 s"):
        here.run_here({ID: cluster}, "s")(ID, script)
    pid = (tools / "pid").read_text(encoding="utf-8").strip()
    gone_by = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < gone_by
        time.sleep(0.05)


def test_without_a_way_to_a_cluster_nothing_is_known_of_it() -> None:
    with pytest.raises(UnseenError, match=ids.name_of(ID)):
        here.run_nowhere(ID, "")
