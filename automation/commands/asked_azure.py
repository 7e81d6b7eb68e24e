"""Opens the Azure that a command asks: the real one, or the served copy of a rehearsed stack's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from automation.commands.result import CommandResult, refuse
from automation.commands.stack import Target
from automation.verify.here import run_here
from automation.verify.resource_manager import Limits, ResourceManager, log_in, log_in_to_served

if TYPE_CHECKING:
    from rehearsal.azure.world import World

_LIMITS = Limits()


def refuse_unknown(
    target: Target, option: str, given: Sequence[str], known: Mapping[str, object], command: str = "verify"
) -> CommandResult | None:
    """Refuse an option's names that the stack does not know."""
    unknown = [name for name in given if name not in known]
    if not unknown:
        return None
    text = f"there is no '{unknown[0]}' in stack {target.stack}; expected one of {', '.join(known) or 'none'}"
    return refuse("usage", option, text, f"{target.command(command)} {option} {next(iter(known), '<name>')}")


def copy_model(target: Target) -> World | None:
    """Return a copy of the modelled Azure that the stack is deployed into; None where nothing is."""
    # Loaded only here, and below: in earnest nothing is taken of requirements-dev.txt.
    from automation.deployment.serving import copy_rehearsed

    return copy_rehearsed(target.loaded, target.engine)


@contextmanager
def open_azure(target: Target, world: World | None, limits: Limits = _LIMITS) -> Iterator[ResourceManager]:
    """Give Azure, or this model of it, served; the same client asks both."""
    settings = target.loaded.settings
    subscription = settings.tenant.subscription_id
    there = {one.existing.resource_id: one.existing for one in settings.clusters.values() if one.existing}
    if world is None:
        yield ResourceManager(log_in(), subscription, limits, run_here=run_here(there, subscription))
        return
    from automation.deployment.serving import run_in_world, serve_world

    with serve_world(world, target.loaded) as (served, folder):
        login = log_in_to_served(served.address, folder)
        yield ResourceManager(login, subscription, limits, run_here=run_in_world(world, there, subscription))
