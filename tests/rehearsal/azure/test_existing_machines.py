"""Machines that are there before the first deployment, sound or not."""

from __future__ import annotations

import pytest

from arm.shapes import shape_of
from arm.types.hybridcompute import MACHINE_RUN_COMMAND
from rehearsal.azure.errors import ArmError
from tests.rehearsal.azure.samples import Azure

_ID = "/subscriptions/0/resourceGroups/rg-plant/providers/Microsoft.HybridCompute/machines/press-1"


def test_a_machine_that_azure_is_not_in_touch_with_runs_no_script() -> None:
    azure = Azure(machines={_ID: "10.9.0.1"}, machine_faults={_ID: {"status": "Disconnected"}})
    shape = shape_of(MACHINE_RUN_COMMAND.token(MACHINE_RUN_COMMAND.versions[0]))
    names = {"resourceGroupName": "rg-plant", "machineName": "press-1", "runCommandName": "one"}
    with pytest.raises(ArmError, match="Machine press-1 is Disconnected"):
        azure.world.put(shape, f"{_ID}/runCommands/one", {**names, "location": "westeurope"})
    assert azure.world.find(f"{_ID}/runCommands/one") is None


def test_what_is_said_of_a_machine_is_the_rest_of_a_sound_one() -> None:
    azure = Azure(machines={_ID: "10.9.0.1"}, machine_faults={_ID: {"identity": None}})
    assert azure.world.get(_ID).outputs["identity"] is None
    assert azure.world.get(_ID).outputs["status"] == "Connected"
