"""What the commands that touch a stack do: open it with the right engine, run, and put errors into words."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulumi import automation as auto

from automation.console import progress
from automation.deployment.deployer import Deployer
from automation.deployment.engine import ChosenEngine
from automation.deployment.run_journal import FOLDER, RunJournal
from automation.deployment.signing import make_stand_in
from automation.deployment.workspace import VARIABLE, refuse_stand_ins, select_stack
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


def open_deployer(
    stack: LoadedStack,
    engine: ChosenEngine,
    *,
    offline: bool,
    faults: Faults | None = None,
    replays: bool = False,
) -> Deployer:
    """Return operations on the stack: in Azure with the Pulumi CLI, or in its model.

    Args:
        replays: a preview after an `up` by the offline engine takes what that has registered instead of running the
            program again.

    Raises:
        UnusableError: the stack is missing.
    """
    if not offline:
        assert engine.cli is not None
        return _make_deployer(stack, _open_in_azure(stack, engine.cli), "", time.sleep)
    if not stack.settings.pki.has_external_ca:
        return _open_offline(stack, engine, faults=faults, replays=replays)
    from automation.deployment.locate_rehearsal import locate_stand_in, take_signed

    stack = take_signed(stack, engine)
    deployer = _open_offline(stack, engine, faults=faults, replays=replays)
    deployer.sign = make_stand_in(stack, locate_stand_in(stack, engine))
    return deployer


def _open_offline(stack: LoadedStack, engine: ChosenEngine, *, faults: Faults | None, replays: bool) -> Deployer:
    # Nobody waits for the modelled Azure: its clock is moved instead.
    clock = ManualClock(time.time())
    if engine.cli:
        # Loaded only here, and below: deploying in earnest takes nothing of requirements-dev.txt.
        from automation.deployment.modelled_cli import open_modelled_stack

        opened = open_modelled_stack(stack, engine.cli, faults=faults, clock=clock)
        return _make_deployer(stack, opened, "offline-pulumi-", clock.advance)

    from rehearsal.engine import OfflineCommand

    command = OfflineCommand(faults=faults, clock=clock, loaded=stack, replays=replays)
    opened = select_stack(stack.folder, stack.stack, command)
    return _make_deployer(stack, opened, "offline-", clock.advance)


def _open_in_azure(stack: LoadedStack, cli: auto.PulumiCommand) -> auto.Stack:
    opened = select_stack(stack.folder, stack.stack, cli)
    if os.environ.get(VARIABLE):
        refuse_stand_ins(opened)
        progress(f"{VARIABLE} is set: not Azure answers, but {os.environ[VARIABLE]}.")
    return opened


def _make_deployer(stack: LoadedStack, opened: auto.Stack, prefix: str, sleep: Callable[[float], None]) -> Deployer:
    runs = RunJournal(stack.folder / FOLDER / f"{prefix}{stack.name}.json")
    return Deployer(opened, stack.settings.tenant.subscription_id, runs, say=progress, sleep=sleep)


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
