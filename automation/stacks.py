"""Opens a stack through the Automation API: with the Pulumi CLI, or offline with the rehearsal's stand-in for it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi import automation as auto
from pulumi.automation.errors import StackNotFoundError
from semver import VersionInfo

OLDEST_CLI = VersionInfo(3, 259, 0)
"""`requiredPulumiVersion` of Pulumi.yaml."""


class UnusableError(Exception):
    """The stack cannot be opened; the text says what to do."""


def open_stack(
    program: Path, name: str, command: auto.PulumiCommand, environment: Mapping[str, str] | None = None
) -> auto.Stack:
    """The stack of the project in this folder; only a stand-in for the CLI makes one that does not exist yet.

    Raises:
        UnusableError: there is no such stack.
    """
    workspace = auto.LocalWorkspace(
        work_dir=str(program), pulumi_command=command, env_vars=environment, project_settings=None
    )
    if type(command) is not auto.PulumiCommand:
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


def pulumi_cli() -> auto.PulumiCommand:
    """The CLI on PATH.

    Raises:
        UnusableError: there is none, or it is too old.
    """
    try:
        return auto.PulumiCommand(version=OLDEST_CLI)
    except FileNotFoundError:
        raise UnusableError(
            "The Pulumi CLI is not on PATH. Next: install it (https://www.pulumi.com/docs/install), or add --offline"
            " to deploy into the modelled Azure"
        ) from None
    except auto.InvalidVersionError as error:
        raise UnusableError(f"{error} Next: install a newer Pulumi CLI") from error


def import_state(stack: auto.Stack, version: int | None, deployment: Mapping[str, Any]) -> None:
    """Put another state in the place of the stack's.

    The SDK hands it to the CLI in a file, with every key in clear, and leaves that behind when the CLI refuses
    (pulumi.automation, `LocalWorkspace.import_stack`): so it lies in a folder that goes in any case.

    Raises:
        ConcurrentUpdateError: another run holds the lock.
    """
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        try:
            stack.import_stack(auto.Deployment(version, dict(deployment)))
        finally:
            tempfile.tempdir = before
