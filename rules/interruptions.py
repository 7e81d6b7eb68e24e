"""When messages stand still while a deployment runs: from its changes and the estimates of each, and no clock.

Each change counts from its end. After each the graph is looked at as it is then: while a site and its broker do not
agree, or something between them is away, their link stands still. Estimates err, so that what does not wait for one of
both clusters is also looked at with that cluster last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from arm.shapes import shape_of
from graph.urns import name_of
from rules.link_agreement import Moment
from rules.link_carriers import find_carriers
from rules.lookup import LinkParts
from rules.plan import Order, Plan, Span


@dataclass(frozen=True)
class Interruption:
    """A span in which messages of a link stand still; seconds after the start, estimated."""

    link: str
    start: int
    end: int | None
    """None: for good."""
    why: str


def find_interruptions(plan: Plan) -> dict[str, list[Interruption]]:
    """Return link -> where the changes interrupt it, in order; of every link that there was."""
    own = {parts.link.name: parts for parts in plan.after.links}
    return {
        name: merge(_interrupt(plan, own[name]))
        if name in own
        else [Interruption(name, plan.seconds, None, "the link is taken away")]
        for name in plan.links_before
    }


def merge(found: Iterable[Interruption]) -> list[Interruption]:
    """Return them in order, those that overlap as one with both reasons."""
    merged: list[Interruption] = []
    for one in sorted(found, key=lambda one: one.start):
        last = merged[-1] if merged else None
        if last and (last.end is None or one.start <= last.end):
            end = None if last.end is None or one.end is None else max(last.end, one.end)
            why = last.why if one.why in last.why.split("; ") else f"{last.why}; {one.why}"
            merged[-1] = Interruption(one.link, last.start, end, why)
        else:
            merged.append(one)
    return merged


def _interrupt(plan: Plan, parts: LinkParts) -> Iterator[Interruption]:
    carriers = find_carriers(plan.after, parts)
    ends = (parts.link.client, parts.link.broker)
    for last in ("", *ends):
        yield from _find_gaps(plan, plan.order(last, *ends), parts.link.name, carriers)
    yield from _find_restarts(plan, parts.link.name, carriers)
    yield from _find_ends(plan, parts)


def _find_gaps(plan: Plan, order: Order, link: str, carriers: set[str]) -> Iterator[Interruption]:
    """Yield where the link stands still in this order, with the estimates of what begins and what ends that."""
    begun, why = list[Span](), ""
    for seconds, moment in order.moments.items():
        found = _find_obstacle(plan, moment, link, carriers)
        if found and not why:
            begun, why = order.turning(seconds) or [Span(0, 0)], found
        elif why and not found:
            spans = [*begun, *order.turning(seconds)]
            yield Interruption(link, min(one.start for one in spans), max(one.end for one in spans), why)
            why = ""
    if why:
        yield Interruption(link, min(one.start for one in begun), None, why)


def _find_obstacle(plan: Plan, moment: Moment, link: str, carriers: set[str]) -> str:
    away = sorted(urn for urn in carriers & plan.before.resources.keys() if urn not in moment.graph.resources)
    if away:
        return f"{name_of(away[0])} is replaced"
    parts = moment.find_parts(link)
    # What a link is to carry only now has nothing that could be interrupted.
    had = [one for one in parts.dataflows if one.urn in plan.before.resources]
    return moment.find_disagreement(replace(parts, dataflows=had))


def _find_restarts(plan: Plan, link: str, carriers: set[str]) -> Iterator[Interruption]:
    for urn in sorted(carriers & plan.changes.keys()):
        change, causes = plan.changes[urn], shape_of(plan.wanted.resources[urn].type).type.restarted_by
        if change.kind == "update" and any(one.path in causes for one in change.differences):
            span = plan.spans[urn]
            yield Interruption(link, span.start, span.end, f"{name_of(urn)} restarts")


def _find_ends(plan: Plan, parts: LinkParts) -> Iterator[Interruption]:
    """Yield the topics that a link carries no more."""
    first = plan.order("", parts.link.client, parts.link.broker).first
    for dataflow in first.find_parts(parts.link.name).dataflows:
        if dataflow.urn in plan.changes and plan.changes[dataflow.urn].kind == "delete":
            yield Interruption(parts.link.name, plan.seconds, None, f"{dataflow.name} is taken away")
