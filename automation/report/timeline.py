"""The estimated deployment in virtual time: what decides when each cluster is ready, and what runs beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from automation.console import minutes
from graph.graph import Graph
from graph.grouping import SHARED, concern_of, places
from graph.schedule import Schedule, Step

_TICKS = (60, 120, 300, 600, 900, 1800, 3600)
_MOST_TICKS = 8
_PHONE, _DESKTOP = 300, 680
"""Pixels that a lane has at least, there."""
_CHARACTER, _INSET = 6.2, 8


@dataclass(frozen=True)
class Bar:
    """A stretch of time in which one concern is at work."""

    concern: str
    start: int
    finish: int
    total: int
    """Of the whole deployment, seconds."""

    @property
    def style(self) -> str:
        """Return the class of its colour."""
        return concern_class(self.concern)

    @property
    def left(self) -> str:
        return _to_percent(self.start, self.total)

    @property
    def width(self) -> str:
        return _to_percent(self.finish - self.start, self.total)

    @property
    def label(self) -> str:
        """Return the class that says where the bar has room for its label; empty: nowhere."""
        share = (self.finish - self.start) / self.total
        needed = len(self.concern) * _CHARACTER + _INSET
        return "always" if share * _PHONE >= needed else "desktop" if share * _DESKTOP >= needed else ""

    @property
    def text(self) -> str:
        return f"{self.concern}, {minutes(self.start)} to {minutes(self.finish)}"


@dataclass(frozen=True)
class Row:
    """One concern of a cluster."""

    concern: str
    bars: Sequence[Bar]
    resources: int

    @property
    def start(self) -> int:
        return self.bars[0].start

    @property
    def finish(self) -> int:
        return self.bars[-1].finish


@dataclass(frozen=True)
class Lane:
    """One cluster."""

    cluster: str
    chain: Sequence[Bar]
    """What decides when it is ready, without gaps but for what is waited for elsewhere."""
    rows: Sequence[Row]
    finish: int
    critical: bool

    @property
    def text(self) -> str:
        return f"{self.cluster}: {'; '.join(bar.text for bar in self.chain)}"


@dataclass(frozen=True)
class Timeline:
    """The section; times in seconds from the start."""

    seconds: int
    lanes: Sequence[Lane]
    ticks: Sequence[tuple[str, str]]
    """(label, place in percent)."""
    concerns: Sequence[str]
    critical: Sequence[tuple[Step, str]]
    """The critical path: (step, its concern)."""


def build_timeline(graph: Graph, schedule: Schedule, clusters: Sequence[str]) -> Timeline:
    """Return the section. Clusters in which nothing takes time have no lane."""
    total = schedule.seconds
    by_place: dict[str, list[Step]] = {}
    place = places(graph)
    for urn in sorted(schedule.steps):
        step = schedule.steps[urn]
        if step.finish > step.start:
            by_place.setdefault(place[urn], []).append(step)
    critical = [(step, concern_of(graph.resources[step.urn])) for step in schedule.critical_path]
    on_path = {place[step.urn] for step, _ in critical}
    lanes = [
        _build_lane(graph, schedule, name, by_place[name], critical=name in on_path)
        for name in (*clusters, SHARED)
        if name in by_place
    ]
    return Timeline(
        total,
        lanes,
        _choose_ticks(total),
        list(dict.fromkeys(row.concern for lane in lanes for row in lane.rows)),
        critical,
    )


def _build_lane(graph: Graph, schedule: Schedule, name: str, steps: Sequence[Step], *, critical: bool) -> Lane:
    concerns: dict[str, list[Step]] = {}
    for step in sorted(steps, key=lambda step: (step.start, step.finish, step.urn)):
        concerns.setdefault(concern_of(graph.resources[step.urn]), []).append(step)
    rows = [Row(one, _merge_spans(one, found, schedule.seconds), len(found)) for one, found in concerns.items()]
    last = max(steps, key=lambda step: (step.finish, step.urn))
    return Lane(name, _follow_chain(graph, schedule, last), rows, last.finish, critical)


def _follow_chain(graph: Graph, schedule: Schedule, last: Step) -> list[Bar]:
    """Return the steps that the last one waited for longest, joined if the concern stays the same."""
    chain: list[Step] = []
    step: Step | None = last
    while step is not None:
        chain.append(step)
        step = schedule.steps.get(step.after)
    taken = [(concern_of(graph.resources[one.urn]), one) for one in reversed(chain) if one.finish > one.start]
    bars = []
    for concern, group in groupby(taken, lambda item: item[0]):
        joined = [one for _, one in group]
        bars.append(Bar(concern, joined[0].start, joined[-1].finish, schedule.seconds))
    return bars


def _merge_spans(concern: str, steps: Sequence[Step], total: int) -> list[Bar]:
    """Return when at least one of the steps, which are in order of their start, is at work."""
    spans: list[tuple[int, int]] = []
    for step in steps:
        if spans and step.start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], step.finish))
        else:
            spans.append((step.start, step.finish))
    return [Bar(concern, start, finish, total) for start, finish in spans]


def _choose_ticks(total: int) -> list[tuple[str, str]]:
    every = next((tick for tick in _TICKS if total / tick <= _MOST_TICKS), _TICKS[-1])
    return [(f"{at // 60}", _to_percent(at, total)) for at in range(0, total + 1, every)] if total else []


def _to_percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}%"


def concern_class(concern: str) -> str:
    """Return the class of a concern's colour, the same in every page; unknown types share the last one."""
    return f"concern-{_CONCERNS.index(concern) + 1 if concern in _CONCERNS else len(_CONCERNS)}"


_CONCERNS = (
    "resource groups", "network", "identities and roles", "key vaults", "registries", "nodes", "Arc and extensions",
    "IoT Operations", "secret sync", "PKI",
)  # fmt: skip
"""In the order of the palette."""
