"""Deployments one after another, as far as generations are concerned: what each takes, and what it leaves."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from settings import Settings, loading
from settings.high_water import Mark, raise_marks, read_marks
from settings.naming import client_ca_config_map
from settings.rotation import Deployed, Live, find_live, name_rotation, name_settling
from settings.stack_state import State
from settings.stagger import stagger


@dataclass
class Stack:
    """What is deployed; its sites answer at once, but for those that are away."""

    marks: Mapping[str, Mark] = field(default_factory=dict)
    deployed: Deployed = field(default_factory=Deployed)
    most: Counter[str] = field(default_factory=Counter)
    """Cluster -> the most rotations whose scripts its node has had at once."""

    @property
    def state(self) -> State:
        return State(self.marks, self.deployed)

    def take(self, given: Mapping[str, Any]) -> Settings:
        """Return what a deployment of these settings takes."""
        return stagger(loading.load(given), self.marks, self.deployed)

    def up(self, given: Mapping[str, Any], *, away: Collection[str] = (), is_killed: bool = False) -> Live:
        """Deploy; a run that is killed has begun with all and ended nothing: what goes is still there."""
        settings = self.take(given)
        live = find_live(settings, self.marks, self.deployed)
        rotating = [link for link in settings.links.values() if live.rotates(link)]
        there, gone = defaultdict[str, set[str]](set), self.deployed.rotations
        for link in rotating:
            there[link.client].add(name_rotation(link, settings.listener_of(link)))
        for cluster in settings.clusters:
            at_once = there[cluster] | gone.get(cluster, frozenset())
            self.most[cluster] = max(self.most[cluster], len(at_once))
            there[cluster] = at_once if is_killed else there[cluster]
        self.marks = read_marks(json.loads(json.dumps(raise_marks(settings, self.marks, live.by_owner, live.leaving))))
        settled = {
            name_settling(link, settings.listener_of(link))
            for link in rotating
            if link.client not in away and not is_killed
        }
        trusted = {name: client_ca_config_map(live.trusted_authority(name)) for name in live.brokers}
        self.deployed = Deployed(
            frozenset(settled),
            self.deployed.trusted if is_killed else trusted,
            {cluster: frozenset(names) for cluster, names in there.items()},
        )
        return live

    def up_until_settled(self, given: Mapping[str, Any], **options: Any) -> int:
        """Deploy as often as `python -m automation up` does; return how often."""
        for times in range(1, 100):
            before = self.state
            self.up(given, **options)
            if not self.state.goes_on(before):
                return times
        raise AssertionError("it does not end")

    @property
    def live(self) -> dict[str, list[int]]:
        """Return what is live, by owner."""
        return {owner: [one.number for one in mark.live] for owner, mark in self.marks.items() if mark.in_use}
