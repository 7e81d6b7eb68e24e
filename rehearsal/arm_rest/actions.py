"""What is done to a resource by POST: a script that runs on a machine, and of which nothing stays.

learn.microsoft.com/rest/api/compute/virtual-machines/run-command; form of the answer: Azure/azure-cli#32286.
"""

from __future__ import annotations

from typing import Any

from arm.hosting import BY_NODE_TYPE
from rehearsal.arm_rest.api_versions import check_type
from rehearsal.arm_rest.exchange import Answer, Request, method_not_allowed, not_modelled
from rehearsal.arm_rest.operations import Operations
from rehearsal.arm_rest.paths import Place
from rehearsal.azure.scripts import ScriptRun
from rehearsal.azure.world import World

_COMMAND = "RunShellScript"


class Actions:
    """Those of a world."""

    def __init__(self, world: World, operations: Operations) -> None:
        self._world, self._operations = world, operations

    def run_script(self, request: Request, place: Place) -> Answer:
        """Run the script of an action Run Command.

        Raises:
            ArmError: what Azure would say.
        """
        node = self._world.get(place.arm_id)
        check_type(request, place.row, str(node.inputs.get("location")))
        if request.method != "POST" or node.row not in BY_NODE_TYPE:
            raise method_not_allowed(request)
        body = request.body if isinstance(request.body, dict) else {}
        if body.get("commandId") != _COMMAND or not _is_script(body.get("script")) or body.get("parameters"):
            raise not_modelled(f"a Run Command other than {_COMMAND} with a script and without parameters")
        run = self._world.run_action(node.id, "\n".join(body["script"]))
        result = {"value": [_describe(run)]}
        return Answer(202, None, self._operations.start(request, "Microsoft.Compute", result, None, has_run=True))


def _is_script(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(line, str) for line in value)


def _describe(run: ScriptRun) -> dict[str, str]:
    how = "succeeded" if run.exit_code == 0 else f"failed: command terminated with exit status={run.exit_code}"
    return {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "message": f"Enable {how}: \n[stdout]\n{run.stdout}\n[stderr]\n{run.stderr}",
    }
