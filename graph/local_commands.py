"""Scripts that run on the machine that deploys, read as the Run Commands that they stand for elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arm.types.compute import RUN_COMMAND
from arm.types.resource_type import Estimate
from graph.inputs import map_at, text_at

LOCAL_COMMAND = "command:local:Command"


def as_run_command(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a local command in the words of a Run Command; `wrapper` is what runs the script."""
    given = map_at(inputs, "environment")
    seconds = text_at(given, "SCRIPT_SECONDS")
    return {
        "runCommandName": text_at(given, "SCRIPT_NAME"),
        "source": {"script": text_at(inputs, "stdin")},
        "parameters": [{"name": name, "value": value} for name, value in sorted(given.items())],
        "timeoutInSeconds": int(seconds) if seconds.isdecimal() else 0,
        "wrapper": text_at(inputs, "create"),
    }


def estimate_for(inputs: Mapping[str, Any]) -> Estimate:
    """Return what its script takes, as anywhere."""
    return RUN_COMMAND.estimate_for(as_run_command(inputs))
