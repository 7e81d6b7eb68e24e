"""Scripts on an Arc-enabled machine, which knows no action Run Command: one is made, read until it ends, and deleted.

learn.microsoft.com/azure/azure-arc/servers/run-command
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from arm import ids
from arm.types.hybridcompute import MACHINE, MACHINE_RUN_COMMAND
from automation.verify.azure import Body, ScriptAnswer, UnseenError
from graph.inputs import map_at, text_at
from nodes import ASKING

if TYPE_CHECKING:
    from automation.verify.resource_manager import ResourceManager

_API = MACHINE_RUN_COMMAND.versions[-1]
_NAME = re.compile(rf"{ASKING}(\d+)-[0-9a-f]{{12}}")
"""With the time when it was made."""
_ENDED = ("Succeeded", "Failed", "TimedOut", "Canceled")
_SECONDS = 300
"""What a script may take; the longest one waits three minutes for messages."""
_SLACK_SECONDS = 60
"""Until the machine has begun, and until Azure knows of the end."""
_LEFT_AFTER_SECONDS = 1800
"""A Run Command that is older belongs to nobody who still waits for it."""
_POLL_SECONDS = 5


class MachineCommands:
    """Those that one run makes, each under a new name: under an old one its script would not run."""

    def __init__(self, azure: ResourceManager) -> None:
        self._azure = azure
        self._locations: dict[str, str] = {}
        """Of machines that were looked at."""

    def run_script(self, machine_id: str, script: str) -> ScriptAnswer:
        """Run a script on the machine, as root, and leave nothing of it in Azure.

        Raises:
            UnseenError: it has not run, or Azure does not say how it ended, or its Run Command could not be deleted.
        """
        location = self._locations.get(machine_id) or self._look_at(machine_id)
        command = f"{machine_id}/runCommands/{ASKING}{int(time.time())}-{uuid4().hex[:12]}"
        properties = {"source": {"script": script}, "asyncExecution": False, "timeoutInSeconds": _SECONDS}
        why = ""
        try:
            _, began = self._azure.exchange("PUT", command, _API, {"location": location, "properties": properties})
            return self._await_end(command, began)
        except UnseenError as error:
            why = f"{error}; "
            raise
        finally:
            self._delete(command, why)

    def _look_at(self, machine_id: str) -> str:
        """Return where the machine is, after what a killed run has left there is deleted."""
        machine = self._azure.get(machine_id, MACHINE.versions[-1])
        if machine is None:
            raise UnseenError(f"machine {ids.name_of(machine_id)} is not there")
        if (status := text_at(machine, "properties.status")) != "Connected":
            raise UnseenError(
                f"machine {ids.name_of(machine_id)} is {status or 'of unknown state'}; expected Connected"
            )
        for one in self._azure.list_below(f"{machine_id}/runCommands", _API) or ():
            asking = _NAME.fullmatch(text_at(one, "name"))
            if asking and int(asking[1]) < time.time() - _LEFT_AFTER_SECONDS:
                self._delete(f"{machine_id}/runCommands/{asking[0]}")
        self._locations[machine_id] = location = text_at(machine, "location")
        return location

    def _await_end(self, command: str, began: float) -> ScriptAnswer:
        give_up = time.monotonic() + _SECONDS + _SLACK_SECONDS
        while time.monotonic() < give_up:
            body, at = self._azure.exchange("GET", command, _API)
            view = map_at(body, "properties.instanceView")
            if text_at(view, "executionState") in _ENDED:
                return _read(view, began, at)
            if text_at(body, "properties.provisioningState") in ("Failed", "Canceled"):
                raise UnseenError(f"Azure says that the Run Command is {text_at(body, 'properties.provisioningState')}")
            time.sleep(_POLL_SECONDS)
        raise UnseenError(f"the script has not ended within {_SECONDS + _SLACK_SECONDS} s")

    def _delete(self, command: str, why: str = "") -> None:
        """Let Azure delete it, which ends its script; that the machine has heard of it, nobody waits for."""
        try:
            self._azure.delete(command, _API, awaited=False)
        except UnseenError as error:
            left = f"Run Command {ids.name_of(command)} is left at machine {ids.name_of(ids.parent_of(command))}"
            raise UnseenError(f"{why}{left}, for the next verify to delete: {error}") from None


def _read(view: Body, began: float, at: float) -> ScriptAnswer:
    return ScriptAnswer(text_at(view, "output"), text_at(view, "error") or text_at(view, "executionMessage"), began, at)
