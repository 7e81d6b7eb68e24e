"""Which scripts run again, by the state alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from automation.deployment.script_runs import NoScriptsError, choose_runs

PREFIX = "urn:pulumi:dev::edge-stamps::edge-stamps:cluster_stamp:ClusterStamp"
COMMAND = "azure-native:compute:VirtualMachineRunCommandByVirtualMachine"
RANDOM_ID = "random:index/randomId:RandomId"


def cluster(name: str, value: str, *scripts: Mapping[str, Any]) -> list[dict[str, Any]]:
    stamp = {"urn": f"{PREFIX}::{name}", "type": "edge-stamps:cluster_stamp:ClusterStamp"}
    inside = {"parent": stamp["urn"], "custom": True}
    run = {"urn": f"{PREFIX}${RANDOM_ID}::{name}-script-run", "type": RANDOM_ID, "outputs": {"hex": value}}
    return [stamp, inside | run, *({**inside, **one} for one in scripts)]


def script(name: str, value: str, **state: Any) -> dict[str, Any]:
    inputs = {"parameters": [{"name": "SCRIPT_RUN", "value": value}]}
    return {"urn": f"{PREFIX}${COMMAND}::{name}", "type": COMMAND, "inputs": inputs, **state}


def chosen(*resources: list[dict[str, Any]], clusters: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    state = {"resources": [one for some in resources for one in some]}
    return {one.cluster: one.failed for one in choose_runs(state, clusters)}


@pytest.mark.parametrize("state", [{"initErrors": ["x"]}, {"outputs": {"provisioningState": "Failed"}}])
def test_scripts_of_the_cluster_run_again_where_one_did_not_end_well(state: dict[str, Any]) -> None:
    site = cluster("site", "a1", script("site-setup", "a1"), script("site-gate", "a1", **state))
    assert chosen(site, cluster("other", "b2", script("other-gate", "b2"))) == {"site": ("site-gate",)}


def test_an_update_that_failed_has_its_earlier_value_in_the_state_and_counts_all_the_same() -> None:
    site = cluster("site", "a2")
    failed = script("site-gate", "a1", initErrors=["x"], propertyDependencies={"parameters": [site[1]["urn"]]})
    assert chosen([*site, failed]) == {"site": ("site-gate",)}


def test_what_is_no_script_counts_for_nothing() -> None:
    other = {**script("site-x", "a1", initErrors=["x"]), "type": "azure-native:later:Thing"}
    assert chosen(cluster("site", "a1", other)) == {}


def test_a_cluster_can_be_named() -> None:
    site, other = cluster("site", "a1"), cluster("other", "b2")
    assert chosen(site, other, clusters=("other",)) == {"other": ()}
    with pytest.raises(NoScriptsError, match=r"--run-again plant: .*expected one of: other, site"):
        chosen(site, other, clusters=("plant",))


def test_one_that_is_still_to_be_deleted_is_not_replaced_again() -> None:
    old = {**cluster("site", "a0")[1], "delete": True}
    runs = choose_runs({"resources": [*cluster("site", "a1"), old]}, ["site"])
    assert [one.urn for one in runs] == [old["urn"]]
