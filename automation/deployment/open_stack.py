"""What the commands that touch a stack do: open it with the right engine, run, and put errors into words."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi import automation as auto

from automation.console import progress
from automation.deployment.deployer import Deployer
from automation.deployment.run_journal import FOLDER, Runs
from automation.deployment.workspace import VARIABLE, open_stack, pulumi_cli, refuse_stand_ins
from rehearsal.azure.clock import ManualClock
from rehearsal.azure.faults import Fault, Faults
from settings import Settings, stack_file
from settings.loaded_stack import LoadedStack, load_stack


class ExampleError(Exception):
    """A file under examples/ is to be deployed in earnest."""


def load(program: Path, stack: str, *, offline: bool) -> LoadedStack:
    """Load the stack, with stand-ins for what only the tenant knows (offline only).

    Raises:
        SettingsError: they cannot be used; without `offline` also where the tenant's own values are missing.
        ExampleError: a file under examples/ is to be deployed in earnest.
    """
    if not offline and stack_file.is_example(program, stack):
        stack_file.read(program, stack)  # mistakes in it come first
        name = stack_file.path(program, stack).name
        raise ExampleError(f"{name} is an example. Next: cp examples/{name} . and fill in your tenant's values")
    return load_stack(program, stack, stand_ins=offline)


def deployer(stack: LoadedStack, *, offline: bool, faults: Faults | None = None, replays: bool = False) -> Deployer:
    """Return operations on the stack: with the Pulumi CLI, or offline.

    Args:
        replays: offline, a preview after an `up` takes what that has registered instead of running the program again.

    Raises:
        UnusableError: the CLI or the stack is missing.
    """
    # Nobody waits for the modelled Azure: its clock is moved instead.
    clock = ManualClock(time.time())
    command = _offline(stack, faults, clock, replays=replays) if offline else pulumi_cli()
    opened = open_stack(stack.folder, stack.stack, command)
    if not offline and os.environ.get(VARIABLE):
        refuse_stand_ins(opened)
        progress(f"{VARIABLE} is set: not Azure answers, but {os.environ[VARIABLE]}.")
    return Deployer(
        opened,
        stack.settings.tenant.subscription_id,
        Runs(stack.folder / FOLDER / f"{'offline-' if offline else ''}{stack.name}.json"),
        say=progress,
        sleep=clock.advance if offline else time.sleep,
    )


def _offline(stack: LoadedStack, faults: Faults | None, clock: ManualClock, *, replays: bool) -> auto.PulumiCommand:
    """Loaded only here: deploying in earnest takes requirements.txt and nothing of requirements-dev.txt."""
    from rehearsal.engine.cli import OfflineCommand

    return OfflineCommand(faults=faults, clock=clock, loaded=stack, replays=replays)


def find_other_subscriptions(deployment: Mapping[str, Any], settings: Settings) -> list[str]:
    """Subscriptions that the stack has resources in, and the settings do not name.

    Every request would go to the settings' subscription: a refresh would find nothing there, and empty the state.
    """
    ids = (str(resource.get("id", "")).split("/") for resource in deployment.get("resources") or [])
    found = {parts[2] for parts in ids if parts[:2] == ["", "subscriptions"]}
    return sorted(found - {settings.tenant.subscription_id})


def parse_fault(text: str) -> Fault:
    """`NAME:OPERATION:KIND`, e.g. `site-node:create:throttled`; a number may follow.

    Raises:
        ValueError: the text is none; it says what is expected.
    """
    parts = text.split(":")
    if len(parts) not in (3, 4) or not (parts[3:] or ["1"])[0].isdecimal():
        raise ValueError(f"{text!r} is no fault; expected NAME:OPERATION:KIND[:TIMES], e.g. site-node:create:throttled")
    return Fault(parts[0], parts[1], parts[2], int((parts[3:] or ["1"])[0]))
