"""One VM in a modelled Azure, on which a test runs scripts of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rehearsal.azure.entries import Entry
from rehearsal.azure.errors import OperationFailedError
from rehearsal.azure.world import World
from rehearsal.node.runner import ScriptRunner
from tests.rehearsal.azure.samples import Azure, arm_id, inputs_of, shape


class Bench:
    """A VM that runs. `run` is a Run Command on it."""

    def __init__(self, path: Path | None = None) -> None:
        self.azure = Azure(path, run_script=ScriptRunner())
        if not (path and path.exists()):
            self.azure.deploy_until("vm")

    @property
    def world(self) -> World:
        return self.azure.world

    @property
    def vm(self) -> Entry:
        return self.world.get(arm_id("vm"))

    def files(self) -> dict[str, str]:
        """Files of the node."""
        return {name: text for name, (_, text) in self.vm.facts["files"].items()}

    def put(self, script: str, name: str = "try", parameters: Mapping[str, str] | None = None, **inputs: Any) -> None:
        """Write the Run Command."""
        given = [{"name": each, "value": value} for each, value in (parameters or {}).items()]
        changes = {
            "runCommandName": name,
            "parameters": given,
            "source": {"script": script},
            "treatFailureAsDeploymentFailure": True,
            "asyncExecution": False,
            "protectedParameters": [],
            **inputs,
        }
        self.world.put(shape("connect"), arm_id("connect", **changes), inputs_of("connect", **changes))

    def command(self, name: str = "try") -> Entry:
        return self.world.get(arm_id("connect", runCommandName=name))

    def run(self, script: str, name: str = "try", **inputs: Any) -> Mapping[str, Any]:
        """Return how the script ended, whichever way: exit_code, stdout, stderr."""
        try:
            self.put(script, name, **inputs)
        except OperationFailedError:
            assert self.command(name).state == "Failed"
        found: Mapping[str, Any] = self.command(name).facts["run"]
        return found
