"""The modelled Azure of a rehearsed stack: put together with the model of its clusters, and kept in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from arm.hosting import BY_SCRIPT_TYPE
from rehearsal.azure.entries import Entry
from rehearsal.azure.world import Surroundings, World
from rehearsal.node.runner import ScriptRunner
from settings.model import Settings
from settings.outside import NOTHING_OUTSIDE, Outside


def open_azure(file: Path, surroundings: Surroundings, **options: Any) -> World:
    """Return the Azure that the file holds, an empty one without a file; every write is kept there at once.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: the file holds something else.
    """
    azure = World(surroundings, path=file, run_script=ScriptRunner(), **options)
    if file.exists():
        azure.load(file)
        if lost := [entry.id for entry in azure.entries() if entry.row in BY_SCRIPT_TYPE and not _has_run(entry)]:
            raise ValueError(f"it was kept by a rehearsal that ran no scripts: how {lost[0]} ended is not in it")
    return azure


def copy_azure(file: Path, surroundings: Surroundings) -> World:
    """Return what the file holds, in an Azure of its own: what happens there is kept nowhere.

    Raises:
        as `open_azure`; OSError: there is no such file.
    """
    azure = World(surroundings, run_script=ScriptRunner())
    azure.load(file)
    return azure


def _has_run(command: Entry) -> bool:
    return command.state != "Succeeded" or "run" in command.facts


def surroundings_of(settings: Settings) -> Surroundings:
    """Return those of a stack that an engine deploys."""
    tenant = settings.tenant
    around = make_surroundings(tenant.subscription_id, tenant.tenant_id, settings.machines, settings.outside)
    return replace(
        around,
        custom_locations_object_id=tenant.custom_locations_object_id,
        bare_machines=settings.bare_machines,
    )


def make_surroundings(
    subscription_id: str,
    tenant_id: str,
    machines: Mapping[str, str] | None = None,
    outside: Outside = NOTHING_OUTSIDE,
) -> Surroundings:
    """Return those of a deployment by an engine: roles act at once, as it would wait for them in real time.

    Args:
        subscription_id: what is deployed into.
        tenant_id: of that.
        machines: id of each machine that is there before the stack -> its address (`Settings.machines`).
        outside: what else is so around it (`Settings.outside`).
    """
    return Surroundings(
        subscription_id,
        tenant_id,
        machines or {},
        routes=outside.routes,
        proxies=outside.proxies,
        images=outside.images,
        role_spread_seconds=0,
        principal_spread_seconds=0,
    )
