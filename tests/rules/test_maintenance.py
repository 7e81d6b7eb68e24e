"""Each mistake with maintenance windows is found, and a deployment with them is in order."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from graph.graph import Graph
from tests.conftest import TWO_CLUSTERS, resolve
from tests.rules.workbench import Workbench
from tests.settings.test_further_nodes import ON_MACHINES, SUBSCRIPTION

WINDOW = {"start": "2027-01-02 02:00", "duration": "02:00", "time_zone": "GMT Standard Time", "every": "Day"}
IN_AZURE: dict[str, Any] = {
    **TWO_CLUSTERS,
    "clusters": {"site": {"node": {"maintenance": WINDOW}, "nodes": [{"name": "two"}]}, "enterprise": {}},
}
IN_A_PLANT: dict[str, Any] = {
    **TWO_CLUSTERS,
    "subscription_id": SUBSCRIPTION,
    "clusters": {
        "site": {
            **ON_MACHINES["clusters.site"],
            "node": {"address": "192.168.1.5", "maintenance": WINDOW},
        },
        "enterprise": {},
    },
}
CONFIGURATION, ASSIGNMENT = "site-maintenance", "site-maintenance-assignment.two"
_PATCHES = "osProfile.linuxConfiguration.patchSettings.automaticByPlatformSettings"
Reported = Callable[..., None]


@pytest.fixture(params=[IN_AZURE, IN_A_PLANT], ids=["azure-vm", "arc-machine"])
def bench(recorded: Callable[..., Graph], request: pytest.FixtureRequest) -> Workbench:
    """A site of two nodes with a window, and an enterprise without."""
    return Workbench(copy.deepcopy(recorded(request.param)), resolve(request.param))


@pytest.fixture
def vms(recorded: Callable[..., Graph]) -> Workbench:
    return Workbench(copy.deepcopy(recorded(IN_AZURE)), resolve(IN_AZURE))


def test_every_node_is_in_the_window_of_its_cluster(bench: Workbench) -> None:
    assert [str(one) for one in bench.findings()] == []
    assert bench.value(ASSIGNMENT, "resourceName") in bench.value(ASSIGNMENT, "resourceId")


def test_a_node_that_nobody_patches_is_found(bench: Workbench, reported: Reported) -> None:
    bench.remove(ASSIGNMENT)
    reported(bench, "LIFE-10", CONFIGURATION, "nobody patches it", also=("ASK-01",))


@pytest.mark.parametrize("key", ["configurationAssignmentName", "maintenanceConfigurationId", "resourceId"])
def test_an_assignment_that_says_something_else_is_found(bench: Workbench, key: str) -> None:
    bench.set(ASSIGNMENT, key, bench.value(ASSIGNMENT, key) + "x")
    assert ("LIFE-10", ASSIGNMENT) in {(one.rule, one.resource) for one in bench.findings()}


def test_an_assignment_elsewhere_than_its_machine_is_found(bench: Workbench, reported: Reported) -> None:
    bench.set(ASSIGNMENT, "location", "northeurope")
    reported(bench, "ASK-02", ASSIGNMENT, "location: northeurope")


def test_a_window_without_reboots_is_found(bench: Workbench, reported: Reported) -> None:
    bench.set(CONFIGURATION, "installPatches.rebootSetting", "Never")
    reported(bench, "HARD-01", CONFIGURATION, "installPatches.rebootSetting", "expected 'IfRequired'")


@pytest.mark.parametrize("key", ["startDateTime", "duration", "timeZone", "recurEvery"])
def test_another_window_than_that_of_the_settings_is_found(bench: Workbench, reported: Reported, key: str) -> None:
    bench.set(CONFIGURATION, key, "another")
    reported(bench, "ASK-04", CONFIGURATION, f"{key}: 'another'")


def test_a_vm_that_is_patched_beside_its_window_is_found(vms: Workbench, reported: Reported) -> None:
    vms.drop("site-node.two", f"{_PATCHES}.bypassPlatformSafetyChecksOnUserSchedule")
    reported(vms, "ASK-04", "site-node.two", "bypassPlatformSafetyChecksOnUserSchedule: none")


def test_a_vm_without_a_window_that_waits_for_one_is_found(vms: Workbench, reported: Reported) -> None:
    vms.set("enterprise-node", f"{_PATCHES}.bypassPlatformSafetyChecksOnUserSchedule", True)
    reported(vms, "ASK-04", "enterprise-node", "the settings ask for none")
