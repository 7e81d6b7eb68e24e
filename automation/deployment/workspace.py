"""Opens a stack through the Automation API: with the Pulumi CLI, or offline with the rehearsal's stand-in for it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pulumi import automation as auto
from pulumi.automation.errors import StackNotFoundError, create_command_error
from semver import VersionInfo

from automation.deployment.pulumi_cli import PulumiCli

OLDEST_CLI = VersionInfo(3, 259, 0)
"""`requiredPulumiVersion` of Pulumi.yaml."""


VARIABLE = "PULUMI_DEBUG_PROVIDERS"
"""Providers that run already, `name:port,…`: the engine talks to these instead of starting the plugins."""


@runtime_checkable
class TakesInput(Protocol):
    """A stand-in for the CLI that is handed its standard input."""

    def run_with_input(self, args: list[str], cwd: str, text: str) -> auto.CommandResult: ...


class CliError(Exception):
    """There is no Pulumi CLI that would do; the text says why, and `remedy` what to do."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.remedy = remedy


class UnusableError(Exception):
    """The stack cannot be opened; the text says what to do."""


def select_stack(program: Path, name: str, command: auto.PulumiCommand) -> auto.Stack:
    """Select the stack of the project in this folder; only with a stand-in for the CLI, create one that is missing.

    Raises:
        UnusableError: there is no such stack.
    """
    workspace = auto.LocalWorkspace(work_dir=str(program), pulumi_command=command)
    if isinstance(command, TakesInput):
        return auto.Stack.create_or_select(name, workspace)
    try:
        return auto.Stack.select(name, workspace)
    except StackNotFoundError:
        # Who creates it chooses what encrypts the state, which holds every private key.
        raise UnusableError(
            f"There is no stack {name} in the backend that the Pulumi CLI is logged in to.\n"
            f"Next: pulumi stack init {name} --secrets-provider "
            '"azurekeyvault://<vault>.vault.azure.net/keys/<key>"'
        ) from None


def find_cli() -> auto.PulumiCommand:
    """Return the CLI on PATH; one that says no version is a build from source, and taken as it is.

    Raises:
        CliError: there is none, or it is too old.
    """
    try:
        command = PulumiCli(skip_version_check=True)
    except FileNotFoundError:
        raise CliError("The Pulumi CLI is not on PATH", "install it (https://www.pulumi.com/docs/install)") from None
    except subprocess.CalledProcessError as error:
        raise CliError(f"pulumi version fails: {error}", "install the Pulumi CLI anew") from error
    if command.version is None:
        command.version = OLDEST_CLI
    if command.version.finalize_version() < OLDEST_CLI:
        text = f"The Pulumi CLI is version {command.version}; expected {OLDEST_CLI} or newer"
        raise CliError(text, "install a newer one")
    return command


def refuse_stand_ins(stack: auto.Stack) -> None:
    """Keep a stand-in for Azure, which may answer 404 for everything, from emptying a state that others share.

    Raises:
        UnusableError: the backend is not a folder of this machine.
    """
    backend = stack.workspace.who_am_i().url or "a backend that does not say where it is"
    if not backend.startswith("file:"):
        raise UnusableError(
            f"{VARIABLE} is set: what it names would answer in the place of Azure, for a stack in {backend}."
            f" Next: unset {VARIABLE}"
        )


def import_state(stack: auto.Stack, version: int | None, deployment: Mapping[str, Any]) -> None:
    """Put another state in the place of the stack's.

    Through a pipe: the SDK hands it to the CLI in a file with every key in clear, which stays behind when either is
    killed or the CLI refuses (pulumi.automation, `LocalWorkspace.import_stack`).

    Raises:
        ConcurrentUpdateError: another run holds the lock.
    """
    workspace = stack.workspace
    assert isinstance(workspace, auto.LocalWorkspace)
    text = json.dumps({"version": version, "deployment": dict(deployment)})
    command = workspace.pulumi_command
    if isinstance(command, TakesInput):
        result = command.run_with_input(["stack", "import", "--stack", stack.name], workspace.work_dir, text)
    else:
        home = {"PULUMI_HOME": workspace.pulumi_home} if workspace.pulumi_home else {}
        done = subprocess.run(  # noqa: S603 the CLI that the Automation API runs
            [command.command, "--non-interactive", "stack", "import", "--stack", stack.name],
            cwd=workspace.work_dir,
            env={**getattr(command, "environment", os.environ.copy)(), **home, **workspace.env_vars},
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        result = auto.CommandResult(done.stdout, done.stderr, done.returncode)
    if result.code:
        raise create_command_error(result)
