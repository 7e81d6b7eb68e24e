"""A cluster that Azure Arc knows already, beside one on a VM: deployed, failing, changed, destroyed on both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rehearsal.providers.serve import all_providers
from settings.stand_ins import STAND_INS
from tests.engine.azure import Azure
from tests.engine.conftest import STACK, Deployment
from tests.engine.engine import Kind, StackUnderTest

GROUP = f"/subscriptions/{STAND_INS['subscription_id']}/resourceGroups/rg-plant"
CLUSTER = f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters/site-1"
ADDRESS = "192.168.10.30"
SCRIPTS = ("check-cluster", "apply-objects", "await-secrets", "probe-links")


def _stand_on_the_cluster(settings: dict[str, Any], **connected_cluster: str) -> dict[str, Any]:
    site = {
        "code": "a",
        "hosting": "existing-cluster",
        "connected_cluster": {"resource_id": CLUSTER, **connected_cluster},
        "node": {"address": ADDRESS},
    }
    return {**settings, "clusters": {**settings["clusters"], "site": site}}


@pytest.fixture
def brownfield(engine: Kind, tmp_path: Path) -> Deployment:
    """The stack, with its site on a cluster that is there already, before its first `up`."""
    azure = Azure({CLUSTER: ADDRESS})
    stack = StackUnderTest.new(engine, tmp_path / "stack", all_providers(azure.provider), STACK)
    stack.settings = _stand_on_the_cluster(stack.settings)
    return Deployment(stack, azure)


def test_what_a_stamp_needs_is_put_on_the_cluster_and_goes_again_and_the_cluster_stays(brownfield: Deployment) -> None:
    before, cluster = brownfield.azure.ids(), brownfield.azure.seen()[CLUSTER]
    assert before == {GROUP, CLUSTER}
    brownfield.stack.preview()
    assert brownfield.azure.ids() == before

    brownfield.stack.up()

    assert brownfield.azure.runs("site") == dict.fromkeys(SCRIPTS, 1)
    own = {one.removeprefix(f"{CLUSTER}/providers/") for one in brownfield.azure.ids() if one.startswith(f"{CLUSTER}/")}
    assert {one for one in own if "extensions" in one} == {
        f"Microsoft.KubernetesConfiguration/extensions/{name}"
        for name in ("arc-cert-manager", "azure-secret-store", "iot-ops")
    }
    assert {one.partition("/")[0] for one in own} == {"Microsoft.KubernetesConfiguration", "Microsoft.Authorization"}
    assert {
        one for one in brownfield.azure.ids() if one.startswith(f"{GROUP}/") and not one.startswith(CLUSTER)
    } == set()
    assert not brownfield.stack.up().changes.keys() - {"same"}
    assert not brownfield.stack.refresh().changes.keys() - {"same"}
    assert brownfield.azure.runs("site") == dict.fromkeys(SCRIPTS, 1)

    brownfield.stack.destroy()
    assert brownfield.azure.ids() == before
    assert brownfield.azure.seen()[CLUSTER] == cluster


def test_a_script_that_fails_stops_what_waits_for_it_and_the_next_run_does_it_again(brownfield: Deployment) -> None:
    brownfield.azure.fail_scripts("apply-objects", 1)

    failed = brownfield.stack.up(may_fail=True)

    assert not failed.ok
    assert "the network is down" in str(failed.failures)
    assert "await-secrets" not in brownfield.azure.runs("site"), "the gate waits for what has failed"
    assert brownfield.stack.up().ok
    assert brownfield.azure.runs("site")["apply-objects"] == 2
    assert not brownfield.stack.up().changes.keys() - {"same"}


def test_another_way_to_the_cluster_runs_its_scripts_by_that_way_and_changes_nothing_else(
    brownfield: Deployment,
) -> None:
    brownfield.stack.up()
    brownfield.stack.settings = _stand_on_the_cluster(brownfield.stack.settings, kubeconfig="~/.kube/config")

    changed = brownfield.stack.up()

    assert set(changed.names("update")) == {f"site-{name}" for name in SCRIPTS}
    assert not changed.names("create") and not changed.names("replace") and not changed.names("delete")
    assert brownfield.azure.runs("site") == dict.fromkeys(SCRIPTS, 2)
