"""What lets a script run again: Azure runs no body of a Run Command twice."""

from __future__ import annotations

import pulumi
import pulumi_random as random

from components.context import StampContext


def create_script_run(context: StampContext) -> random.RandomId:
    """Create what `pulumi up --replace '<its urn>'` changes, so that every script of the cluster runs again.

    Azure runs no body twice, also where it has failed: the handler skips a sequence number that it has seen
    (https://github.com/Azure/run-command-handler-linux, internal/cmds/cmds.go, checkAndSaveSeqNum). No keepers: it
    changes only when somebody asks for that.
    """
    return random.RandomId(context.logical_name("script-run"), byte_length=8, opts=context.options())


def run_again(script_run: random.RandomId) -> dict[str, pulumi.Input[str]]:
    """Return the parameters that make the body another one, and tell the command for that."""
    return {
        "SCRIPT_RUN": script_run.hex,  # nothing reads it
        "RUN_AGAIN": pulumi.Output.concat("pulumi up --replace '", script_run.urn, "'"),
    }
