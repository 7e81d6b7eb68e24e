"""The changes of a deployment in virtual time: what is there at which moment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

from graph.graph import Graph, Resource
from graph.grouping import places
from graph.plan import Change
from graph.schedule import schedule
from rules.key_origins import KeyOrigins
from rules.link_agreement import Moment
from rules.lookup import Bundle, View
from settings.model import Settings
from settings.stack_state import parse_state


@dataclass(frozen=True)
class Span:
    """When a change takes place, in seconds after the start."""

    start: int
    end: int


class Plan:
    """A deployment in virtual time."""

    def __init__(self, settings: Settings, before: Graph, wanted: Graph, changes: Sequence[Change]) -> None:
        """Plan it.

        Args:
            settings: the wanted ones.
            before: what the state holds.
            wanted: what the program makes of the settings and that state.
            changes: what is done.
        """
        self.settings = settings
        self.wanted, self.before = _look_up(wanted, wanted.subscription_id), _look_up(before, wanted.subscription_id)
        # What is replaced only if a value turns out to be another one is not, in the end.
        self.changes = {one.urn: one if one.is_certain else replace(one, kind="update") for one in changes}
        self._schedule = schedule(wanted, {urn for urn, one in self.changes.items() if one.kind != "delete"})
        self.seconds = self._schedule.seconds
        self.order = cache(self._order)

    @cached_property
    def links_before(self) -> list[str]:
        """Return the links that the state knows as deployed."""
        return parse_state({urn: one.outputs for urn, one in self.before.resources.items()}).links

    @cached_property
    def spans(self) -> Mapping[str, Span]:
        """Return when each change takes place; what is replaced is away meanwhile, from its first cause on."""
        return {urn: self._span(urn) for urn in self.changes}

    def _span(self, urn: str) -> Span:
        step = self._schedule.steps.get(urn)
        if step is None:  # deletes come last
            return Span(self.seconds, self.seconds)
        others = self.wanted.ancestors(urn) if self.is_away_first(urn) else set()
        starts = [self._schedule.steps[other].start for other in others if self.is_away_first(other)]
        return Span(min([step.start, *starts]), step.finish)

    def is_away_first(self, urn: str) -> bool:
        """Return whether it is deleted before its successor is made."""
        change, wanted = self.changes.get(urn), self.wanted.resources.get(urn)
        return bool(change and change.kind == "replace" and wanted and wanted.options.delete_before_replace)

    @cached_property
    def after(self) -> Moment:
        """Return what is there in the end."""
        return self.order("", *self.settings.clusters).at(self.seconds)

    def _order(self, last: str, *clusters: str) -> Order:
        """Return the changes of these clusters as they are estimated, or with one of them after all others."""
        here = {urn for urn, place in self._places.items() if place in clusters}
        own = {urn for urn in here & self.changes.keys() if self._places[urn] == last}
        late = {urn for urn in self.changes if urn in own or self._waits_for(urn, own)}
        if last:  # deletes come after those too
            late |= {urn for urn, one in self.changes.items() if one.kind == "delete"}
        shift = self.seconds + 1
        return Order(self, here, {urn: shift if urn in late else 0 for urn in here & self.changes.keys()})

    @cached_property
    def _places(self) -> Mapping[str, str]:
        return {**places(self.before), **places(self.wanted)}

    @cached_property
    def bundles_before(self) -> Mapping[tuple[str, str], Bundle]:
        """Return what the scripts before have applied."""
        return View(self.before, self.settings).bundles

    def _waits_for(self, urn: str, own: set[str]) -> bool:
        return urn in self.wanted.resources and not own.isdisjoint(self.wanted.ancestors(urn))

    @cached_property
    def keys(self) -> KeyOrigins:
        """Return what the keys of links are made from."""
        replaced = frozenset(urn for urn, one in self.changes.items() if one.kind == "replace")
        return KeyOrigins(self.before, self.wanted, replaced)


class Order:
    """One order in which the changes may come."""

    def __init__(self, plan: Plan, here: Collection[str], shifts: Mapping[str, int]) -> None:
        """Take the plan's spans of what is looked at, each so many seconds later."""
        self._plan, self._here = plan, here
        self._spans = {
            urn: Span(plan.spans[urn].start + shift, plan.spans[urn].end + shift) for urn, shift in shifts.items()
        }

    @cached_property
    def moments(self) -> Mapping[int, Moment]:
        """Return what is there at first, at the end of each change, and where something goes away."""
        times = {span.end for span in self._spans.values()}
        times |= {span.start for urn, span in self._spans.items() if self._plan.is_away_first(urn)}
        return {-1: self.first, **{seconds: self.at(seconds) for seconds in sorted(times)}}

    @cached_property
    def first(self) -> Moment:
        return self.at(-1)

    def at(self, seconds: int) -> Moment:
        """Return what is there then."""
        plan = self._plan
        there = {urn: found for urn in self._here if (found := self._find(urn, seconds))}
        return Moment(replace(plan.wanted, resources=there), plan.settings, plan.keys, plan.bundles_before)

    def _find(self, urn: str, seconds: int) -> Resource | None:
        before, wanted = self._plan.before.resources.get(urn), self._plan.wanted.resources.get(urn)
        span = self._spans.get(urn)
        if span is None:
            return wanted or before
        if seconds >= span.end:
            return wanted
        return None if self._plan.is_away_first(urn) and seconds >= span.start else before

    def turning(self, seconds: int) -> list[Span]:
        """Return the estimates of what happens then: each may count from its start on."""
        found = [
            urn
            for urn, one in self._spans.items()
            if seconds == one.end or (seconds == one.start and self._plan.is_away_first(urn))
        ]
        return [self._plan.spans[urn] for urn in found]


def _look_up(graph: Graph, subscription_id: str) -> Graph:
    """Return a graph that each moment may read without computing: plain inputs, and as ids the ARM paths."""
    own = replace(graph, subscription_id=subscription_id)
    return replace(
        own,
        resources={
            urn: replace(one, inputs=one.plain_inputs, id=own.arm_path(one) if one.is_arm else "")
            for urn, one in graph.resources.items()
        },
    )
