"""Old keys that still work beside new ones, and how to take them away without waiting for a site that never comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from automation.commands.result import CommandResult
from automation.commands.stack import Target, deployer_of
from automation.console import BAD, pluralize, say
from settings.high_water import AUTHORITIES, Generation, broker_key, link_key
from settings.model import Settings
from settings.stack_state import parse_deployment

_PKI = "pki.revoked_generation"


@dataclass(frozen=True)
class Waiting:
    """Old generations of one owner that are still live."""

    owner: str
    where: str
    """Path of its own `revoked_generation` in the settings."""
    live: tuple[Generation, ...]

    @property
    def generations(self) -> list[int]:
        """Return what is live as the settings count it, the wanted one last; of what follows its authorities, those."""
        return [one.authority if self._follows_authorities else one.own for one in self.live]

    @property
    def setting(self) -> str:
        """Return what takes the old ones away."""
        return _PKI if self._follows_authorities else self.where

    @property
    def _follows_authorities(self) -> bool:
        return self.where == _PKI or any(one.own >= self.live[-1].own for one in self.live[:-1])


def list_waiting(target: Target) -> CommandResult:
    """Say which old keys wait for whom, and which line takes each away at once; nothing is changed.

    Raises:
        UnusableError: the state cannot be read.
    """
    state = parse_deployment(deployer_of(target).deployment())
    places = dict(_list_places(target.loaded.settings))
    found = [Waiting(owner, places[owner], mark.live) for owner, mark in state.rotating.items() if owner in places]

    def show() -> None:
        say(f"Stack {target.stack}: {pluralize(len(found), 'key')} with an old generation beside the new one.")
        for one in found:
            *old, wanted = one.live
            many = ", ".join(map(str, old))
            say(f"\n  {one.owner}: generation {many} until every site that uses it is seen to use {wanted}")
            section, _, key = one.setting.rpartition(".")
            say(f"    at once, for good, in {section}:  {key}: {max(one.generations[:-1])}")
            say("    A site that has not followed stands still until it has.")
        for owner, number in state.overdue:
            say(f"\n  {owner}: generation {number} still works: the up that was to take it away has failed", BAD)

    up = target.command("up")
    step = f"{up} asks again whether sites have followed; or set the lines above, then {target.command('preview')}"
    overdue = [{"owner": owner, "number": number} for owner, number in state.overdue]
    own = {"waiting": [_as_document(one) for one in found], "overdue": overdue, "engine": target.engine.name}
    return CommandResult(show=show, next=step if found else up if state.overdue else "", own=own)


def _list_places(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield each owner with the path of what takes its old keys away."""
    yield AUTHORITIES, _PKI
    for name in settings.clusters:
        yield broker_key(name), f"clusters.{name}.listener.revoked_generation"
    for index, name in enumerate(settings.links):
        yield link_key(name), f"links[{index}].revoked_generation"


def _as_document(one: Waiting) -> dict[str, Any]:
    *old, wanted = one.generations
    numbers = [each.number for each in one.live]
    return {
        "owner": one.owner,
        "numbers": numbers,
        "old": old,
        "wanted": wanted,
        "setting": one.setting,
        "value": max(old),
    }
