"""Scripts that no resource of Azure runs, read as the Run Commands that they stand for elsewhere.

On the machine that deploys, or over SSH from there.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from arm.types.compute import RUN_COMMAND
from arm.types.resource_type import Estimate
from graph.inputs import map_at, text_at

LOCAL_COMMAND = "command:local:Command"
REMOTE_COMMAND = "command:remote:Command"
COMMANDS = (LOCAL_COMMAND, REMOTE_COMMAND)
_OVER_SSH = "sudo -n env"


def as_run_command(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a command in the words of a Run Command; `wrapper` is what runs the script."""
    if "connection" in inputs:
        runs = _read_remote(text_at(inputs, "create"), text_at(inputs, "stdin"))
        return {**runs, "connection": inputs["connection"]}
    given = map_at(inputs, "environment")
    seconds = text_at(given, "SCRIPT_SECONDS")
    return {
        "runCommandName": text_at(given, "SCRIPT_NAME"),
        "source": {"script": text_at(inputs, "stdin")},
        "parameters": [{"name": name, "value": value} for name, value in sorted(given.items())],
        "timeoutInSeconds": int(seconds) if seconds.isdecimal() else 0,
        "wrapper": text_at(inputs, "create"),
    }


def _read_remote(command: str, script: str) -> dict[str, Any]:
    """Read `sudo -n env NAME=VALUE... timeout --kill-after=SECONDS SECONDS bash -s SCRIPT` (nodes/__init__.py)."""
    words = shlex.split(command.removeprefix(_OVER_SSH))
    given = dict(word.split("=", 1) for word in words if word[:1].isupper())
    runs = words[len(given) :]
    return {
        "runCommandName": runs[-1] if runs else "",
        "source": {"script": script},
        "parameters": [{"name": name, "value": value} for name, value in given.items()],
        "timeoutInSeconds": next((int(word) for word in runs if word.isdecimal()), 0),
        "wrapper": shlex.join(runs),
    }


def estimate_for(inputs: Mapping[str, Any]) -> Estimate:
    """Return what its script takes, as anywhere."""
    return RUN_COMMAND.estimate_for(as_run_command(inputs))
