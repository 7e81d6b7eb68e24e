"""At each stage of each kind of rotation every private key is read by who needs it, and by nobody else.

The program is recorded once for each stage, and reads as its own state what the recording before has left.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from arm.values import reveal
from components import generations
from graph.evaluate_stack import evaluate_config
from graph.graph import Graph
from settings import load, stack_file
from settings.stand_ins import with_stand_ins
from tests.attacks.key_readers import Keys, Readers, find_keys
from tests.conftest import PROGRAM

Settings = dict[str, Any]
STACKS = ("dev", "prod", "three-sites")


@dataclass(frozen=True)
class Rotation:
    """A change of the settings, and what it lets live."""

    change: Callable[[Settings], object]
    first_link: tuple[set[int], ...]
    """Generations of the first link's leaf, by stage: before, as it begins, and after each proof."""
    links: tuple[set[int], ...]
    """Of every other link's."""
    broker: tuple[set[int], ...]
    """Of the broker's."""


def _renew(where: str, *, revoked: bool) -> Callable[[Settings], object]:
    generation = {"generation": 2, **({"revoked_generation": 1} if revoked else {})}

    def change(settings: Settings) -> None:
        if where == "link":
            settings["links"][0].update(generation)
        elif where == "listener":
            settings["clusters"]["enterprise"].setdefault("listener", {}).update(generation)
        else:
            settings.setdefault("pki", {}).update(generation)

    return change


_STAYS: tuple[set[int], ...] = ({1}, {1}, {1}, {1}, {1})
_PLANNED: tuple[set[int], ...] = ({1}, {1, 2}, {1, 2}, {2}, {2})
"""Before, as it begins, once more without a proof, with it, and at the end."""
_WAITS: tuple[set[int], ...] = ({1}, {1, 2}, {1, 2}, {1, 2}, {1, 2})
_AT_ONCE: tuple[set[int], ...] = ({1}, {2}, {2}, {2}, {2})
ROTATIONS = {
    "link": Rotation(_renew("link", revoked=False), _PLANNED, _STAYS, _STAYS),
    "link revoked": Rotation(_renew("link", revoked=True), _AT_ONCE, _STAYS, _STAYS),
    "listener": Rotation(_renew("listener", revoked=False), _STAYS, _STAYS, _PLANNED),
    "listener revoked": Rotation(_renew("listener", revoked=True), _STAYS, _STAYS, _AT_ONCE),
    "authorities": Rotation(_renew("pki", revoked=False), _PLANNED, _PLANNED, _PLANNED),
    "authorities revoked": Rotation(_renew("pki", revoked=True), _AT_ONCE, _AT_ONCE, _AT_ONCE),
}


def stages(
    stack: str, change: Callable[[Settings], object], monkeypatch: pytest.MonkeyPatch, follows: Sequence[str] = ("",)
) -> Iterator[Graph]:
    """Record: before; as the change begins; again while no site has followed; once these have; and once more."""
    graph = first(stack)
    yield graph
    settings = read_settings(stack)
    change(settings)
    for has_followed in (False, False, True, True):
        who = follows if has_followed else ()
        left = {urn: {"outputs": outputs} for urn, outputs in leave(graph, who).items()}
        monkeypatch.setattr(generations, "_read_own_state", lambda left=left: left)
        graph = record(stack, settings)
        yield graph


def leave(graph: Graph, follows: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The outputs of a deployment; scripts that wait for a site have failed, but those whose names begin with one."""
    left = {}
    for urn, one in graph.resources.items():
        left[urn] = reveal(one.outputs)
        if "-settle-" in one.name:
            has_followed = any(one.name.startswith(site) for site in follows)
            left[urn] = {**left[urn], "provisioningState": "Succeeded" if has_followed else "Failed"}
    return left


@cache
def first(stack: str) -> Graph:
    return record(stack, read_settings(stack))


def read_settings(stack: str) -> Settings:
    config: Any = stack_file.read(PROGRAM, stack)
    settings: Settings = copy.deepcopy(config[stack_file.SETTINGS_KEY])
    return settings


def record(stack: str, settings: Settings) -> Graph:
    config, _ = with_stand_ins({stack_file.SETTINGS_KEY: copy.deepcopy(settings)})
    return evaluate_config(PROGRAM, stack, config, load(config[stack_file.SETTINGS_KEY]), preview=False)


def needed(stack: str, rotation: Rotation, stage: int) -> dict[str, Readers]:
    """Who needs which leaf's key, from what the stack file says: a link's where it starts, a broker's where it is."""
    settings = read_settings(stack)
    clusters = settings.get("clusters") or {"site": {}, "enterprise": {}}
    codes = {name: (rest or {}).get("code") or "ab"[index] for index, (name, rest) in enumerate(clusters.items())}
    links = settings.get("links") or [{"from": "site", "to": "enterprise"}]
    wanted = dict[str, Readers]()
    for index, link in enumerate(links):
        for number in rotation.links[stage] if index else rotation.first_link[stage]:
            wanted[f"{link['from']}-to-{link['to']}-g{number}"] = _alone(settings, codes[link["from"]])
    for number in rotation.broker[stage]:
        wanted[f"enterprise-broker-g{number}"] = _alone(settings, codes["enterprise"])
    return wanted


def _alone(settings: Settings, code: str) -> Readers:
    owner, environment = f"{settings['prefix']}{code}", f"{settings['environment']}-001"
    group = f"rg-{owner}-{environment}"
    return Readers((group,), frozenset({f"id-{owner}-sse-{environment}"}), (group,))


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("kind", ROTATIONS)
def test_a_key_is_read_by_who_needs_it_at_every_stage(stack: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rotation = ROTATIONS[kind]
    for stage, graph in enumerate(stages(stack, rotation.change, monkeypatch)):
        check(graph, stack, rotation, stage)


def test_while_one_site_is_away_its_own_old_key_and_that_of_the_broker_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    away = replace(ROTATIONS["authorities"], first_link=_WAITS, broker=_WAITS)
    for stage, graph in enumerate(stages("three-sites", away.change, monkeypatch, follows=("lyon", "porto"))):
        check(graph, "three-sites", away, stage)


def check(graph: Graph, stack: str, rotation: Rotation, stage: int) -> None:
    keys = find_keys(graph)
    assert keys.elsewhere == (), stage
    assert _of_leaves(keys) == needed(stack, rotation, stage), stage
    assert {name: keys.readers[name] for name in keys.authorities} == dict.fromkeys(keys.authorities, Readers()), stage
    assert len(keys.authorities) >= 4, stage


def _of_leaves(keys: Keys) -> dict[str, Readers]:
    return {name: readers for name, readers in keys.readers.items() if name not in keys.authorities}
