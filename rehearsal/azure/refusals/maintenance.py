"""Refusals of maintenance windows. Where Microsoft documents no wording, the text is ours."""

from __future__ import annotations

from collections.abc import Iterator

from arm import ids
from arm.types.compute import VIRTUAL_MACHINE
from arm.types.maintenance import CONFIGURATION_ASSIGNMENT
from rehearsal.azure.errors import ArmError
from rehearsal.azure.state import AzureState, Call

_SETTINGS = "osProfile.linuxConfiguration.patchSettings"
_PREREQUISITES = {
    f"{_SETTINGS}.patchMode": "AutomaticByPlatform",
    f"{_SETTINGS}.automaticByPlatformSettings.bypassPlatformSafetyChecksOnUserSchedule": True,
}


def vm_takes_schedules(state: AzureState, call: Call) -> Iterator[ArmError]:
    """Refuse to assign a window to a VM that is not patched by schedule; an Arc-enabled machine needs nothing."""
    machine = state.find(ids.parent_of(call.arm_id)) if call.row is CONFIGURATION_ASSIGNMENT else None
    if machine is None or machine.row is not VIRTUAL_MACHINE:
        return
    for path, expected in _PREREQUISITES.items():
        if (given := ids.at(machine.inputs, path)) != expected:
            message = f"The prerequisites of {machine.name} are not met: {path} is {given}; expected {expected}."
            yield ArmError(400, "PrerequisitesNotMet", message)
