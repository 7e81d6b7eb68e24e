"""The Pulumi CLI for a rehearsal: with the modelled Azure in the place of the providers' plugins.

The program runs inline, in this process, so that no language host is needed. Backend, home and passphrase are the
rehearsal's own, nothing is downloaded, and a plugin that is not modelled is missing instead of acting for real.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from copy import copy
from pathlib import Path
from typing import Any

import yaml
from pulumi import automation as auto
from pulumi.automation.errors import StackNotFoundError

from automation.deployment.pulumi_cli import OnOutput, PulumiCli
from automation.deployment.workspace import VARIABLE, UnusableError
from rehearsal.azure.world import Surroundings, World
from rehearsal.modelled_azure import make_surroundings, open_azure
from rehearsal.providers.azure import AzureProvider
from rehearsal.providers.serve import all_providers, serve
from settings.loaded_stack import LoadedStack

FOLDER = Path(".rehearsal") / ".pulumi"
"""In it a folder for each stack, beside those of the offline engine: no stack begins with a dot."""
_OPERATIONS = ("preview", "up", "refresh", "destroy")
_ENVIRONMENT = {
    # Of no worth beside the modelled Azure in the same folder, which only its owner can read.
    "PULUMI_CONFIG_PASSPHRASE": "rehearsal",
    "PULUMI_SKIP_UPDATE_CHECK": "true",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
    "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
    "NO_PROXY": "127.0.0.1,localhost",
}

_NO_ATTRIBUTES = "?metadata=skip"
"""Of a blob its attributes are written in place: a CLI that is killed meanwhile leaves a stack that it cannot read,
though the stack itself is replaced at once (gocloud.dev, blob/fileblob)."""


class ModelledCli(auto.PulumiCommand):
    """Runs the CLI, and serves the providers while an operation lasts."""

    def __init__(self, cli: auto.PulumiCommand, azure: Path, surroundings: Surroundings, **options: Any) -> None:
        """`azure`: the file that keeps it; the options are those of a `World`."""
        self.command, self.version = cli.command, cli.version
        cli = copy(cli)  # the caller's own stays as it is
        self._cli, self._azure, self._surroundings, self._options = cli, azure, surroundings, options
        if isinstance(cli, PulumiCli):
            cli.dropped = ("PULUMI_", "AZURE_", "ARM_", "VAULT_")  # nothing of a real environment is reached
            cli.dies_with_us = True

    def environment(self) -> dict[str, str]:
        """Return what the CLI gets of this process's environment."""
        return self._cli.environment() if isinstance(self._cli, PulumiCli) else dict(os.environ)

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> auto.CommandResult:
        """Run a command.

        Raises:
            CommandError, KeyboardInterrupt: as the CLI.
            UnusableError: what earlier rehearsals have kept cannot be read.
        """
        if args[0] not in _OPERATIONS:
            return self._cli.run(args, cwd, additional_env, on_output, on_error)
        azure = open_modelled_azure(self._azure, self._surroundings, **self._options)
        try:
            with serve(all_providers(AzureProvider(azure))) as address:
                return self._cli.run(args, cwd, {**additional_env, VARIABLE: address}, on_output, on_error)
        finally:
            azure.compact()


def open_modelled_azure(file: Path, surroundings: Surroundings, **options: Any) -> World:
    """Return what the file keeps.

    Raises:
        UnusableError: it cannot be read.
    """
    try:
        return open_azure(file, surroundings, **options)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnusableError(
            f"What earlier rehearsals have kept in {file} cannot be read: {error!r}."
            f" Next: remove the folder {file.parent}, which starts from nothing"
        ) from error


def locate_azure(stack: LoadedStack) -> Path:
    """Return where the modelled Azure is kept that this engine deploys into."""
    return stack.folder / FOLDER / stack.name / "azure.json"


def open_modelled_stack(stack: LoadedStack, cli: auto.PulumiCommand, **options: Any) -> auto.Stack:
    """Open the stack in a backend of the rehearsal's own; make it if it is not there.

    Args:
        options: those of a `World`.
    """
    tenant = stack.settings.tenant
    surroundings = make_surroundings(
        tenant.subscription_id, tenant.tenant_id, stack.settings.machines, stack.settings.outside
    )
    folder = locate_azure(stack).parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("backend", "home", "project"):
        (folder / name).mkdir(exist_ok=True)
    _write_project(stack, folder / "project")

    def run_program() -> None:
        with redirect_stdout(sys.stderr):  # what the program prints is no result of ours
            runpy.run_path(str(stack.folder), run_name="__main__")

    os.environ["no_grpc_proxy"] = "127.0.0.1,localhost"  # noqa: SIM112 gRPC reads this one
    workspace = auto.LocalWorkspace(
        work_dir=str(folder / "project"),
        pulumi_home=str(folder / "home"),
        pulumi_command=ModelledCli(cli, locate_azure(stack), surroundings, **options),
        program=run_program,
        env_vars={**_ENVIRONMENT, "PULUMI_BACKEND_URL": (folder / "backend").absolute().as_uri() + _NO_ATTRIBUTES},
    )
    try:
        return auto.Stack.select(stack.name, workspace)
    except StackNotFoundError:
        return auto.Stack.create(stack.name, workspace)


def _write_project(stack: LoadedStack, folder: Path) -> None:
    """Write what the CLI reads: its `stack init` adds to the stack's file, so that must not be the user's own."""
    project = (stack.folder / "Pulumi.yaml").read_text(encoding="utf-8")
    (folder / "Pulumi.yaml").write_text(project, encoding="utf-8")
    file = folder / f"Pulumi.{stack.name}.yaml"
    before = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
    # As JSON, which is YAML in which every text has quotes: PyYAML leaves them off 0815, and Go reads a number then.
    file.write_text(json.dumps({**before, "config": dict(stack.config)}), encoding="utf-8")
