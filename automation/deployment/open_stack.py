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
from settings.stand_ins import with_stand_ins


class ExampleError(Exception):
    """A file under examples/ is to be deployed in earnest."""


def settings_of(program: Path, stack: str, *, offline: bool) -> tuple[Settings, list[str]]:
    """The stack's settings, and for what only the tenant knows stand-ins were taken (offline only).

    Raises:
        SettingsError: they cannot be used; without `offline` also where the tenant's own values are missing.
        ExampleError: a file under examples/ is to be deployed in earnest.
    """
    config: Mapping[str, Any] = stack_file.read(program, stack)
    missing: list[str] = []
    if offline:
        config, missing = with_stand_ins(config)
    elif stack_file.is_example(program, stack):
        name = stack_file.path(program, stack).name
        raise ExampleError(f"{name} is an example. Next: cp examples/{name} . and fill in your tenant's values")
    return stack_file.load(program, stack, config[stack_file.SETTINGS_KEY]), missing


def deployer(
    program: Path,
    stack: str,
    settings: Settings,
    *,
    offline: bool,
    faults: Faults | None = None,
) -> Deployer:
    """Operations on the stack: with the Pulumi CLI, or offline.

    Raises:
        UnusableError: the CLI or the stack is missing.
    """
    # Nobody waits for the modelled Azure: its clock is moved instead.
    clock = ManualClock(time.time())
    opened = open_stack(program, stack, _offline(faults, clock) if offline else pulumi_cli())
    if not offline and os.environ.get(VARIABLE):
        refuse_stand_ins(opened)
        progress(f"{VARIABLE} is set: not Azure answers, but {os.environ[VARIABLE]}.")
    return Deployer(
        opened,
        settings.tenant.subscription_id,
        Runs(program / FOLDER / f"{'offline-' if offline else ''}{stack_file.plain_name(stack)}.json"),
        say=progress,
        sleep=clock.advance if offline else time.sleep,
    )


def _offline(faults: Faults | None, clock: ManualClock) -> auto.PulumiCommand:
    """Loaded only here: deploying in earnest takes requirements.txt and nothing of requirements-dev.txt."""
    from rehearsal.engine.cli import OfflineCommand

    return OfflineCommand(faults=faults, clock=clock)


def elsewhere(deployment: Mapping[str, Any], settings: Settings) -> list[str]:
    """Subscriptions that the stack has resources in, and the settings do not name.

    Every request would go to the settings' subscription: a refresh would find nothing there, and empty the state.
    """
    ids = (str(resource.get("id", "")).split("/") for resource in deployment.get("resources") or [])
    found = {parts[2] for parts in ids if parts[:2] == ["", "subscriptions"]}
    return sorted(found - {settings.tenant.subscription_id})


def fault(text: str) -> Fault:
    """`NAME:OPERATION:KIND`, e.g. `site-node:create:throttled`; a number may follow.

    Raises:
        ValueError: the text is none; it says what is expected.
    """
    parts = text.split(":")
    if len(parts) not in (3, 4) or not (parts[3:] or ["1"])[0].isdecimal():
        raise ValueError(f"{text!r} is no fault; expected NAME:OPERATION:KIND[:TIMES], e.g. site-node:create:throttled")
    return Fault(parts[0], parts[1], parts[2], int((parts[3:] or ["1"])[0]))
